//! A grant that names JSON-RPC methods lets nothing else through, however it is written.

use super::{Service, TOKEN, deployment, ended, has, job};
use crate::support::Watchkeeper;

const GRANT: &str = "http.node.json_rpc_methods = [\"node.Info\"]";

fn posts(service: &Service, body: &str) -> String {
    job(&service.origin(), &format!("method = \"POST\"\nbody = '''{body}'''"), GRANT)
}

#[test]
fn a_named_call_is_sent_in_the_hosts_own_words() {
    let service = Service::start();
    let deployment = deployment(&service, "");
    let body = r#" {"params": [1], "m\u0065thod":"node\u002eInfo", "id":1,"jsonrpc":"2.0"} "#;
    deployment.job("probe", &posts(&service, body));
    let watchkeeper = Watchkeeper::start(&deployment);
    has(&ended(&watchkeeper, "probe", "success"), &["200", "answer"]);
    let received = service.received().remove(0);
    assert_eq!(received.body, r#"{"jsonrpc":"2.0","id":1,"method":"node.Info","params":[1]}"#);
    for header in ["content-type: application/json", &format!("authorization: Bearer {TOKEN}")] {
        assert!(received.headers.iter().any(|line| line == header), "{received:?}");
    }
    let labels = [("service", "node"), ("method", "node.Info"), ("result", "ok")];
    assert!(watchkeeper.metrics().value("watchkeeper_http_requests_total", &labels) >= Some(1.0));
}

#[test]
fn nothing_else_passes_as_a_call() {
    let service = Service::start();
    let deployment = deployment(&service, "");
    let cases = [
        ("other", r#"{"jsonrpc":"2.0","id":1,"method":"blob.Submit","params":[]}"#),
        ("case", r#"{"jsonrpc":"2.0","id":1,"method":"node.info"}"#),
        ("batch", r#"[{"jsonrpc":"2.0","id":1,"method":"node.Info"},{"jsonrpc":"2.0","id":2,"method":"blob.Submit"}]"#),
        ("twice", r#"{"jsonrpc":"2.0","id":1,"method":"node.Info","method":"blob.Submit"}"#),
        ("escaped", r#"{"jsonrpc":"2.0","id":1,"method":"node.Info","m\u0065thod":"blob.Submit"}"#),
        ("capital", r#"{"jsonrpc":"2.0","id":1,"method":"node.Info","Method":"blob.Submit"}"#),
        ("trailing", r#"{"jsonrpc":"2.0","id":1,"method":"node.Info"}{"jsonrpc":"2.0","id":1,"method":"blob.Submit"}"#),
        ("notification", r#"{"jsonrpc":"2.0","method":"node.Info"}"#),
        ("text", "node.Info"),
    ];
    for (name, body) in cases {
        deployment.job(name, &posts(&service, body));
    }
    deployment.job("get", &job(&service.origin(), "", GRANT));
    let watchkeeper = Watchkeeper::start(&deployment);
    for (name, _) in cases {
        has(&ended(&watchkeeper, name, "denied"), &[&format!("job \"{name}\""), "grants.http.node.json_rpc_methods"]);
    }
    has(&ended(&watchkeeper, "get", "denied"), &["method \"GET\" is not granted", "JSON-RPC"]);
    assert!(service.received().is_empty(), "{:?}", service.received());
}
