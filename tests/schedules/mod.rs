//! When jobs run, what becomes of due times without a run, and what is tried again: docs/schedules.md, through the built
//! program. A job is held in the midst of a run, or fails, by the chain that it reads.

mod failures;
mod overlap;
mod restart;
mod steering;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{Anvil, Deployment, Fault, FaultProxy, Response, Watchkeeper, eventually};

const SOON: Duration = Duration::from_secs(60);

/// A deployment whose jobs read one chain, and that chain.
struct Stage {
    deployment: Deployment,
    proxy: FaultProxy,
    _anvil: Anvil,
}

impl Stage {
    /// With jobs by name and the keys of their files.
    fn new(jobs: &[(&str, &str)]) -> Self {
        let anvil = Anvil::start(&["--no-mining"]);
        let proxy = FaultProxy::start(anvil.url());
        let chain = format!("[chains.dev]\nchain_id = 31337\ntimeout = \"60s\"\nendpoints = [{:?}]\n", proxy.url());
        let deployment = Deployment::new(&chain);
        deployment.plugin("tally");
        let stage = Self { deployment, proxy, _anvil: anvil };
        jobs.iter().for_each(|(name, keys)| stage.job(name, keys));
        stage
    }

    /// Adds or replaces a job.
    fn job(&self, name: &str, keys: &str) {
        let powers = "[config]\nvalue = 1\nchain = \"dev\"\n[grants]\nstate = true\nchain = [\"dev\"]\n";
        self.deployment.job(name, &format!("plugin = \"tally\"\ntimeout = \"60s\"\n{keys}\n{powers}"));
    }

    /// Starts it, and waits until its jobs run.
    fn start(&self) -> Watchkeeper {
        let watchkeeper = Watchkeeper::start(&self.deployment);
        eventually("it to be ready", SOON, || (watchkeeper.get("/-/ready", &[]).status == 200).then_some(()));
        assert!(watchkeeper.overview().problems().is_empty(), "{:?}", watchkeeper.overview().problems());
        watchkeeper
    }

    /// Has the chain answer nothing, and waits until a run of the job is held by that. Returns its name.
    #[track_caller]
    fn hold(&self, watchkeeper: &Watchkeeper, job: &str) -> String {
        self.proxy.set(Fault::Silent);
        let since = Timestamp::now();
        eventually("a run that is held", SOON, || {
            let runs = runs(watchkeeper, job).into_iter();
            let mut held = runs.filter(|run| run.outcome.is_none() && run.claimed > since);
            held.next().map(|run| run.id)
        })
    }
}

/// A run of a job, as the API shows it.
#[derive(Debug, Clone)]
struct Run {
    id: String,
    /// None: somebody asked for it.
    nominal: Option<Timestamp>,
    attempt: u64,
    first: String,
    claimed: Timestamp,
    finished: Option<Timestamp>,
    outcome: Option<String>,
    message: String,
}

impl Run {
    fn of(run: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            id: text(&run["id"]).expect("a name"),
            nominal: time(&run["trigger"]["nominal"]),
            attempt: run["attempt"].as_u64().expect("a number"),
            first: text(&run["first"]).expect("a name"),
            claimed: time(&run["claimed"]).expect("a time"),
            finished: time(&run["finished"]),
            outcome: text(&run["outcome"]),
            message: text(&run["message"]).unwrap_or_default(),
        }
    }

    fn ended(&self, outcome: &str) -> bool {
        self.outcome.as_deref() == Some(outcome)
    }
}

/// Due times of a job that were skipped for one reason.
#[derive(Debug, Clone)]
struct Skip {
    first: Timestamp,
    last: Timestamp,
    count: u64,
}

/// The runs of a job, the oldest first.
#[track_caller]
fn runs(watchkeeper: &Watchkeeper, job: &str) -> Vec<Run> {
    let page = watchkeeper.api(&format!("runs?job={job}&limit=500"));
    page["runs"].as_array().expect("a list of runs").iter().rev().map(Run::of).collect()
}

/// The latest skips of a job for one reason, the oldest first.
#[track_caller]
fn skips(watchkeeper: &Watchkeeper, job: &str, reason: &str) -> Vec<Skip> {
    let detail = watchkeeper.api(&format!("jobs/{job}"));
    let skips = detail["recent_skips"].as_array().expect("a list of skips").iter().rev();
    let read = |skip: &Value| Skip {
        first: time(&skip["first"]).expect("a time"),
        last: time(&skip["last"]).expect("a time"),
        count: skip["count"].as_u64().expect("a number"),
    };
    skips.filter(|skip| skip["reason"] == reason).map(read).collect()
}

/// Up to where a job's due times have their disposition.
#[track_caller]
fn cursor(watchkeeper: &Watchkeeper, job: &str) -> Timestamp {
    time(&watchkeeper.api(&format!("jobs/{job}"))["cursor"]).expect("it is in force")
}

/// Does what somebody asks for, with a note; it must be answered well.
#[track_caller]
fn act(watchkeeper: &Watchkeeper, path: &str, body: &Value) -> Response {
    let answer = watchkeeper.try_act(&format!("/api/v1/{path}"), body).expect("an answer");
    assert!(answer.status < 300, "{path}: {}", answer.text());
    answer
}

/// Has a job run now. Returns the run's name.
#[track_caller]
fn run_now(watchkeeper: &Watchkeeper, job: &str) -> String {
    let acted = act(watchkeeper, &format!("jobs/{job}/run"), &json!({})).json();
    acted["run"].as_str().expect("the run's name").to_owned()
}

/// Waits until a run is over.
#[track_caller]
fn ended(watchkeeper: &Watchkeeper, job: &str, id: &str) -> Run {
    eventually(&format!("the end of run {id}"), SOON, || {
        runs(watchkeeper, job).into_iter().find(|run| run.id == id && run.outcome.is_some())
    })
}

/// Waits until a job has so many runs by its schedule that ended well, of those claimed after a time. Returns them.
#[track_caller]
fn successes(watchkeeper: &Watchkeeper, job: &str, after: Timestamp, count: usize) -> Vec<Run> {
    eventually(&format!("{count} runs of {job} that succeed"), SOON, || {
        let runs = runs(watchkeeper, job).into_iter();
        let found: Vec<Run> =
            runs.filter(|run| run.nominal.is_some() && run.claimed > after && run.ended("success")).collect();
        (found.len() >= count).then_some(found)
    })
}

/// What a gauge or counter says of a job.
#[track_caller]
fn metric(watchkeeper: &Watchkeeper, name: &str, job: &str, labels: &[(&str, &str)]) -> f64 {
    let labels = [&[("job_name", job)], labels].concat();
    watchkeeper.metrics().value(name, &labels).unwrap_or_else(|| panic!("there is no {name} of {labels:?}"))
}

/// What must never be wasn't, as far as the program noticed.
#[track_caller]
fn no_invariant_is_violated(watchkeeper: &Watchkeeper) {
    let metrics = watchkeeper.metrics();
    let violations = metrics.all("watchkeeper_invariant_violations_total", &[]);
    assert!(!violations.is_empty() && violations.iter().all(|it| it.value == 0.0), "{violations:?}");
}

/// The time comes.
#[track_caller]
fn comes(time: Timestamp) {
    eventually(&format!("{time} comes"), SOON, || (Timestamp::now() >= time).then_some(()));
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str().map(|text| text.parse().expect("a time"))
}

fn millis(millis: i64) -> jiff::SignedDuration {
    jiff::SignedDuration::from_millis(millis)
}
