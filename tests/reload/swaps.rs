//! Two hundred plugin swaps under load: no run is lost, doubled, or run on half a file.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;

use super::case::{made, rebuilt};
use crate::support::{Deployment, Watchkeeper, eventually};

const PLUGINS: [&str; 4] = ["one", "two", "three", "four"];
const JOBS_OF_EACH: usize = 2;
/// All plugins are swapped in each round.
const ROUNDS: usize = 50;
const PERIOD_MS: i64 = 100;
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn two_hundred_swaps_under_load_lose_double_and_break_no_run() {
    let deployment = Deployment::on_chain(&["http://127.0.0.1:9"]);
    let builds = [made("tally"), rebuilt(made("tally"))];
    for plugin in PLUGINS {
        deployment.plugin_bytes(plugin, &builds[0]);
        for number in 0..JOBS_OF_EACH {
            let head = format!("plugin = \"{plugin}\"\nevery = \"{PERIOD_MS}ms\"\n");
            let rest = "[config]\nvalue = 1\n[grants]\nstate = true\nchain = [\"dev\"]\n";
            deployment.job(&format!("{plugin}-{number}"), &(head + rest));
        }
    }
    let watchkeeper = Watchkeeper::start(&deployment);
    let jobs: Vec<String> =
        PLUGINS.iter().flat_map(|plugin| (0..JOBS_OF_EACH).map(move |number| format!("{plugin}-{number}"))).collect();
    let before = eventually("all jobs have run", PATIENCE, || Counts::of_all(&watchkeeper, &jobs));
    let mut seen = BTreeSet::new();
    for round in 1..=ROUNDS {
        let bytes = &builds[round % 2];
        let old = watchkeeper.digests();
        // Each fifth round comes as a careless copy: in place, and slowly.
        for plugin in PLUGINS {
            if round % 5 == 0 {
                deployment.plugin_in_pieces(plugin, bytes, 4, Duration::from_millis(5));
            } else {
                deployment.plugin_bytes(plugin, bytes);
            }
        }
        eventually("all jobs run the other build", PATIENCE, || {
            let overview = watchkeeper.overview();
            assert_eq!(overview.problems(), BTreeMap::new(), "round {round}: refused");
            let last_runs = overview.jobs().into_values().map(|job| &job["last_run"]["digest"]);
            seen.extend(last_runs.map(ToString::to_string));
            let new = watchkeeper.digests();
            (new.len() == jobs.len() && new.iter().all(|(job, digest)| old[job] != *digest)).then_some(())
        });
    }
    let after = eventually("all jobs have run again", PATIENCE, || {
        let after = Counts::of_all(&watchkeeper, &jobs)?;
        jobs.iter().all(|job| after[job].runs > before[job].runs).then_some(after)
    });
    assert_eq!(seen.len(), 2, "runs used only the two builds: {seen:?}");
    assert!(watchkeeper.ended_runs().iter().all(|run| run["outcome"] == "success"));
    for (job, after) in &after {
        after.check(job, &before[job]);
    }
    let violations = watchkeeper.metrics();
    let violations = violations.all("watchkeeper_invariant_violations_total", &[]);
    assert!(!violations.is_empty() && violations.iter().all(|one| one.value == 0.0), "{violations:?}");
}

/// What one job came to.
struct Counts {
    /// By the ledger: due times up to the cursor that led to a run, and to a skip.
    runs: i64,
    skips: i64,
    cursor: Timestamp,
    generation: i64,
    /// By the host's metrics.
    successes: i64,
    others: i64,
    /// By the plugin: how often it ran since its job's state began, and since the process did.
    remembered: i64,
    own: i64,
}

impl Counts {
    /// Of all jobs. None before each has run.
    fn of_all(watchkeeper: &Watchkeeper, jobs: &[String]) -> Option<BTreeMap<String, Self>> {
        jobs.iter().map(|job| Some((job.clone(), Self::of(watchkeeper, job)?))).collect()
    }

    fn of(watchkeeper: &Watchkeeper, job: &str) -> Option<Self> {
        let metrics = watchkeeper.metrics();
        let own = |family: &str| metrics.value(family, &[("job_name", job)]).map(whole);
        let (remembered, own) = (own("tally_remembered_runs")?, own("tally_runs_total")?);
        // The scrape's numbers of one job are of one moment, the ledger's of another.
        let detail = watchkeeper.api(&format!("jobs/{job}"));
        let sum = |keep: &dyn Fn(&str) -> bool| {
            let samples = metrics.all("watchkeeper_job_runs_total", &[("job_name", job)]).into_iter();
            samples.filter(|sample| keep(&sample.labels["outcome"])).map(|sample| whole(sample.value)).sum()
        };
        Some(Self {
            runs: detail["runs"].as_i64()?,
            skips: detail["skips"].as_i64()?,
            cursor: detail["cursor"].as_str()?.parse().expect("a time"),
            generation: detail["generation"].as_i64()?,
            successes: sum(&|outcome| outcome == "success"),
            others: sum(&|outcome| outcome != "success"),
            remembered,
            own,
        })
    }

    fn check(&self, job: &str, before: &Self) {
        assert_eq!(self.others, 0, "{job}: runs that failed");
        assert_eq!(self.remembered, self.successes, "{job}: each run was alone, and what it kept is kept");
        assert_eq!(self.own, self.successes, "{job}: its counter lived on across all swaps");
        assert_eq!(self.generation, before.generation, "{job}: its schedule is the same one");
        let due = (self.cursor.as_millisecond() - before.cursor.as_millisecond()) / PERIOD_MS;
        let disposed = self.runs + self.skips - before.runs - before.skips;
        assert_eq!(due, disposed, "{job}: each due time led to one run or one skip");
        assert!(self.runs - before.runs > due / 10, "{job}: it ran {} of {due} times", self.runs - before.runs);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "counters of a test")]
fn whole(value: f64) -> i64 {
    value as i64
}
