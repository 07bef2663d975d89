//! An end and a new start: schedules go on where they stood, and what nobody could act on gets what `catch_up` says.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{
    Run, Stage, act, comes, cursor, metric, millis, no_invariant_is_violated, run_now, runs, skips, successes,
};
use crate::support::{Signal, Watchkeeper, eventually};

const PERIOD: i64 = 700;

#[test]
fn a_restart_shifts_no_interval_and_begins_no_generation() {
    let stage = Stage::new(&[("steady", "every = \"700ms\"\ncatch_up = \"none\"")]);
    let mut watchkeeper = stage.start();
    successes(&watchkeeper, "steady", Timestamp::MIN, 2);
    let generation = |watchkeeper: &Watchkeeper| {
        let detail = watchkeeper.api("jobs/steady");
        (detail["generation"].clone(), detail["generation_began"].clone())
    };
    let before = generation(&watchkeeper);
    assert_eq!(watchkeeper.end(), Some(0));

    // Neither an end nor what means the same in other words.
    stage.job("steady", "every = \"0.7s\"\ncatch_up = \"latest\"");
    let watchkeeper = stage.start();
    let started = Timestamp::now();
    successes(&watchkeeper, "steady", started, 2);
    assert_eq!(generation(&watchkeeper), before);
    let nominals: Vec<Timestamp> = runs(&watchkeeper, "steady").into_iter().filter_map(|run| run.nominal).collect();
    let share = |nominal: &Timestamp| nominal.as_millisecond() % PERIOD;
    assert!(nominals.iter().all(|nominal| share(nominal) == share(&nominals[0])), "{nominals:?}");
    no_invariant_is_violated(&watchkeeper);

    // Another interval is another schedule.
    stage.job("steady", "every = \"300ms\"");
    eventually("the next generation", super::SOON, || (generation(&watchkeeper).0 == json!(2)).then_some(()));
    successes(&watchkeeper, "steady", Timestamp::now(), 1);
    no_invariant_is_violated(&watchkeeper);
}

/// Kills it, and starts it again when a time has come. Returns it, and when it began.
fn after_an_outage(stage: &Stage, mut watchkeeper: Watchkeeper, until: Timestamp) -> (Watchkeeper, Timestamp) {
    watchkeeper.signal(Signal::KILL);
    watchkeeper.wait();
    comes(until);
    let watchkeeper = stage.start();
    let started = watchkeeper.api("jobs")["started"].as_str().expect("a time").parse().expect("a time");
    (watchkeeper, started)
}

/// The due times in (`after`, `until`] of a job that was due at `after`.
fn due_times(after: Timestamp, until: Timestamp, period: SignedDuration) -> Vec<Timestamp> {
    (1..).map(|number| after + period * number).take_while(|due| *due <= until).collect()
}

#[test]
fn what_was_missed_gets_what_catch_up_says() {
    let policies = ["none", "latest", "all"];
    let period = millis(2_500);
    let keys = policies.map(|policy| {
        let window = if policy == "none" { "" } else { "catch_up_window = \"1h\"" };
        format!("every = \"2500ms\"\ncatch_up = \"{policy}\"\n{window}")
    });
    let stage = Stage::new(&[(policies[0], &keys[0]), (policies[1], &keys[1]), (policies[2], &keys[2])]);
    let watchkeeper = stage.start();
    for policy in policies {
        successes(&watchkeeper, policy, Timestamp::MIN, 1);
    }
    let cursors = policies.map(|policy| cursor(&watchkeeper, policy));
    let (watchkeeper, started) = after_an_outage(&stage, watchkeeper, cursors[0].max(cursors[2]) + period * 3);
    for (policy, stood) in policies.into_iter().zip(cursors) {
        // A run that was claimed just before the kill may have moved the cursor once more.
        let before = runs(&watchkeeper, policy).into_iter().filter(|run| run.claimed < started);
        let stood = before.filter_map(|run| run.nominal).max().expect("it ran").max(stood);
        let missed = due_times(stood, started, period);
        assert!(missed.len() >= 2, "{policy}: {missed:?}");
        let wanted = if policy == "all" { missed.len() + 1 } else { 2 };
        let made_up: Vec<Timestamp> =
            successes(&watchkeeper, policy, started, wanted).iter().filter_map(|run| run.nominal).collect();
        let skipped = skips(&watchkeeper, policy, "too_late");
        let of_outage = skipped.into_iter().find(|skip| skip.last > stood && skip.first <= started);
        if policy == "all" {
            assert_eq!(made_up[..missed.len()], missed, "one after another, the oldest first");
            assert!(of_outage.is_none(), "{of_outage:?}");
            continue;
        }
        // The next due times may have come while the jobs were being loaded.
        match policy {
            "none" => assert!(made_up[0] > started, "{made_up:?} {started}"),
            _ => assert!(made_up[0] >= missed[missed.len() - 1], "{made_up:?} {missed:?}"),
        }
        let of_outage = of_outage.expect("the others are skipped");
        assert_eq!((of_outage.first, of_outage.last), (missed[0], made_up[0] - period), "{policy}");
        assert_eq!(of_outage.count, due_times(stood, of_outage.last, period).len() as u64, "{policy}");
    }
    no_invariant_is_violated(&watchkeeper);
}

#[test]
fn a_pause_and_its_note_outlive_a_kill_and_people_can_still_run_the_job() {
    let stage = Stage::new(&[("paused", "every = \"200ms\"\ncatch_up = \"all\"")]);
    let mut watchkeeper = stage.start();
    successes(&watchkeeper, "paused", Timestamp::MIN, 1);
    act(&watchkeeper, "jobs/paused/pause", &json!({"note": "the node is being moved"}));
    let paused = Timestamp::now();
    watchkeeper.signal(Signal::KILL);
    watchkeeper.wait();

    let watchkeeper = stage.start();
    let pause = watchkeeper.overview().job("paused").expect("it is there")["pause"].clone();
    assert_eq!((&pause["by"], &pause["note"]), (&json!("local token"), &json!("the node is being moved")));
    assert_eq!(metric(&watchkeeper, "watchkeeper_job_paused", "paused", &[]), 1.0);
    assert!(metric(&watchkeeper, "watchkeeper_job_next_run_timestamp_seconds", "paused", &[]).is_nan());
    let asked = run_now(&watchkeeper, "paused");
    let asked = super::ended(&watchkeeper, "paused", &asked);
    assert!(asked.ended("success") && asked.nominal.is_none(), "{asked:?}");

    eventually("a due time in the pause", super::SOON, || (Timestamp::now() - millis(400) > paused).then_some(()));
    let resumed = Timestamp::now();
    act(&watchkeeper, "jobs/paused/resume", &json!({}));
    assert_eq!(metric(&watchkeeper, "watchkeeper_job_paused", "paused", &[]), 0.0);
    successes(&watchkeeper, "paused", resumed, 2);
    let while_paused = |run: &Run| run.nominal.is_some() && run.claimed > paused && run.claimed < resumed;
    let while_paused: Vec<Run> = runs(&watchkeeper, "paused").into_iter().filter(while_paused).collect();
    assert!(while_paused.is_empty(), "{while_paused:?}");
    let skipped = skips(&watchkeeper, "paused", "paused");
    let detail = watchkeeper.api("jobs/paused");
    assert!(skipped.iter().map(|skip| skip.count).sum::<u64>() >= 1, "{detail:#}");
    assert!(metric(&watchkeeper, "watchkeeper_job_runs_skipped_total", "paused", &[("reason", "paused")]) >= 1.0);
    no_invariant_is_violated(&watchkeeper);
}
