//! Which service, method, path and headers, where a service may be, and where a redirect leads.

use super::{Service, TOKEN, deployment, ended, has, job};
use crate::support::{Deployment, Watchkeeper};

const GET: &str = "http.node.methods = [\"GET\"]";

#[test]
fn what_is_granted_is_sent_with_the_operators_token_that_only_the_service_sees() {
    let service = Service::start();
    let deployment = deployment(&service, "");
    deployment.job("probe", &job(&format!("{}/status?x=1", service.origin()), "headers = [\"x-own: 1\"]", GET));
    let mut watchkeeper = Watchkeeper::start_with(&deployment, &["--log", "trace"]);
    let said = ended(&watchkeeper, "probe", "success");
    has(&said, &["200", "answer"]);
    let received = service.received().remove(0);
    assert_eq!(received.line, "GET /status?x=1 HTTP/1.1");
    for header in
        [&format!("authorization: Bearer {TOKEN}"), "x-own: 1", &format!("host: 127.0.0.1:{}", service.port())]
    {
        assert!(received.headers.iter().any(|line| line == header), "{header}: {received:?}");
    }
    let metrics = watchkeeper.metrics();
    let labels = [("service", "node"), ("method", "GET"), ("result", "ok")];
    assert!(metrics.value("watchkeeper_http_requests_total", &labels) >= Some(1.0));
    for path in ["/metrics", "/api/v1/runs", "/api/v1/logs", "/api/v1/jobs/probe", "/jobs/probe", "/runs"] {
        assert!(!watchkeeper.get(path, &[]).text().contains(TOKEN), "{path}");
    }
    let logs = watchkeeper.api("logs").to_string();
    has(&logs, &["x-said=yes"]);
    assert!(!logs.contains("set-cookie"), "cookies are nobody's: {logs}");
    assert_eq!(watchkeeper.end(), Some(0));
    assert!(!watchkeeper.log().contains(TOKEN), "{}", watchkeeper.log());
}

#[test]
fn what_the_grant_does_not_name_is_denied_with_its_key_and_never_sent() {
    let service = Service::start();
    let deployment = deployment(&service, "");
    let origin = service.origin();
    let other = Service::start();
    let paths = "http.node = { methods = [\"GET\"], paths = [\"/api\"] }";
    let cases = [
        ("service", job(&format!("{}/", other.origin()), "", GET), vec!["origin", "is not granted", "[http.NAME]"]),
        ("port", job("http://127.0.0.1:1/", "", GET), vec!["is not granted"]),
        ("user", job(&origin.replace("http://", "http://me:pw@"), "", GET), vec!["a user stands in it"]),
        (
            "method",
            job(&origin, "method = \"POST\"", GET),
            vec!["method \"POST\" is not granted", "grants.http.node.methods"],
        ),
        ("path", job(&format!("{origin}/admin"), "", paths), vec!["its path is not granted", "grants.http.node.paths"]),
        ("sibling", job(&format!("{origin}/apiary"), "", paths), vec!["its path is not granted"]),
        ("dots", job(&format!("{origin}/api/../admin"), "", paths), vec!["read in two ways", "grants.http.node.paths"]),
        ("encoded", job(&format!("{origin}/api/%2e%2e/admin"), "", paths), vec!["read in two ways"]),
        (
            "token",
            job(&origin, "headers = [\"Authorization: mine\"]", GET),
            vec!["header \"authorization\" is the operator's", "http.node.headers"],
        ),
        ("override", job(&origin, "headers = [\"X-HTTP-Method-Override: DELETE\"]", GET), vec!["is not a plugin's"]),
        ("host", job(&origin, "headers = [\"Host: other\"]", GET), vec!["a header that only the host sets"]),
    ];
    for (name, text, _) in &cases {
        deployment.job(name, text);
    }
    let watchkeeper = Watchkeeper::start(&deployment);
    for (name, _, words) in &cases {
        let message = ended(&watchkeeper, name, "denied");
        has(&message, words);
        if *name != "host" {
            has(&message, &[&format!("job \"{name}\""), "http", "hint: "]);
        }
    }
    assert!(service.received().is_empty(), "{:?}", service.received());
    assert!(other.received().is_empty(), "{:?}", other.received());
    let denied = watchkeeper
        .metrics()
        .value("watchkeeper_http_requests_total", &[("service", "node"), ("method", ""), ("result", "denied")]);
    assert!(denied >= Some(1.0), "{denied:?}");

    deployment.job("method", &job(&origin, "method = \"POST\"", "http.node.methods = [\"GET\", \"POST\"]"));
    watchkeeper.after_run("method", "success");
}

