//! A run's door to HTTP: WASI 0.3 and 0.2 both end here. It checks, and hands over to a task of the host, which ends when
//! nobody waits for it any more.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use http::{Request, Response};
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks,
};
use watchkeeper_contract::{RunGrant, Settlement};
use watchkeeper_model::{JobName, Outcome};

use crate::{HttpMetrics, check::check, exchange::exchange, fault::Fault, grant::Granted, telemetry};

/// Requests of one run that are in service or wait for their service; more wait here.
const REQUESTS: usize = 64;

/// Powers used, and how often.
pub(crate) type Used = Arc<Mutex<BTreeMap<String, u64>>>;

/// One run's grant.
pub(crate) struct HttpRun {
    job: JobName,
    granted: Arc<Granted>,
    metrics: HttpMetrics,
    dry_run: bool,
    used: Used,
    requests: Arc<Semaphore>,
}

impl HttpRun {
    pub(crate) fn new(job: JobName, granted: Arc<Granted>, metrics: HttpMetrics) -> Self {
        let requests = Arc::new(Semaphore::new(REQUESTS));
        Self { job, granted, metrics, dry_run: false, used: Used::default(), requests }
    }
}

#[async_trait]
impl RunGrant for HttpRun {
    /// What was sent is sent; what wasn't answered was dropped with the run.
    async fn settle(self: Box<Self>, _outcome: Outcome, _settlement: &mut Settlement) {}

    fn http(&mut self, dry_run: bool) -> Option<&mut dyn WasiHttpHooks> {
        self.dry_run = dry_run;
        Some(self)
    }

    fn used(&self) -> BTreeMap<String, u64> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

type Pending = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for HttpRun {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name| DEFAULT_FORBIDDEN_HEADERS.contains(name))
    }

    /// The host writes it from the service's origin.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _timeouts: Option<RequestOptions>,
        _read: Pending,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Pending), Error>> + Send> {
        let (parts, body) = request.into_parts();
        let approved = match check(&self.job, &self.granted, &parts, self.dry_run) {
            Ok(approved) => approved,
            Err((service, fault)) => {
                let service = service.as_deref().unwrap_or_default();
                telemetry::denied(&self.metrics, self.job.as_str(), service, &fault.to_string());
                return Box::new(async move { Err(fault.into()) });
            }
        };
        let (used, requests) = (Arc::clone(&self.used), Arc::clone(&self.requests));
        Box::new(async move {
            let turn = requests.acquire_owned().await.map_err(|_closed| Error::from(Fault::Broken))?;
            let runtime = approved.service.runtime.clone();
            let task = AbortOnDropHandle::new(runtime.spawn(exchange(approved, body, used, turn)));
            let response = task.await.unwrap_or(Err(Fault::Broken))?;
            Ok((response, Box::new(async { Ok(()) }) as Pending))
        })
    }
}
