//! One deployment, killed again and again while it works and people act on it, and what they were told.

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    load::{self, COMES_AND_GOES, GIVES_UP, INTERVALS, MOVES},
    records::Records,
};
use crate::support::{Deployment, Fault, FaultProxy, Signal, Watchkeeper, eventually};

/// How long a chain takes to answer that jobs are to be killed in the midst of.
const SLOW: Duration = Duration::from_millis(180);
/// How long a life lasts once everything runs.
const LIFE_MILLIS: std::ops::Range<u64> = 50..600;
/// One of so many lives ends before it listens.
const STILLBORN: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(60);

/// A deployment and what is known of it.
pub(super) struct Storm {
    deployment: Deployment,
    /// In front of the chains; they end with it.
    proxies: [FaultProxy; 3],
    rng: Rng,
    told: Vec<Told>,
    /// Whether a job is paused, as far as anybody was told.
    paused: BTreeMap<&'static str, bool>,
    present: bool,
}

/// A deed that was answered well.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) verb: &'static str,
    pub(super) job: String,
    pub(super) note: String,
}

/// What a storm left.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) records: Records,
    pub(super) told: Vec<Told>,
    /// When the last life began, which nobody killed, in nanoseconds since 1970.
    pub(super) calm: i64,
    copy: PathBuf,
    took: Duration,
}

impl Storm {
    pub(super) fn new(seed: u64, chain: &str) -> Self {
        let proxies = [FaultProxy::start(chain), FaultProxy::start(chain), FaultProxy::start(chain)];
        proxies[1].set(Fault::Slow(SLOW));
        proxies[2].set(Fault::Refuse);
        let mut settings = String::from("[limits]\nconcurrent_runs = 12\n");
        for (name, proxy) in ["quick", "slow", "gone"].into_iter().zip(&proxies) {
            let url = proxy.url();
            writeln!(settings, "[chains.{name}]\nchain_id = 31337\nendpoints = [{url:?}]").expect("memory");
        }
        let deployment = Deployment::new(&settings);
        deployment.plugin("tally");
        for (name, text) in load::files() {
            deployment.job(name, &text);
        }
        let rng = Rng::with_seed(seed);
        Self { deployment, proxies, rng, told: Vec::new(), paused: BTreeMap::new(), present: true }
    }

    /// Kills it so often, then lets it live and end.
    pub(super) fn through(mut self, kills: usize) -> Account {
        let began = Instant::now();
        // What is compiled once is quick ever after.
        drop(self.risen());
        for _ in 0..kills {
            self.change_files();
            if self.rng.u32(..STILLBORN) == 0 {
                Watchkeeper::start_and_kill(&self.deployment, Duration::from_millis(self.rng.u64(..150)));
            } else {
                self.live();
            }
        }
        let calm = self.calm();
        assert_eq!(self.proxies.len(), 3, "the chains were there to the end");
        let ledger = self.deployment.path("watchkeeper.db");
        let copy = Records::keep(&ledger, &format!("watchkeeper-storm-{:x}.db", self.rng.u64(..)));
        Account { records: Records::read(&ledger), told: self.told, calm, copy, took: began.elapsed() }
    }

    /// Starts it, and waits until everything is loaded.
    fn risen(&self) -> Watchkeeper {
        let watchkeeper = Watchkeeper::start(&self.deployment);
        eventually("it to be ready", PATIENCE, || (watchkeeper.get("/-/ready", &[]).status == 200).then_some(()));
        watchkeeper
    }

    fn live(&mut self) {
        let mut watchkeeper = self.risen();
        self.pauses_are_as_told(&watchkeeper);
        let life = Duration::from_millis(self.rng.u64(LIFE_MILLIS));
        let seed = self.rng.fork();
        let (deeds, doubtful) = thread::scope(|scope| {
            let people = scope.spawn(|| people(&watchkeeper, seed));
            let moment = Instant::now() + life;
            thread::sleep(life / 2);
            if self.rng.bool() {
                self.change_files();
            }
            thread::sleep(moment.saturating_duration_since(Instant::now()));
            watchkeeper.signal(Signal::KILL);
            people.join().expect("people don't panic")
        });
        watchkeeper.wait();
        assert!(!watchkeeper.log().contains("an invariant is violated"), "{}", watchkeeper.log());
        for told in deeds {
            match told.verb {
                "pause" => drop(self.paused.insert(name(&told.job), true)),
                "resume" => drop(self.paused.insert(name(&told.job), false)),
                _ => {}
            }
            self.told.push(told);
        }
        if let Some(job) = doubtful {
            self.paused.remove(job);
        }
    }

    /// What was answered before a kill holds after it.
    fn pauses_are_as_told(&self, watchkeeper: &Watchkeeper) {
        let overview = watchkeeper.overview();
        for (job, paused) in self.paused.iter().filter(|(job, _)| **job != GIVES_UP) {
            if let Some(found) = overview.job(job) {
                assert_eq!(!found["pause"].is_null(), *paused, "{job}: {}", found["pause"]);
            }
        }
    }

