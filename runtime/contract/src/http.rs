//! WASI's HTTP for a run: every request goes to the grant that lends the power, and nowhere without one.

use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

use crate::Run;

/// What a component without a grant meets, should one get past the check of its imports, and one that only describes itself.
pub(crate) struct Ungranted;

type Answering = Box<
    dyn Future<Output = Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>>
        + Send,
>;

impl WasiHttpHooks for Ungranted {
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _read: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Answering {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

impl WasiHttpView for Run {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let dry_run = self.info.dry_run;
        let granted = self.grants.iter_mut().find_map(|grant| grant.http(dry_run));
        let hooks = granted.unwrap_or(&mut self.ungranted);
        WasiHttpCtxView { hooks, table: &mut self.table, ctx: &mut self.http }
    }
}
