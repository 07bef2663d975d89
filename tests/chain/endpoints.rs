//! Endpoints that fail: one of two, and the only one, in each way. Nothing that a node does wrong becomes a number.

use std::time::Duration;

use serde_json::{Value, json};

use super::{JOB, PATIENCE, caught_up, series_of_plugin, value, watch};
use crate::support::{Anvil, Deployment, Fault, FaultProxy, Watchkeeper, eventually};

/// A chain with short limits, so that a fault shows soon.
fn impatient(endpoint: &str) -> Deployment {
    let deployment = Deployment::new(&format!(
        "[chains.dev]\nchain_id = 31337\ntimeout = \"1s\"\nmax_response = \"256KiB\"\nendpoints = [{endpoint:?}]\n"
    ));
    deployment.plugin("evm-chain");
    deployment.job("dev", JOB);
    deployment
}

#[test]
fn a_fault_of_the_only_endpoint_fails_runs_and_changes_no_series() {
    let anvil = Anvil::start(&["--no-mining"]);
    anvil.mine(8);
    let proxy = FaultProxy::start(anvil.url());
    let deployment = impatient(&proxy.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    let no_block = |answer: Value| Fault::Replace("eth_getBlockByNumber", answer);
    let mut blocks = 1.0;
    for (fault, outcome, words) in [
        (Fault::garbage(), "failed", "malformed answer"),
        (Fault::Answer(200, String::new()), "failed", "malformed answer"),
        (Fault::Answer(200, "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":\"0x0\"}".into()), "failed", "malformed"),
        (Fault::Answer(503, "overloaded".into()), "unavailable", "HTTP status 503"),
        (Fault::Huge(1 << 20), "failed", "over the limit of 262144 bytes"),
        (Fault::Slow(Duration::from_secs(3)), "unavailable", "no answer in time"),
        (Fault::Silent, "unavailable", "no answer in time"),
        (Fault::Refuse, "unavailable", "connection refused"),
        (no_block(json!({"result": null})), "failed", "no latest block"),
        (no_block(json!({"result": {"number": "0x"}})), "failed", "malformed"),
        (no_block(json!({"error": {"code": -32603, "message": "db is broken"}})), "failed", "db is broken"),
    ] {
        let case = format!("{fault:?}").chars().take(100).collect::<String>();
        proxy.set(fault);
        watchkeeper.after_run("dev", outcome);
        let before = series_of_plugin(&watchkeeper);
        watchkeeper.after_run("dev", outcome);
        assert_eq!(series_of_plugin(&watchkeeper), before, "{case}");
        assert_eq!(value(&watchkeeper.metrics(), "chain_blocks_total"), Some(blocks), "{case}");
        let overview = watchkeeper.overview();
        let (_, message) = overview.last_run("dev").unwrap();
        assert!(message.contains(words), "{case}: {message}");

        proxy.set(Fault::Pass);
        anvil.mine(1);
        blocks += 1.0;
        let scrape = caught_up(&watchkeeper, &anvil);
        assert_eq!(value(&scrape, "chain_blocks_total"), Some(blocks), "after {case}");
    }
}

#[test]
fn with_one_good_endpoint_left_no_run_fails_and_with_none_nothing_changes() {
    let anvil = Anvil::start(&["--no-mining"]);
    anvil.mine(8);
    let (first, second) = (FaultProxy::start(anvil.url()), FaultProxy::start(anvil.url()));
    for (fault, reason, outcome, words) in [
        (Fault::TooMany(None), "failing", "unavailable", "HTTP status 429"),
        (Fault::TooMany(Some("3")), "throttled", "unavailable", "asked for no requests for 3 s"),
        (Fault::Answer(500, "oops".into()), "failing", "unavailable", "HTTP status 500"),
        (Fault::Truncated, "failing", "unavailable", "no endpoint answered"),
        (Fault::Slow(Duration::from_secs(3)), "failing", "unavailable", "no answer in time"),
        (Fault::wrong_chain_id(5), "wrong_chain", "unavailable", "serves chain id 5"),
        (Fault::WrongId, "failing", "failed", "malformed"),
        (Fault::garbage(), "failing", "failed", "malformed"),
    ] {
        let case = format!("{fault:?}");
        let endpoints = format!("{:?}, {:?}", first.url(), second.url());
        let deployment =
            Deployment::new(&format!("[chains.dev]\nchain_id = 31337\ntimeout = \"1s\"\nendpoints = [{endpoints}]\n"));
        deployment.plugin("evm-chain");
        deployment.job("dev", JOB);
        first.set(fault.clone());
        let watchkeeper = Watchkeeper::start(&deployment);
        watchkeeper.after_run("dev", "success");
        let name = first.url().trim_start_matches("http://").to_owned();
        let labels = [("chain", "dev"), ("endpoint", &*name), ("reason", reason)];
        assert_eq!(watchkeeper.metrics().value("watchkeeper_chain_endpoint_out", &labels), Some(1.0), "{case}");
        for bad in ["unavailable", "failed", "timeout"] {
            assert_eq!(watchkeeper.runs("dev", bad), 0.0, "{case}: {bad}");
        }
        let head = anvil.quantity("eth_blockNumber", json!([])) as f64;

        second.set(fault);
        watchkeeper.after_run("dev", outcome);
        let overview = watchkeeper.overview();
        let (_, message) = overview.last_run("dev").unwrap();
        assert!(message.contains(words), "{case}: {message}");
        assert_eq!(value(&watchkeeper.metrics(), "chain_head_block_number"), Some(head), "{case}");

        first.set(Fault::Pass);
        second.set(Fault::Pass);
        anvil.mine(1);
        caught_up(&watchkeeper, &anvil);
    }
}

#[test]
fn an_endpoint_of_another_chain_is_asked_for_nothing_until_it_is_the_right_one() {
    let anvil = Anvil::start(&["--no-mining"]);
    let proxy = FaultProxy::start(anvil.url());
    proxy.set(Fault::wrong_chain_id(1));
    let deployment = impatient(&proxy.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "unavailable");
    let overview = watchkeeper.overview();
    let (_, message) = overview.last_run("dev").unwrap();
    assert!(message.contains("serves chain id 1, not 31337"), "{message}");
    assert_eq!(series_of_plugin(&watchkeeper), [""; 0]);
    let requests = watchkeeper.metrics();
    let requests = requests.all("watchkeeper_chain_requests_total", &[]);
    assert!(requests.iter().all(|sample| sample.labels["method"] == "eth_chainId"), "{requests:?}");

    proxy.set(Fault::Pass);
    watchkeeper.after_run("dev", "success");
}

#[test]
fn with_one_of_two_endpoints_dead_runs_go_on_and_it_is_used_again_when_it_is_back() {
    let anvil = Anvil::start(&["--no-mining"]);
    let (first, second) = (FaultProxy::start(anvil.url()), FaultProxy::start(anvil.url()));
    let deployment = watch(&[&first.url(), &second.url()]);
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    let name = |proxy: &FaultProxy| proxy.url().trim_start_matches("http://").to_owned();
    let up = |proxy: &FaultProxy| {
        let labels = [("chain", "dev"), ("endpoint", &*name(proxy))];
        watchkeeper.metrics().value("watchkeeper_chain_endpoint_up", &labels)
    };
    assert_eq!((up(&first), up(&second)), (Some(1.0), None), "the first answers, the second wasn't needed");

    first.set(Fault::Refuse);
    anvil.mine(5);
    let scrape = caught_up(&watchkeeper, &anvil);
    assert_eq!(value(&scrape, "chain_blocks_total"), Some(6.0));
    assert_eq!((up(&first), up(&second)), (Some(0.0), Some(1.0)));
    let answered = [("endpoint", &*name(&second)), ("result", "ok"), ("method", "eth_getBlockByNumber")];
    let of_second = scrape.value("watchkeeper_chain_requests_total", &answered);
    assert!(of_second.is_some_and(|requests| requests > 0.0));
    for outcome in ["unavailable", "failed", "timeout"] {
        assert_eq!(watchkeeper.runs("dev", outcome), 0.0, "{outcome}");
    }

    first.set(Fault::Pass);
    eventually("the first endpoint to be used again", PATIENCE, || (up(&first) == Some(1.0)).then_some(()));
    anvil.mine(1);
    assert_eq!(value(&caught_up(&watchkeeper, &anvil), "chain_blocks_total"), Some(7.0));
    assert_eq!(watchkeeper.runs("dev", "unavailable"), 0.0);
}

#[test]
fn gauges_of_a_dead_node_go_after_max_age_and_counters_stay() {
    let anvil = Anvil::start(&["--no-mining"]);
    let deployment = watch(&[anvil.url()]);
    deployment.job("dev", &format!("max_age = \"2s\"\n{JOB}"));
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    anvil.mine(3);
    caught_up(&watchkeeper, &anvil);

    anvil.kill();
    let scrape = eventually("the gauges to go", PATIENCE, || {
        let scrape = watchkeeper.metrics();
        value(&scrape, "chain_head_block_number").is_none().then_some(scrape)
    });
    for gauge in ["chain_head_block_timestamp_seconds", "chain_id", "chain_base_fee_wei", "chain_uncounted_blocks"] {
        assert_eq!(value(&scrape, gauge), None, "{gauge}");
    }
    assert_eq!(value(&scrape, "chain_blocks_total"), Some(4.0));
    assert_eq!(value(&scrape, "chain_block_transactions_count"), Some(4.0));
    let of_job = |name| scrape.value(name, &[("job_name", "dev")]);
    assert!(of_job("watchkeeper_job_last_success_timestamp_seconds").is_some());
    assert!(of_job("watchkeeper_job_last_run_timestamp_seconds").is_some());
}
