//! What doesn't end well: tries that come again, a job that pauses itself, runs whose process was killed.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Run, SOON, Stage, act, metric, millis, no_invariant_is_violated, run_now, runs, successes};
use crate::support::{Fault, Signal, eventually};

#[test]
fn unavailable_is_tried_again_after_growing_waits_until_it_succeeds() {
    let keys = "every = \"24h\"\nretry = { attempts = 20, backoff = \"200ms\", max_backoff = \"1s\" }";
    let stage = Stage::new(&[("tries", keys)]);
    let watchkeeper = stage.start();
    stage.proxy.set(Fault::Refuse);
    let first = run_now(&watchkeeper, "tries");
    let tries = || -> Vec<Run> {
        runs(&watchkeeper, "tries").into_iter().filter(|run| run.first == first && run.outcome.is_some()).collect()
    };
    eventually("four tries", SOON, || (tries().len() >= 4).then_some(()));
    stage.proxy.set(Fault::Pass);
    let tries = eventually("a try that succeeds", SOON, || {
        Some(tries()).filter(|tries| tries.last().is_some_and(|last| last.ended("success")))
    });
    let (last, failed) = tries.split_last().expect("it was tried");
    assert!(failed.iter().all(|run| run.ended("unavailable")), "{failed:#?}");
    let numbers: Vec<u64> = tries.iter().map(|run| run.attempt).collect();
    assert_eq!(numbers, (1..=last.attempt).collect::<Vec<_>>());
    for (pair, wait) in tries.windows(2).zip([200, 400, 800].into_iter().chain(std::iter::repeat(1000))) {
        let waited = pair[1].claimed.duration_since(pair[0].finished.expect("it is over"));
        assert!(waited >= millis(wait * 8 / 10 - 5), "{waited} before try {}", pair[1].attempt);
    }
    assert_eq!(metric(&watchkeeper, "watchkeeper_job_consecutive_failures", "tries", &[]), 0.0);
    let unavailable = metric(&watchkeeper, "watchkeeper_job_runs_total", "tries", &[("outcome", "unavailable")]);
    assert_eq!(unavailable, failed.len() as f64);
    no_invariant_is_violated(&watchkeeper);
}

#[test]
fn failures_in_a_row_pause_the_job_until_somebody_resumes_it() {
    let stage = Stage::new(&[("fails", "every = \"200ms\"\npause_after_failures = 3")]);
    stage.proxy.set(Fault::Refuse);
    let watchkeeper = stage.start();
    let pause = eventually("the pause", SOON, || {
        let overview = watchkeeper.overview();
        Some(overview.job("fails")?["pause"].clone()).filter(|pause| !pause.is_null())
    });
    assert_eq!(pause["by"], "watchkeeper");
    assert_eq!(pause["note"], "paused after 3 failures in a row");
    let of_it = runs(&watchkeeper, "fails");
    assert!(of_it.len() == 3 && of_it.iter().all(|run| run.ended("unavailable")), "{of_it:#?}");
    for (name, value) in [("watchkeeper_job_paused", 1.0), ("watchkeeper_job_consecutive_failures", 3.0)] {
        eventually(name, SOON, || (metric(&watchkeeper, name, "fails", &[]) == value).then_some(()));
    }
    stage.proxy.set(Fault::Pass);
    assert_eq!(runs(&watchkeeper, "fails").len(), 3, "it stays paused");
    act(&watchkeeper, "jobs/fails/resume", &json!({"note": "the node is back"}));
    let resumed = watchkeeper.overview().job("fails").expect("it is there")["pause"].clone();
    assert!(resumed.is_null(), "{resumed}");
    eventually("its next run", SOON, || (runs(&watchkeeper, "fails").len() > 3).then_some(()));
    no_invariant_is_violated(&watchkeeper);
}

#[test]
fn what_a_kill_cut_short_is_lost_counted_and_repeated_only_where_that_does_no_harm() {
    let keys =
        |idempotent: bool| format!("every = \"24h\"\nidempotent = {idempotent}\nretry = {{ backoff = \"100ms\" }}");
    let stage = Stage::new(&[("harmless", &keys(true)), ("once", &keys(false))]);
    stage.proxy.set(Fault::Silent);
    let mut watchkeeper = stage.start();
    let cut_short = ["harmless", "once"].map(|job| (job, run_now(&watchkeeper, job)));
    eventually("two runs that are held", SOON, || {
        let overview = watchkeeper.overview();
        (overview.running("harmless") + overview.running("once") == 2).then_some(())
    });
    watchkeeper.signal(Signal::KILL);
    watchkeeper.wait();
    let killed = Timestamp::now();
    stage.proxy.set(Fault::Pass);

    let watchkeeper = stage.start();
    assert_eq!(watchkeeper.metrics().value("watchkeeper_runs_lost_total", &[]), Some(2.0));
    for (job, run) in &cut_short {
        let lost = super::ended(&watchkeeper, job, run);
        assert!(lost.ended("lost") && lost.finished >= Some(killed), "{lost:?}");
    }
    let again = eventually("another try", SOON, || {
        runs(&watchkeeper, "harmless").into_iter().find(|run| run.attempt == 2 && run.ended("success"))
    });
    assert_eq!(again.first, cut_short[0].1);
    // What a person asks for is done after whatever else the job would have done by itself.
    let asked = run_now(&watchkeeper, "once");
    super::ended(&watchkeeper, "once", &asked);
    assert_eq!(runs(&watchkeeper, "once").iter().map(|run| run.attempt).collect::<Vec<_>>(), [1, 1]);
    no_invariant_is_violated(&watchkeeper);
}

#[test]
fn a_try_that_waits_outlives_a_kill_and_is_dropped_when_a_later_due_time_runs() {
    let keys =
        |every: &str| format!("every = {every:?}\nretry = {{ attempts = 5, backoff = \"1h\", max_backoff = \"1h\" }}");
    let stage = Stage::new(&[("waits", &keys("24h")), ("goes-on", &keys("2s"))]);
    stage.proxy.set(Fault::Refuse);
    let mut watchkeeper = stage.start();
    let asked = run_now(&watchkeeper, "waits");
    let waiting = |job: &str| {
        eventually(&format!("a try of {job} that waits"), SOON, || {
            let runs = watchkeeper.api(&format!("jobs/{job}"))["recent_runs"].as_array()?.clone();
            runs.into_iter().find(|run| !run["retry_at"].is_null())
        })
    };
    let (waits, dropped) = (waiting("waits"), waiting("goes-on"));
    assert_eq!(waits["id"], json!(asked));
    watchkeeper.signal(Signal::KILL);
    watchkeeper.wait();
    stage.proxy.set(Fault::Pass);
    let watchkeeper = stage.start();
    successes(&watchkeeper, "goes-on", Timestamp::MIN, 1);
    let after = |run: &Value| watchkeeper.api(&format!("runs/{}", run["id"].as_str().expect("a name")));
    assert_eq!(after(&waits)["run"]["retry_at"], waits["retry_at"], "it waits on");
    let dropped = after(&dropped);
    assert!(dropped["run"]["retry_at"].is_null(), "{dropped}");
    assert_eq!(dropped["attempts"].as_array().map(Vec::len), Some(1));
    no_invariant_is_violated(&watchkeeper);
}
