//! Less power, or no job any more: that applies at once, also to the run in flight. More power waits for the next run.

use std::time::Duration;

use super::{PATIENCE, job, last_run};
use crate::support::{Anvil, Deployment, Fault, FaultProxy, Watchkeeper, eventually};

/// Far below the timeouts of run and chain: only the change can end a run so soon.
const AT_ONCE: Duration = Duration::from_secs(20);

/// A run of the job `probe` that waits for an answer which doesn't come.
struct Stuck {
    watchkeeper: Watchkeeper,
    deployment: Deployment,
    proxy: FaultProxy,
    _anvil: Anvil,
}

impl Stuck {
    fn new(plugin: &str, grants: &str) -> Self {
        let anvil = Anvil::start(&["--no-mining"]);
        let proxy = FaultProxy::start(anvil.url());
        let url = proxy.url();
        let chain = |name| format!("[chains.{name}]\nchain_id = 31337\ntimeout = \"4m\"\nendpoints = [{url:?}]\n");
        let deployment = Deployment::new(&(chain("dev") + &chain("other")));
        deployment.plugin(plugin);
        deployment.job("probe", &job(plugin, grants));
        let watchkeeper = Watchkeeper::start(&deployment);
        watchkeeper.after_run("probe", "success");
        proxy.set(Fault::Silent);
        let asked = proxy.requests();
        eventually("a run in flight", PATIENCE, || {
            (proxy.requests() > asked && is_running(&watchkeeper)).then_some(())
        });
        Self { watchkeeper, deployment, proxy, _anvil: anvil }
    }

    #[track_caller]
    fn is_cancelled(&self) {
        eventually("the run to be cancelled", AT_ONCE, || {
            (self.watchkeeper.runs("probe", "cancelled") >= 1.0).then_some(())
        });
        let (outcome, message) = last_run(&self.watchkeeper, "probe").unwrap();
        assert!(outcome == "cancelled" || is_running(&self.watchkeeper), "{outcome}: {message}");
    }
}

#[test]
fn fewer_chains_end_the_run_in_flight() {
    let stuck = Stuck::new("minimal", "chain = [\"dev\", \"other\"]");
    stuck.deployment.job("probe", &job("minimal", "chain = [\"dev\"]"));
    stuck.is_cancelled();
    stuck.proxy.set(Fault::Pass);
    stuck.watchkeeper.after_run("probe", "success");
}

#[test]
fn fewer_methods_end_the_run_in_flight_and_bind_the_next() {
    let stuck = Stuck::new("minimal", "chain = [\"dev\"]");
    stuck.deployment.job("probe", &job("minimal", "chain.dev.methods = [\"eth_chainId\"]"));
    stuck.is_cancelled();
    stuck.watchkeeper.after_run("probe", "denied");
}

#[test]
fn without_a_power_that_the_plugin_does_not_import_the_run_in_flight_ends_too() {
    let stuck = Stuck::new("minimal", "chain = [\"dev\"]\nstate = true");
    stuck.deployment.job("probe", &job("minimal", "chain = [\"dev\"]"));
    stuck.is_cancelled();
}

#[test]
fn without_a_power_that_the_plugin_needs_the_run_in_flight_ends_and_the_job_stops_until_it_is_mended() {
    let stuck = Stuck::new("evm-chain", "chain = [\"dev\"]\nstate = true");
    stuck.deployment.job("probe", &job("evm-chain", "chain = [\"dev\"]"));
    eventually("the job to stop", AT_ONCE, || stuck.watchkeeper.overview().jobs().is_empty().then_some(()));
    let metrics = stuck.watchkeeper.metrics();
    assert_eq!(metrics.all("chain_head_block_number", &[]).len(), 0, "its gauges are gone");
    assert_eq!(metrics.value("watchkeeper_config_last_reload_successful", &[]), Some(0.0));
    stuck.proxy.set(Fault::Pass);
    stuck.deployment.job("probe", &job("evm-chain", "chain = [\"dev\"]\nstate = true"));
    stuck.watchkeeper.after_run("probe", "success");
}

#[test]
fn more_power_leaves_the_run_in_flight_alone() {
    let stuck = Stuck::new("minimal", "chain = [\"dev\"]");
    stuck.deployment.job("probe", &job("minimal", "chain = [\"dev\", \"other\"]\nstate = true"));
    let reloaded = stuck.watchkeeper.act("/-/reload", &[]);
    assert_eq!(reloaded.status, 200, "{}", reloaded.text());
    assert!(is_running(&stuck.watchkeeper));
    stuck.proxy.set(Fault::Pass);
    stuck.watchkeeper.after_run("probe", "success");
    assert_eq!(stuck.watchkeeper.runs("probe", "cancelled"), 0.0);
}

#[test]
fn a_removed_job_ends_with_its_run_and_its_series() {
    let stuck = Stuck::new("evm-chain", "chain = [\"dev\"]\nstate = true");
    assert_eq!(stuck.watchkeeper.metrics().all("chain_head_block_number", &[]).len(), 1);
    stuck.deployment.remove_job("probe");
    eventually("the job to be gone", AT_ONCE, || stuck.watchkeeper.overview().jobs().is_empty().then_some(()));
    eventually("its run to be cancelled", AT_ONCE, || {
        let run = stuck.watchkeeper.ended_runs().into_iter().next()?;
        (run["job"] == "probe" && run["outcome"] == "cancelled").then_some(())
    });
    let scrape = stuck.watchkeeper.metrics();
    assert!(scrape.all("chain_head_block_number", &[]).is_empty());
    assert!(scrape.all("chain_blocks_total", &[]).is_empty());
    assert!(scrape.all("watchkeeper_job_runs_total", &[("job_name", "probe")]).is_empty());
    let in_progress = || stuck.watchkeeper.metrics().value("watchkeeper_runs_in_progress", &[]);
    eventually("no run to be in progress", PATIENCE, || (in_progress() == Some(0.0)).then_some(()));
}

fn is_running(watchkeeper: &Watchkeeper) -> bool {
    watchkeeper.overview().running("probe") == 1
}
