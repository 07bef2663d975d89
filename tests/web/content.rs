//! What is answered: formats, compression, and foreign texts made harmless.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::json;

use super::{still_chain, watch};
use crate::support::{Exposition, Fault, FaultProxy, Watchkeeper};

/// What Prometheus sends.
const PROMETHEUS: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// The one script that pages have.
const OWN_SCRIPT: &str = "<script type=\"module\" src=\"/script.js\"></script>";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[test]
fn metrics_come_in_the_format_that_the_scraper_asks_for() {
    let anvil = still_chain();
    let deployment = watch(anvil.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    for (accept, content_type) in [
        ("*/*", TEXT),
        ("text/plain", TEXT),
        ("application/openmetrics-text", OPEN_METRICS),
        (PROMETHEUS, OPEN_METRICS),
    ] {
        for encoding in ["identity", "gzip"] {
            let response = watchkeeper.get("/metrics", &[("accept", accept), ("accept-encoding", encoding)]);
            assert_eq!((response.status, response.header("content-type")), (200, content_type), "{accept}");
            assert_eq!(response.header("content-encoding") == "gzip", encoding == "gzip", "{accept} {encoding}");
            let text = if encoding == "gzip" { gunzip(&response.body) } else { response.text().to_owned() };
            assert_eq!(text.ends_with("# EOF\n"), content_type == OPEN_METRICS, "{accept}");
            let scrape = Exposition::parse(&text);
            assert_eq!(scrape.value("chain_head_block_number", &[("job_name", "dev")]), Some(0.0), "{accept}");
            assert!(scrape.value("watchkeeper_build_info", &[]).is_some(), "{accept}");
        }
    }
}

#[test]
fn a_head_request_is_answered_like_a_get_without_a_body() {
    let anvil = still_chain();
    let deployment = watch(anvil.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    for path in ["/", "/runs", "/metrics", "/api/v1/jobs", "/-/healthy"] {
        let (get, head) = (watchkeeper.get(path, &[]), watchkeeper.send("HEAD", path, &[]));
        assert_eq!((head.status, head.header("content-type")), (200, get.header("content-type")), "{path}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
    }
}

#[test]
fn words_of_a_hostile_node_are_text_on_the_page_and_nowhere_a_command() {
    let anvil = still_chain();
    let proxy = FaultProxy::start(anvil.url());
    let deployment = watch(&proxy.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    let hostile = "</td><script>alert('x')</script><img src=x onerror=\"y\">\u{1b}[2J\u{202e}\u{7}&lt;\r\nnext";
    let error = json!({"error": {"code": -32000, "message": hostile}});
    proxy.set(Fault::Replace("eth_getBlockByNumber", error));
    watchkeeper.after_run("dev", "failed");

    let run = watchkeeper.ended_runs().into_iter().find(|run| run["outcome"] == "failed").unwrap();
    let pages = ["/", "/jobs/dev", "/runs", &format!("/runs/{}", run["id"].as_str().unwrap())].map(|path| {
        let page = watchkeeper.get(path, &[]);
        assert!(page.header("content-security-policy").contains("default-src 'none'; script-src 'self'"), "{path}");
        let page = page.text().to_owned();
        assert!(page.contains("&#60;script&#62;alert"), "{path} shows it as text: {page}");
        let foreign = page.replace(OWN_SCRIPT, "");
        assert!(!foreign.contains("<script") && !foreign.contains("<img"), "{path}: {page}");
        page
    });
    assert!(pages[3].contains("&#38;lt&#59;"), "the run's page shows it whole: {}", pages[3]);
    let overview = watchkeeper.overview();
    let (_, message) = overview.last_run("dev").unwrap();
    assert!(message.contains("<script>alert('x')</script>"), "data keeps what is printable: {message}");
    for (place, text) in [("pages", &*pages.concat()), ("API", message), ("log", &watchkeeper.log())] {
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{place}");
        assert!(!text.contains("\\u001b") && !text.contains("\\u0007"), "{place}");
    }
}

fn gunzip(body: &[u8]) -> String {
    let mut command = Command::new("gzip");
    let mut gzip = command.arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("gzip is there");
    let mut stdin = gzip.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(body).expect("gzip reads"));
        gzip.wait_with_output().expect("gzip ends")
    });
    assert!(output.status.success(), "the body is not gzip");
    String::from_utf8(output.stdout).expect("the exposition is UTF-8")
}