#[test]
fn a_service_on_this_machine_needs_the_operators_word_by_address_and_by_name() {
    let service = Service::start();
    let port = service.port();
    let deployment = Deployment::new(&format!(
        "[http.address]\norigin = \"http://127.0.0.1:{port}\"\n[http.name]\norigin = \"http://localhost:{port}\"\n\
         [http.mapped]\norigin = \"http://[::ffff:127.0.0.1]:{port}\"\n"
    ));
    deployment.plugin("fetcher");
    let hosts = [("address", "127.0.0.1"), ("name", "localhost"), ("mapped", "[::ffff:127.0.0.1]")];
    for (name, host) in hosts {
        let grant = format!("http.{name}.methods = [\"GET\"]");
        deployment.job(name, &job(&format!("http://{host}:{port}/"), "", &grant));
    }
    let watchkeeper = Watchkeeper::start(&deployment);
    for (name, _) in hosts {
        let message = ended(&watchkeeper, name, "denied");
        has(&message, &[&format!("job \"{name}\""), "loopback", "`private = true`", &format!("[http.{name}]")]);
    }
    assert!(service.received().is_empty(), "{:?}", service.received());
}

#[test]
fn a_redirect_is_an_answer_and_following_it_needs_a_grant() {
    let (service, other) = (Service::start(), Service::start());
    let deployment = deployment(&service, "");
    let away = format!("{}/redirect/{}/stolen", service.origin(), other.origin().replace("http://", ""));
    let within = format!("{}/redirect/{}/next", service.origin(), service.origin().replace("http://", ""));
    deployment.job("stays", &job(&away, "", GET));
    deployment.job("away", &job(&away, "redirects = 1", GET));
    deployment.job("within", &job(&within, "redirects = 1", GET));
    let watchkeeper = Watchkeeper::start(&deployment);
    has(&ended(&watchkeeper, "stays", "success"), &["302"]);
    has(&ended(&watchkeeper, "away", "denied"), &["is not granted", &other.origin()]);
    has(&ended(&watchkeeper, "within", "success"), &["200", "answer"]);
    assert!(other.received().is_empty(), "no token went there: {:?}", other.received());
}

#[test]
fn without_the_grant_the_plugin_is_not_loaded_and_the_line_to_add_is_said() {
    let service = Service::start();
    let deployment = deployment(&service, "");
    deployment.job("probe", &job(&service.origin(), "", ""));
    let configuration = deployment.configuration();
    let check = || Watchkeeper::call(&["check".as_ref(), "--config".as_ref(), configuration.as_os_str()]);
    let ended = check();
    assert_eq!(ended.code, Some(78));
    has(&ended.stderr, &["probe.toml", "imports `wasi:http/", "the job grants no `http`", "http.NAME.methods"]);
    for (grants, words) in [
        ("http = [\"node\"]", ["grants.http", "http.NAME.methods"]),
        ("http.other.methods = [\"GET\"]", ["grants.http.other", "watchkeeper.toml names node"]),
        ("http.node.methods = [\"CONNECT\"]", ["grants.http.node.methods", "GET"]),
        ("http.node.paths = [\"/\"]", ["grants.http.node", "no method"]),
        ("http.node.paths = [\"/a/../b\"]", ["grants.http.node.paths", "how paths begin"]),
        ("http.node = { methods = [\"GET\"], json_rpc_methods = [\"a\"] }", ["grants.http.node.methods", "POST"]),
    ] {
        deployment.job("probe", &job(&service.origin(), "", grants));
        let ended = check();
        assert_eq!(ended.code, Some(78), "{grants}");
        has(&ended.stderr, &words);
    }
}

#[test]
fn http_of_older_wasi_is_the_same_power() {
    let service = Service::start();
    let deployment = deployment(&service, "");
    let text = r#"(component
        (import "wasi:http/outgoing-handler@0.2.6" (instance))
        (instance $job)
        (export "watchkeeper:plugin/job@0.1.0" (instance $job)))"#;
    deployment.plugin_bytes("older", &wat::parse_str(text).unwrap());
    deployment.job("probe", "plugin = \"older\"\nevery = \"1s\"\n");
    let configuration = deployment.configuration();
    let ended = Watchkeeper::call(&["check".as_ref(), "--config".as_ref(), configuration.as_os_str()]);
    assert_eq!(ended.code, Some(78));
    let line = "add `http.NAME.methods = [\"GET\"]` under `[grants]`";
    has(&ended.stderr, &["imports `wasi:http/outgoing-handler@0.2.6`", "the job grants no `http`", line]);
}
