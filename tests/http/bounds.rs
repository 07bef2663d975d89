//! Time and size are bounded, an answer is whole or an error, and less power ends what is in flight.

use super::{PATIENCE, Service, deployment, ended, has, job};
use crate::support::{Watchkeeper, eventually};

const GRANT: &str = "http.node.methods = [\"GET\", \"POST\"]";

#[test]
fn what_is_too_late_too_large_or_cut_short_is_an_error_and_no_answer() {
    let service = Service::start();
    let deployment = deployment(&service, "timeout = \"1s\"\nmax_response = \"64KiB\"\nmax_request = \"4KiB\"");
    let origin = service.origin();
    deployment.job("slow", &job(&format!("{origin}/slow"), "", GRANT));
    deployment.job("endless", &job(&format!("{origin}/endless"), "", GRANT));
    deployment.job("cut", &job(&format!("{origin}/cut"), "", GRANT));
    deployment.job("huge", &job(&format!("{origin}/huge"), "method = \"POST\"\npadding = 4097", GRANT));
    deployment.job("fits", &job(&format!("{origin}/fits"), "method = \"POST\"\npadding = 4096", GRANT));
    let watchkeeper = Watchkeeper::start(&deployment);
    has(&ended(&watchkeeper, "slow", "unavailable"), &["no answer in time"]);
    has(&ended(&watchkeeper, "endless", "unavailable"), &["an answer over the limit of 65536 bytes"]);
    has(&ended(&watchkeeper, "cut", "unavailable"), &["the connection broke off"]);
    has(&ended(&watchkeeper, "huge", "failed"), &["a request over the limit of 4096 bytes"]);
    ended(&watchkeeper, "fits", "success");
    let paths: Vec<String> = service.received().into_iter().map(|received| received.line).collect();
    assert!(!paths.iter().any(|line| line.contains("/huge")), "{paths:?}");
    let results = |result| {
        let labels = [("service", "node"), ("result", result)];
        watchkeeper.metrics().all("watchkeeper_http_requests_total", &labels).len()
    };
    for result in ["timeout", "too_large", "broken", "request_too_large", "ok"] {
        assert_eq!(results(result), 1, "{result}");
    }
}

#[test]
fn a_narrower_grant_ends_the_run_in_flight() {
    let service = Service::start();
    let deployment = deployment(&service, "timeout = \"2m\"");
    let url = format!("{}/slow", service.origin());
    deployment.job("probe", &job(&url, "", GRANT));
    let watchkeeper = Watchkeeper::start(&deployment);
    eventually("the request to be in flight", PATIENCE, || (!service.received().is_empty()).then_some(()));
    deployment.job("probe", &job(&url, "", "http.node.methods = [\"POST\"]"));
    eventually("the run to be cancelled", PATIENCE, || (watchkeeper.runs("probe", "cancelled") >= 1.0).then_some(()));
    watchkeeper.after_run("probe", "denied");
    has(&ended(&watchkeeper, "probe", "denied"), &["grants.http.node.methods"]);
    let labels = [("service", "node"), ("method", "GET"), ("result", "cancelled")];
    assert_eq!(watchkeeper.metrics().value("watchkeeper_http_requests_total", &labels), Some(1.0));
}
