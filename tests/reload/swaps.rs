//! Two hundred plugin swaps under load: no run is lost, doubled, or run on half a file.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::Duration,
};

use serde_json::Value;

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
    let all = PLUGINS.len() * JOBS_OF_EACH;
    let before = eventually("all jobs have run", PATIENCE, || {
        let counts = Counts::of_all(&watchkeeper);
        (counts.len() == all && counts.values().all(|counts| counts.successes > 0)).then_some(counts)
    });
    let mut seen = BTreeSet::new();
    for round in 1..=ROUNDS {
        let bytes = &builds[round % 2];
        let old = digests(&watchkeeper.status());
        // Each fifth round comes as a careless copy: in place, and slowly.
        for plugin in PLUGINS {
            if round % 5 == 0 {
                deployment.plugin_in_pieces(plugin, bytes, 4, Duration::from_millis(5));
            } else {
                deployment.plugin_bytes(plugin, bytes);
            }
        }
        eventually("all jobs run the other build", PATIENCE, || {
            let status = watchkeeper.status();
            assert_nothing_refused(&status, round);
            let runs = status["recent_runs"].as_array().expect("runs").iter();
            seen.extend(runs.map(|run| run["digest"].to_string()));
            digests(&status).iter().all(|(job, digest)| old[job] != *digest).then_some(())
        });
    }
    let after = Counts::of_all(&watchkeeper);
    assert_eq!(seen.len(), 2, "runs used only the two builds: {seen:?}");
    for (job, after) in &after {
        after.check(job, &before[job]);
    }
}

/// What one job came to.
struct Counts {
    successes: i64,
    others: i64,
    skipped: i64,
    remembered: i64,
    own: i64,
    next_ms: i64,
}

impl Counts {
    /// Of all jobs, from a status and a scrape between which nothing but time passed.
    fn of_all(watchkeeper: &Watchkeeper) -> BTreeMap<String, Self> {
        let status = watchkeeper.status();
        let metrics = watchkeeper.metrics();
        let jobs = status["jobs"].as_array().expect("jobs").iter();
        let counted = jobs.filter_map(|job| {
            let name = job["name"].as_str().expect("a name");
            let one = |family: &str| metrics.value(family, &[("job_name", name)]).map(whole);
            let sum = |family: &str, keep: &dyn Fn(&str) -> bool| {
                let samples = metrics.all(family, &[("job_name", name)]);
                let kept =
                    samples.iter().filter(|sample| sample.labels.get("outcome").is_none_or(|outcome| keep(outcome)));
                kept.map(|sample| whole(sample.value)).sum()
            };
            let next = job["next_run"].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time");
            let counts = Self {
                successes: sum("watchkeeper_job_runs_total", &|outcome| outcome == "success"),
                others: sum("watchkeeper_job_runs_total", &|outcome| outcome != "success"),
                skipped: sum("watchkeeper_job_runs_skipped_total", &|_| true),
                remembered: one("tally_remembered_runs")?,
                own: one("tally_runs_total")?,
                next_ms: next.as_millisecond(),
            };
            Some((name.to_owned(), counts))
        });
        counted.collect()
    }

    fn check(&self, job: &str, before: &Self) {
        assert_eq!(self.others, 0, "{job}: runs that failed");
        assert_eq!(self.remembered, self.successes, "{job}: each run was alone, and what it kept is kept");
        assert_eq!(self.own, self.successes, "{job}: its counter lived on across all swaps");
        let due = (self.next_ms - before.next_ms) / PERIOD_MS;
        let accounted = self.successes + self.skipped - before.successes - before.skipped;
        // The status and the scrape are a moment apart, and a run may be going.
        let off = (due - accounted).abs();
        assert!(off <= 30 && off * 10 <= due, "{job}: {due} due times, {accounted} runs and skips");
    }
}

fn digests(status: &Value) -> BTreeMap<String, String> {
    let jobs = status["jobs"].as_array().expect("jobs").iter();
    jobs.map(|job| (job["name"].to_string(), job["digest"].to_string())).collect()
}

fn assert_nothing_refused(status: &Value, round: usize) {
    let files = status["files"].as_array().expect("files");
    let refused: Vec<&Value> = files.iter().filter(|file| file["ok"] == false).collect();
    assert!(refused.is_empty(), "round {round}: {refused:?}");
    thread::sleep(Duration::from_millis(30));
}

#[expect(clippy::cast_possible_truncation, reason = "counters of a test")]
fn whole(value: f64) -> i64 {
    value as i64
}
