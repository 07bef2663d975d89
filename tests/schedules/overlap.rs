//! A due time that comes while a run of the job goes: each word of `overlap`.

use jiff::Timestamp;

use super::{SOON, Stage, comes, cursor, metric, millis, no_invariant_is_violated, runs, skips, successes};
use crate::support::{Fault, Watchkeeper, eventually};

/// A job whose run is held since some due times.
struct Held {
    stage: Stage,
    watchkeeper: Watchkeeper,
    run: String,
}

const JOB: &str = "held";

impl Held {
    fn under(overlap: &str) -> Self {
        let stage = Stage::new(&[(JOB, &format!("every = \"250ms\"\noverlap = \"{overlap}\""))]);
        let watchkeeper = stage.start();
        successes(&watchkeeper, JOB, Timestamp::MIN, 1);
        let run = stage.hold(&watchkeeper, JOB);
        Self { stage, watchkeeper, run }
    }
}

#[test]
fn skip_leaves_out_what_comes_meanwhile() {
    let held = Held::under("skip");
    eventually("three skips", SOON, || {
        let skips = skips(&held.watchkeeper, JOB, "overlap");
        (skips.iter().map(|skip| skip.count).sum::<u64>() >= 3).then_some(())
    });
    assert_eq!(held.watchkeeper.overview().running(JOB), 1);
    let told = metric(&held.watchkeeper, "watchkeeper_job_runs_skipped_total", JOB, &[("reason", "overlap")]);
    assert!(told >= 3.0, "{told}");
    held.stage.proxy.set(Fault::Pass);
    let released = Timestamp::now();
    assert!(super::ended(&held.watchkeeper, JOB, &held.run).ended("success"));
    let next = successes(&held.watchkeeper, JOB, released, 1);
    assert!(next[0].nominal.is_some_and(|nominal| nominal + millis(250) > released), "nothing waited: {next:?}");
    no_invariant_is_violated(&held.watchkeeper);
}

#[test]
fn queue_runs_all_of_it_one_after_another() {
    let held = Held::under("queue");
    comes(Timestamp::now() + millis(1_500));
    assert_eq!(held.watchkeeper.overview().running(JOB), 1);
    let stood = cursor(&held.watchkeeper, JOB);
    let of_run = runs(&held.watchkeeper, JOB).into_iter().find(|run| run.id == held.run).expect("it goes");
    assert_eq!(of_run.nominal, Some(stood), "what waits has no disposition");
    held.stage.proxy.set(Fault::Pass);
    let next = successes(&held.watchkeeper, JOB, of_run.claimed, 6);
    let nominals: Vec<Timestamp> = next.iter().filter_map(|run| run.nominal).collect();
    assert!(nominals.windows(2).all(|pair| pair[1] == pair[0] + millis(250)), "in order, none left out: {nominals:?}");
    let apart = next.windows(2).all(|pair| pair[0].finished <= Some(pair[1].claimed));
    assert!(apart, "one after another: {next:#?}");
    assert!(skips(&held.watchkeeper, JOB, "overlap").is_empty());
    no_invariant_is_violated(&held.watchkeeper);
}

#[test]
fn cancel_previous_lets_the_latest_take_its_place() {
    let held = Held::under("cancel-previous");
    let cancelled = super::ended(&held.watchkeeper, JOB, &held.run);
    assert!(cancelled.ended("cancelled"), "{cancelled:?}");
    assert!(cancelled.message.contains("a newer run takes its place"), "{cancelled:?}");
    eventually("a run in its place", SOON, || {
        let later = runs(&held.watchkeeper, JOB).into_iter().filter(|run| run.nominal > cancelled.nominal);
        later.map(|run| run.claimed).min().map(|claimed| assert!(Some(claimed) >= cancelled.finished))
    });
    assert!(held.watchkeeper.overview().running(JOB) <= 1);
    held.stage.proxy.set(Fault::Pass);
    successes(&held.watchkeeper, JOB, Timestamp::now(), 1);
    assert_eq!(metric(&held.watchkeeper, "watchkeeper_job_consecutive_failures", JOB, &[]), 0.0);
    no_invariant_is_violated(&held.watchkeeper);
}

#[test]
fn allow_runs_side_by_side() {
    let held = Held::under("allow");
    eventually("three runs at once", SOON, || (held.watchkeeper.overview().running(JOB) >= 3).then_some(()));
    assert!(held.watchkeeper.metrics().value("watchkeeper_runs_in_progress", &[]) >= Some(3.0));
    held.stage.proxy.set(Fault::Pass);
    assert!(super::ended(&held.watchkeeper, JOB, &held.run).ended("success"));
    no_invariant_is_violated(&held.watchkeeper);
}
