//! The choke point, asked as WASI asks it, with names that the tests own.

mod names;
mod tls;

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tokio::runtime::Handle;
use wasmtime_wasi_http::{Error, WasiBody, WasiHttpHooks};
use watchkeeper_config::{Secret, Settings};
use watchkeeper_model::JobName;

use crate::{
    HttpMetrics, OpenError, Services,
    grant::{self, Granted},
    hooks::HttpRun,
    resolve::Resolve,
    service::Service,
};

/// Answers with one list after the other, the last for good.
pub(crate) struct Names {
    answers: Vec<Vec<SocketAddr>>,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl Resolve for Names {
    async fn addresses(&self, _host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        let place = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        Ok(self.answers[place].clone())
    }
}

/// The one service `node` of a configuration.
fn service(table: &str) -> Result<Arc<Service>, OpenError> {
    let text = format!("[http.node]\n{table}\n");
    let environment = |_: &str| None;
    let settings = Settings::parse("watchkeeper.toml".as_ref(), &text, &environment).unwrap();
    let metrics = HttpMetrics::register(&prometheus::Registry::new()).unwrap();
    let services = Services::open(&settings.http, &metrics, &Handle::current())?;
    Ok(Arc::clone(&services.services["node"]))
}

/// A run that may GET from a service whose name leads to these addresses; and how often it was asked for.
fn run(service: Arc<Service>, answers: Vec<Vec<SocketAddr>>) -> (HttpRun, Arc<AtomicUsize>) {
    let asked = Arc::<AtomicUsize>::default();
    let mut service = Arc::into_inner(service).unwrap();
    service.resolver = Arc::new(Names { answers, asked: Arc::clone(&asked) });
    let metrics = service.metrics.clone();
    let services = BTreeMap::from([("node".to_owned(), Arc::new(service))]);
    let written: toml::Value = toml::from_str("node.methods = [\"GET\"]").unwrap();
    let grant = grant::parse(&services, &metrics, &written).unwrap();
    let granted: Arc<Granted> = grant.granted();
    (HttpRun::new(JobName::new("probe").unwrap(), granted, metrics), asked)
}

/// What a request for `/` comes back with: status and body.
async fn get(run: &mut HttpRun, origin: &str) -> Result<(u16, String), Error> {
    let body: WasiBody = Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync();
    let request = http::Request::get(format!("{origin}/")).body(body).unwrap();
    let (response, _io) = Pin::from(run.send_request(request, None, Box::new(async { Ok(()) }))).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// The text of a denial.
fn denial(result: Result<(u16, String), Error>) -> String {
    match result {
        Err(Error::InternalError(Some(text))) => text.strip_prefix("denied: ").unwrap().to_owned(),
        other => panic!("not denied: {other:?}"),
    }
}

#[tokio::test]
async fn a_secret_header_is_not_shown() {
    let shown = format!("{:?}", Secret::new("t0ken"));
    assert!(!shown.contains("t0ken"));
    let service = service("origin = \"https://node.test\"\nheaders = { authorization = \"t0ken\" }").unwrap();
    assert!(!format!("{:?}", service.headers).contains("t0ken"));
}
