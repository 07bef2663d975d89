//! The pages in a real browser, with real runs: what people see, what they can do, and who can use them.

mod acting;
mod browser;
mod live;
mod many;
mod overview;
mod picture;
mod reach;
mod run_page;
mod signing_in;

use std::time::Duration;

use serde_json::{Value, json};

use self::browser::{Browser, Page};
use crate::support::{Deployment, Fault, FaultProxy, Watchkeeper, eventually};

const SOON: Duration = Duration::from_secs(60);

/// A deployment with a job for each way in which a job can be. No job is due while a test lasts but by a test's wish.
struct Site {
    deployment: Deployment,
    watchkeeper: Watchkeeper,
    _silent: FaultProxy,
}

impl Site {
    /// `good` succeeds, `bad` fails, `held` runs until it is cancelled. `configuration` goes into `watchkeeper.toml`.
    fn start(configuration: &str) -> Self {
        let silent = FaultProxy::start("http://127.0.0.1:1");
        silent.set(Fault::Silent);
        let chain = format!("[chains.silent]\nchain_id = 1\ntimeout = \"300s\"\nendpoints = [{:?}]\n", silent.url());
        let deployment = Deployment::new(&(chain + configuration));
        deployment.plugin("teller");
        deployment.job("good", &telling("message = \"all 12 disks are well\"\nlines = [\"disk 7 is warm\"]\n"));
        deployment.job("bad", &telling("message = \"disk 7 is full\"\nfails = \"failed\"\n"));
        let held = telling("message = \"\"\nchain = \"silent\"\n");
        deployment.job("held", &format!("timeout = \"300s\"\n{held}"));
        Self { watchkeeper: ready(&deployment), deployment, _silent: silent }
    }

    fn browser(&self) -> Browser {
        Browser::start(&self.watchkeeper)
    }

    /// Runs a job by the API, waits until that has ended, and returns the run.
    #[track_caller]
    fn run(&self, job: &str) -> Value {
        let id = self.begin(job);
        eventually(&format!("the end of a run of {job}"), SOON, || {
            self.newest(job).filter(|run| run["id"] == *id && !run["finished"].is_null())
        })
    }

    /// Begins a run of a job by the API, and returns its id.
    #[track_caller]
    fn begin(&self, job: &str) -> String {
        let newest = || Some(self.newest(job)?["id"].as_str().expect("an id").to_owned());
        let before = newest();
        let answer = self.watchkeeper.post(&format!("jobs/{job}/run"), &json!({}));
        assert!(answer.status < 300, "{}", answer.text());
        eventually(&format!("a run of {job}"), SOON, || newest().filter(|id| before.as_ref() != Some(id)))
    }

    fn newest(&self, job: &str) -> Option<Value> {
        self.watchkeeper.api(&format!("runs?job={job}&limit=1"))["runs"].get_mut(0).map(Value::take)
    }

    /// How many runs of a job there are.
    #[track_caller]
    fn count(&self, job: &str) -> usize {
        let runs = self.watchkeeper.api(&format!("runs?job={job}&limit=500"));
        runs["runs"].as_array().expect("a list of runs").len()
    }

    /// Signs in with the local token.
    #[track_caller]
    fn sign_in(&self, page: &Page<'_>) {
        page.go("/login");
        page.fill("#token", &self.watchkeeper.token());
        page.click("role=button[name=\"Log in\"]");
        page.see("role=button[name=\"Log out\"]");
    }
}

/// Runs a deployment and waits until its plugins are loaded.
fn ready(deployment: &Deployment) -> Watchkeeper {
    let watchkeeper = Watchkeeper::start(deployment);
    eventually("it to be ready", SOON, || (watchkeeper.get("/-/ready", &[]).status == 200).then_some(()));
    watchkeeper
}

/// A job of the plugin `teller`, due once an hour.
fn telling(config: &str) -> String {
    let grants = "grants.chain = [\"silent\"]\n";
    format!("plugin = \"teller\"\nevery = \"1h\"\ncatch_up = \"none\"\n{grants}[config]\n{config}")
}
