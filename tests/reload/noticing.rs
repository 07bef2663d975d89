//! Changes while a run is going, on request, and to chains.

use std::time::Duration;

use super::case::{made, rebuilt};
use crate::support::{Anvil, Deployment, Fault, FaultProxy, Signal, Watchkeeper, eventually};

const SOON: Duration = Duration::from_secs(20);
const JOB: &str = "plugin = \"tally\"\nevery = \"1s\"\ntimeout = \"60s\"\n\
    [config]\nvalue = 1\nchain = \"dev\"\n[grants]\nstate = true\nchain = [\"dev\"]\n";

/// A deployment whose job `held` is in the middle of a run, held by its chain.
pub(super) struct Held {
    pub(super) deployment: Deployment,
    pub(super) watchkeeper: Watchkeeper,
    pub(super) proxy: FaultProxy,
    /// Runs that ended before the one that goes; the job remembers as many.
    pub(super) remembered: f64,
    _anvil: Anvil,
}

impl Held {
    pub(super) fn start(more: &str) -> Self {
        let anvil = Anvil::start(&[]);
        let proxy = FaultProxy::start(anvil.url());
        let deployment = Deployment::new(&(chain(&proxy) + more));
        deployment.plugin("tally");
        deployment.job("held", JOB);
        let watchkeeper = Watchkeeper::start(&deployment);
        eventually("a first run", SOON, || remembered(&watchkeeper));
        proxy.set(Fault::Silent);
        let requests = proxy.requests();
        eventually("a run that is held", SOON, || (proxy.requests() > requests).then_some(()));
        let remembered = remembered(&watchkeeper).expect("it ran");
        Self { deployment, watchkeeper, proxy, remembered, _anvil: anvil }
    }

    /// What the next run of the job uses.
    fn digest(&self) -> String {
        self.watchkeeper.digests().remove("held").expect("the job is in force")
    }
}

fn chain(proxy: &FaultProxy) -> String {
    format!("[chains.dev]\nchain_id = 31337\ntimeout = \"60s\"\nendpoints = [{:?}]\n", proxy.url())
}

fn remembered(watchkeeper: &Watchkeeper) -> Option<f64> {
    watchkeeper.metrics().value("tally_remembered_runs", &[("job_name", "held")])
}

#[test]
fn a_run_in_flight_finishes_on_the_version_that_it_began_with() {
    let held = Held::start("");
    let old = held.digest();
    held.deployment.plugin_bytes("tally", &rebuilt(made("tally")));
    let new = eventually("the new version", SOON, || Some(held.digest()).filter(|new| *new != old));
    assert_eq!(held.watchkeeper.overview().running("held"), 1, "the old run goes on");
    held.proxy.set(Fault::Pass);
    eventually("a run of the new version", SOON, || {
        let overview = held.watchkeeper.overview();
        (overview.job("held")?["last_run"]["digest"] == *new).then_some(())
    });
    let runs = held.watchkeeper.ended_runs();
    assert!(runs.iter().all(|run| run["outcome"] == "success"), "{runs:#?}");
    let remembered = remembered(&held.watchkeeper).expect("it ran");
    let of_old = runs.iter().filter(|run| run["digest"] == *old).count();
    assert_eq!(of_old, held.remembered as usize + 1, "the run in flight ended as the old version's last");
    assert!(remembered >= held.remembered + 2.0);
}

#[test]
fn a_removed_job_ends_with_its_run() {
    let held = Held::start("");
    held.deployment.remove_job("held");
    eventually("the run is cancelled", SOON, || held.watchkeeper.log().contains("run cancelled").then_some(()));
    let metrics = held.watchkeeper.metrics();
    assert!(metrics.all("watchkeeper_job_runs_total", &[("job_name", "held")]).is_empty(), "its series went too");
}

#[test]
fn a_narrower_grant_ends_the_run_that_had_more() {
    let held = Held::start("");
    held.deployment.configure(&(chain(&held.proxy) + &chain(&held.proxy).replace("dev", "other")));
    held.deployment.job("held", &JOB.replace("\"dev\"]", "\"other\"]"));
    eventually("the run is cancelled", SOON, || {
        (held.watchkeeper.ended_runs().first()?["outcome"] == "cancelled").then_some(())
    });
}

#[test]
fn a_chain_gets_other_endpoints_without_a_missing_run() {
    let anvil = Anvil::start(&[]);
    let (first, second) = (FaultProxy::start(anvil.url()), FaultProxy::start(anvil.url()));
    let deployment = Deployment::new(&chain(&first));
    deployment.plugin("tally");
    deployment.job("held", &JOB.replace("every = \"1s\"", "every = \"200ms\""));
    let watchkeeper = Watchkeeper::start(&deployment);
    eventually("a first run", SOON, || remembered(&watchkeeper));
    deployment.configure(&chain(&second));
    let moved = eventually("the other endpoint is asked", SOON, || {
        (second.requests() > 0).then(|| remembered(&watchkeeper).expect("its gauge never goes"))
    });
    // A run that began on the first endpoint may still be going.
    eventually("runs on the other endpoint", SOON, || (remembered(&watchkeeper)? > moved + 2.0).then_some(()));
    let asked = first.requests();
    eventually("more runs", SOON, || (remembered(&watchkeeper)? > moved + 6.0).then_some(()));
    assert_eq!(first.requests(), asked, "nobody asks the first endpoint any more");
    let runs = watchkeeper.runs_by_outcome("held");
    assert_eq!(runs.keys().collect::<Vec<_>>(), ["success"], "{runs:?}");
}

#[test]
fn sighup_looks_again_and_says_what_is_wrong() {
    let deployment = Deployment::new("");
    deployment.plugin("steady");
    deployment.job("a", "plugin = \"steady\"\nevery = \"1s\"\n[config]\nvalue = 1\n");
    let watchkeeper = Watchkeeper::start(&deployment);
    eventually("it is ready", SOON, || (watchkeeper.get("/-/ready", &[]).status == 200).then_some(()));
    watchkeeper.signal(Signal::HUP);
    eventually("the reload", SOON, || watchkeeper.log().contains("\"reloaded\"").then_some(()));
    deployment.job("a", "plugin = 1\n");
    watchkeeper.signal(Signal::HUP);
    let line = eventually("its problems", SOON, || {
        let log = watchkeeper.log();
        log.lines().find(|line| line.contains("reload found problems")).map(str::to_owned)
    });
    assert!(line.contains("jobs.d/a.toml:1: plugin: expected a string"), "{line}");
}

#[test]
fn a_folder_that_was_replaced_is_watched_on() {
    let deployment = Deployment::new("");
    deployment.plugin("steady");
    deployment.job("a", "plugin = \"steady\"\nevery = \"1s\"\n[config]\nvalue = 1\n");
    let watchkeeper = Watchkeeper::start(&deployment);
    let jobs = || watchkeeper.overview().jobs().into_keys().map(str::to_owned).collect::<Vec<_>>();
    eventually("the job", SOON, || (jobs() == ["a"]).then_some(()));
    std::fs::rename(deployment.path("jobs.d"), deployment.path("aside/old")).expect("a rename");
    std::fs::create_dir(deployment.path("jobs.d")).expect("a new folder");
    eventually("the empty folder", SOON, || jobs().is_empty().then_some(()));
    deployment.job("b", "plugin = \"steady\"\nevery = \"1s\"\n[config]\nvalue = 1\n");
    eventually("the job in the new folder", SOON, || (jobs() == ["b"]).then_some(()));
}
