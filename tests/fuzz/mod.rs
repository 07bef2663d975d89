//! Requests made up from the served OpenAPI document, right ones and wrong ones: none makes the server fail, each answer
//! has a documented status and shape. Schemathesis (Python) makes them up; `cargo xtask test` installs it.

use std::{process::Command, time::Duration};

use serde_json::json;

use crate::support::{Deployment, Fault, FaultProxy, Watchkeeper, eventually, programs, teller_job};

const PATIENCE: Duration = Duration::from_secs(60);
/// The same requests on each machine: what is found is found again.
const SEED: &str = "20260921";
/// Seconds after which no further requests are made up.
const TIME: &str = "30";

#[test]
fn no_request_makes_the_server_fail_and_each_answer_is_documented() {
    let chain = FaultProxy::start("http://127.0.0.1:9");
    chain.set(Fault::Silent);
    let deployment = Deployment::on_chain(&[&chain.url()]);
    deployment.plugin("teller");
    deployment.job("talks", &teller_job("every = \"1s\"", "message = \"well\"\nlines = [\"one\"]", ""));
    deployment.job("held", &teller_job("every = \"1h\"", "message = \"\"\nchain = \"dev\"", ""));
    let mut watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("talks", "success");
    assert_eq!(watchkeeper.post("jobs/held/run", &json!({})).status, 202);

    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    let mut fuzzer = Command::new(programs::schemathesis());
    fuzzer.args(["run", &format!("{}/api/v1/openapi.json", watchkeeper.url())]);
    fuzzer.args(["--header", &format!("Authorization: Bearer {}", watchkeeper.token())]);
    fuzzer.args(["--checks", checks, "--phases", "examples,coverage,fuzzing", "--max-examples", "30", "--seed", SEED]);
    // The stream of events has no end: it is read by other tests.
    fuzzer.args(["--exclude-path", "/api/v1/events", "--max-time", TIME, "--request-timeout", "20", "--no-color"]);
    fuzzer.args(["--continue-on-failure", "--generation-database", "none"]);
    let output = fuzzer.current_dir(deployment.path("")).output().expect("schemathesis runs");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    let asked = said.lines().find(|line| line.contains(" generated, ")).unwrap_or_else(|| panic!("it asks: {said}"));
    let asked: u32 =
        asked.split_whitespace().next().and_then(|count| count.parse().ok()).expect("a number of requests");
    assert!(asked > 500, "only {asked} were asked: {said}");
    assert!(!said.contains("nresolvable"), "each reference of the document leads somewhere: {said}");

    let metrics = watchkeeper.metrics_text();
    assert!(!watchkeeper.log().contains("panicked"), "{}", watchkeeper.log());
    crate::support::promtool_check_metrics(&metrics);
    watchkeeper.post("jobs/talks/resume", &json!({}));
    watchkeeper.post("jobs/talks/skip-next", &json!({"count": 0}));
    eventually("it to work on", PATIENCE, || (watchkeeper.runs("talks", "success") > 2.0).then_some(()));
    chain.set(Fault::Answer(500, String::new()));
    assert_eq!(watchkeeper.end(), Some(0));
}
