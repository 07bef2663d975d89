//! A deployment whose jobs have ended in every way that the API can tell of: well, badly, for now, lost; and one that is
//! going, one that is paused, one that leaves out its next due time, and one whose file is wrong.

use std::time::Duration;

use serde_json::{Value, json};

use super::PATIENCE;
use crate::support::{Deployment, Fault, FaultProxy, Signal, Watchkeeper, eventually, teller_job};

/// Of the jobs that run by themselves.
pub(super) const PERIOD: Duration = Duration::from_millis(300);

/// A running process with a past.
pub(super) struct Furnished {
    pub(super) watchkeeper: Watchkeeper,
    pub(super) deployment: Deployment,
    /// The chain of `held`, whose runs go on until it answers.
    pub(super) chain: FaultProxy,
}

impl Furnished {
    /// Makes one: some seconds of real runs.
    pub(super) fn start() -> Self {
        let chain = FaultProxy::start("http://127.0.0.1:9");
        chain.set(Fault::Silent);
        let deployment = Deployment::on_chain(&[&chain.url()]);
        deployment.plugin("teller");
        let job = |name: &str, keys: &str, config: &str| deployment.job(name, &teller_job(keys, config, ""));
        let often = format!("every = \"{}ms\"", PERIOD.as_millis());
        job("talks", &often, "message = \"all is well\"\nlines = [\"one\", \"two\", \"three\"]");
        job("fails", &often, "message = \"no\"\nfails = \"failed\"");
        job("rests", &often, "message = \"at work\"");
        let again = "every = \"1h\"\nretry = { attempts = 3, backoff = \"5m\" }";
        job("away", again, "message = \"not now\"\nfails = \"unavailable\"");
        job("held", "every = \"1h\"", "message = \"\"\nchain = \"dev\"");
        job("leaves-out", "schedule = \"0 0 1 1 *\"\ntime_zone = \"Europe/Berlin\"", "message = \"\"");
        deployment.job("asked", &teller_job("", "message = \"here\"", "probe = [\"a\", \"b\"]"));
        deployment.job("broken", "plugin = \"teller\"\nevry = \"1s\"\n");
        let before = Watchkeeper::start(&deployment);
        before.after_run("talks", "success");
        hold(&before);
        before.signal(Signal::KILL);
        drop(before);

        let watchkeeper = Watchkeeper::start(&deployment);
        watchkeeper.after_run("talks", "success");
        watchkeeper.after_run("fails", "failed");
        assert_eq!(watchkeeper.post("jobs/rests/pause", &json!({"note": "maintenance"})).status, 200);
        assert_eq!(watchkeeper.post("jobs/leaves-out/skip-next", &json!({})).status, 200);
        assert_eq!(watchkeeper.post("jobs/away/run", &json!({})).status, 202);
        hold(&watchkeeper);
        eventually("a run of `away` that is tried again", PATIENCE, || {
            (watchkeeper.runs("away", "unavailable") > 0.0).then_some(())
        });
        Self { watchkeeper, deployment, chain }
    }

    /// The name of the newest run of a job.
    pub(super) fn newest(&self, job: &str) -> String {
        let page = self.watchkeeper.api(&format!("runs?job={job}&limit=1"));
        page["runs"][0]["id"].as_str().unwrap_or_else(|| panic!("no run of {job}: {page}")).to_owned()
    }

    /// All runs of the first 500, as the API lists them.
    pub(super) fn runs(&self) -> Vec<Value> {
        self.watchkeeper.api("runs?limit=500")["runs"].as_array().expect("a list of runs").clone()
    }
}

/// Starts a run of `held`, and waits until it waits for its chain.
fn hold(watchkeeper: &Watchkeeper) {
    eventually("a run of `held` to be asked for", PATIENCE, || {
        (watchkeeper.post("jobs/held/run", &json!({})).status == 202).then_some(())
    });
    eventually("it to be going", PATIENCE, || (watchkeeper.overview().running("held") == 1).then_some(()));
}