    /// One job gets another schedule, one comes or goes, or nothing happens.
    fn change_files(&mut self) {
        match self.rng.u32(..4) {
            0 => self.deployment.job(MOVES, &load::interval(INTERVALS[self.rng.usize(..INTERVALS.len())])),
            1 if self.present => {
                self.deployment.remove_job(COMES_AND_GOES);
                self.present = false;
            }
            1 => self.come_back(),
            _ => {}
        }
    }

    fn come_back(&mut self) {
        self.deployment.job(COMES_AND_GOES, &load::interval("250ms"));
        self.present = true;
    }

    /// A life without a kill: everything goes on, catches up, and ends in order. Returns when it began.
    fn calm(&mut self) -> i64 {
        if !self.present {
            self.come_back();
        }
        let began = Timestamp::now();
        let mut watchkeeper = self.risen();
        assert!(watchkeeper.overview().problems().is_empty(), "{:?}", watchkeeper.overview().problems());
        for (job, shown) in watchkeeper.overview().jobs() {
            if !shown["pause"].is_null() {
                let resumed = watchkeeper.try_act(&format!("/api/v1/jobs/{job}/resume"), &json!({"note": "calm"}));
                assert_eq!(resumed.expect("it lives").status, 200, "{job}");
            }
        }
        for (job, text) in load::files() {
            if text.contains("every") {
                eventually(&format!("{job} goes on"), PATIENCE, || {
                    let cursor = watchkeeper.api(&format!("jobs/{job}"))["cursor"].as_str()?.parse::<Timestamp>();
                    (cursor.expect("a time") > began).then_some(())
                });
            }
        }
        let metrics = watchkeeper.metrics();
        let violations = metrics.all("watchkeeper_invariant_violations_total", &[]);
        assert!(!violations.is_empty() && violations.iter().all(|it| it.value == 0.0), "{violations:?}");
        assert_eq!(watchkeeper.end(), Some(0), "{}", watchkeeper.log());
        i64::try_from(began.as_nanosecond()).expect("a time of this century")
    }
}

/// Does this and that until nobody answers. Returns what was answered well, and whose fate isn't known.
fn people(watchkeeper: &Watchkeeper, mut rng: Rng) -> (Vec<Told>, Option<&'static str>) {
    let jobs: Vec<&'static str> = load::files().into_iter().map(|(name, _)| name).collect();
    let mut told = Vec::new();
    loop {
        let job = jobs[rng.usize(..jobs.len())];
        let note = format!("{:016x}", rng.u64(..));
        let (verb, path, body) = match rng.u32(..10) {
            0..4 => ("run", format!("jobs/{job}/run"), json!({"note": note})),
            4 => ("pause", format!("jobs/{job}/pause"), json!({"note": note})),
            5..8 => ("resume", format!("jobs/{job}/resume"), json!({"note": note})),
            8 => ("skip-next", format!("jobs/{job}/skip-next"), json!({"note": note, "count": rng.u32(1..4)})),
            _ => match going(watchkeeper) {
                Some(run) => ("cancel", format!("runs/{run}/cancel"), json!({"note": note})),
                None => continue,
            },
        };
        match watchkeeper.try_act(&format!("/api/v1/{path}"), &body) {
            None => return (told, Some(job)),
            Some(answer) if answer.status < 300 => {
                let job = answer.json()["job"]["name"].as_str().unwrap_or(job).to_owned();
                told.push(Told { verb, job, note });
            }
            Some(answer) => assert!([404, 409].contains(&answer.status), "{verb} {job}: {}", answer.text()),
        }
    }
}

/// Some run that goes; none also where nobody answers, which the next deed will meet.
fn going(watchkeeper: &Watchkeeper) -> Option<String> {
    let runs: Value = watchkeeper.try_get("/api/v1/runs?limit=20")?.json();
    let runs = runs["runs"].as_array()?.iter();
    runs.filter(|run| run["finished"].is_null()).find_map(|run| run["id"].as_str().map(str::to_owned))
}

fn name(job: &str) -> &'static str {
    let known = load::files().into_iter().map(|(name, _)| name);
    known.into_iter().find(|name| *name == job).expect("one of our jobs")
}

impl Account {
    /// Where a copy of the ledger is.
    pub(super) fn keep(&self) -> &PathBuf {
        &self.copy
    }

    pub(super) fn summary(&self) -> String {
        let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
        for run in &self.records.runs {
            *outcomes.entry(run.outcome.as_deref().unwrap_or("none")).or_default() += 1;
        }
        let lives = self.records.nodes.len();
        format!("{lives} starts in {:?}, {} deeds, runs: {outcomes:?}", self.took, self.told.len())
    }
}
