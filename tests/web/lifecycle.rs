//! What a service manager and a balancer see: healthy, ready, and what a reload says.

use std::{fs, thread, time::Duration};

use super::{still_chain, watch};
use crate::support::{Fault, FaultProxy, Signal, Watchkeeper, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn it_is_healthy_at_once_and_ready_once_the_plugins_are_loaded() {
    let anvil = still_chain();
    let deployment = watch(anvil.url());
    let component = fs::read(deployment.path("plugins/evm-chain.wasm")).unwrap();
    thread::scope(|scope| {
        // A plugin that is still being copied keeps it from being ready.
        let copying = scope.spawn(|| {
            deployment.plugin_in_pieces("evm-chain", &component, 20, Duration::from_millis(250));
        });
        let watchkeeper = Watchkeeper::start(&deployment);
        assert!(!copying.is_finished(), "it listens before its plugins are there");
        assert_eq!(watchkeeper.get("/-/healthy", &[]).status, 200);
        let starting = watchkeeper.get("/-/ready", &[]);
        assert_eq!(starting.status, 503);
        assert!(starting.text().contains("being loaded"), "{}", starting.text());
        assert_eq!(watchkeeper.overview().phase(), "starting");
        assert_eq!(watchkeeper.get("/metrics", &[]).status, 200);
        eventually("it to be ready", PATIENCE, || (watchkeeper.get("/-/ready", &[]).status == 200).then_some(()));
        assert_eq!(watchkeeper.overview().phase(), "ready");
        watchkeeper.after_run("dev", "success");
    });
}

#[test]
fn while_it_drains_it_is_healthy_and_not_ready() {
    let anvil = still_chain();
    let proxy = FaultProxy::start(anvil.url());
    let deployment = watch(&proxy.url());
    let mut watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    proxy.set(Fault::Silent);
    eventually("a run in flight", PATIENCE, || (watchkeeper.overview().running("dev") == 1).then_some(()));
    watchkeeper.signal(Signal::TERM);
    eventually("it to be unready", PATIENCE, || {
        let response = watchkeeper.get("/-/ready", &[]);
        (response.status == 503 && response.text().contains("draining")).then_some(())
    });
    assert_eq!(watchkeeper.get("/-/healthy", &[]).status, 200);
    assert_eq!(watchkeeper.get("/metrics", &[]).status, 200);
    proxy.set(Fault::Pass);
    assert_eq!(watchkeeper.wait(), Some(0));
}

#[test]
fn a_reload_answers_with_every_problem_and_with_success_once_they_are_mended() {
    let anvil = still_chain();
    let deployment = watch(anvil.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    let reload = || watchkeeper.act("/-/reload", &[]);
    assert_eq!(reload().status, 200);

    deployment.job("broken", "plugin = \"evm-chain\"\nevry = \"1s\"\n");
    deployment.job("lost", "plugin = \"no-such\"\nevery = \"1s\"\n");
    let problems = reload();
    assert_eq!(problems.status, 500);
    for words in ["jobs.d/broken.toml", "evry", "jobs.d/lost.toml", "no-such", "hint: "] {
        assert!(problems.text().contains(words), "{words}: {}", problems.text());
    }
    let page = watchkeeper.get("/", &[]);
    assert!(page.text().contains("jobs.d/broken.toml"), "{}", page.text());
    assert_eq!(watchkeeper.metrics().value("watchkeeper_config_last_reload_successful", &[]), Some(0.0));
    watchkeeper.after_run("dev", "success");

    deployment.remove_job("broken");
    deployment.remove_job("lost");
    let mended = reload();
    assert_eq!(mended.status, 200, "{}", mended.text());
    assert_eq!(watchkeeper.metrics().value("watchkeeper_config_last_reload_successful", &[]), Some(1.0));
}
