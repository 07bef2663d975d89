//! What people ask for, and tries that come again.

use super::{Plain, World, at, named};
use crate::{
    Overlap, Schedule,
    timetable::{Outcome, Timestamp, Unable},
};

/// An overlap, what asking answers, and what begins at once and after the end.
type Case = (Overlap, Result<(), Unable>, &'static [&'static str], &'static [&'static str]);

#[test]
fn a_run_that_somebody_asks_for_moves_no_due_time() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    world.until(3);
    world.ask("a").unwrap();
    assert_eq!(world.here(), ["3 a runs for ada"]);
    assert_eq!(world.place("a").cursor, at(0));
    world.end("a");
    assert_eq!(world.until(10), ["10 a runs 10"]);
}

#[test]
fn a_job_without_a_schedule_runs_when_somebody_asks() {
    let mut world = World::new();
    let mut job = Plain::new("p");
    job.schedule = None;
    world.put("a", job);
    assert_eq!(world.until(100), [""; 0]);
    world.ask("a").unwrap();
    assert_eq!(world.here(), ["100 a runs for ada"]);
    assert_eq!(world.timetable.entry(&named("a")).unwrap().next_due(world.now()), None);
}

#[test]
fn who_asks_while_a_run_goes_is_refused_or_waits_or_runs_beside_it() {
    let cases: [Case; 4] = [
        (Overlap::Skip, Err(Unable::Running), &[], &[]),
        (Overlap::Queue, Ok(()), &[], &["12 a runs for ada"]),
        (Overlap::CancelPrevious, Ok(()), &[], &["12 a runs for ada"]),
        (Overlap::Allow, Ok(()), &["12 a runs for ada"], &[]),
    ];
    for (overlap, answer, at_once, after) in cases {
        let mut world = World::new();
        world.put("a", Plain::new("p").overlap(overlap));
        assert_eq!(world.until(12), ["10 a runs 10"]);
        assert_eq!(world.ask("a"), answer, "{overlap:?}");
        assert_eq!(world.here(), at_once, "{overlap:?}");
        assert_eq!(world.end("a"), after, "{overlap:?}");
    }
}

#[test]
fn who_asks_for_nothing_possible_is_told_why() {
    let mut world = World::with_turns(1, 1);
    assert_eq!(world.ask("a"), Err(Unable::Unknown));
    world.put("a", Plain::new("p"));
    world.put("b", Plain::new("p"));
    world.until(10);
    assert_eq!(world.ask("b"), Ok(()));
    assert_eq!(world.ask("b"), Err(Unable::Asked), "one waits for its turn");
    world.timetable.remove(&named("a"));
    assert_eq!(world.ask("a"), Err(Unable::Unknown), "what is left of a removed job");
    world.timetable.drain();
    assert_eq!(world.ask("b"), Err(Unable::Draining));
}

#[test]
fn a_paused_job_runs_when_somebody_asks() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    world.timetable.stand(&named("a"), |place| place.paused = true);
    world.ask("a").unwrap();
    assert_eq!(world.here(), ["0 a runs for ada"]);
}

#[test]
fn who_asked_is_not_passed_over_by_a_queue_of_due_times() {
    let mut world = World::new();
    world.put("a", Plain::new("p").overlap(Overlap::Queue));
    assert_eq!(world.until(45), ["10 a runs 10"]);
    world.ask("a").unwrap();
    assert_eq!(world.end("a"), ["45 a runs for ada"]);
    assert_eq!(world.end("a"), ["45 a runs 20"]);
}

#[test]
fn a_try_comes_again_at_its_time_for_the_same_due_time() {
    let mut world = World::new();
    let mut job = Plain::new("p");
    job.schedule = Some(Schedule::parse_every("1h").unwrap());
    world.second = 3590;
    world.put("a", job);
    assert_eq!(world.until(3600), ["3600 a runs 3600"]);
    world.end_as("a", Outcome::Unavailable, Some(3605));
    assert_eq!(world.until(3604), [""; 0]);
    assert_eq!(world.until(3605), ["3605 a runs 3600 try 2"]);
    world.end_as("a", Outcome::Unavailable, Some(3615));
    assert_eq!(world.until(3615), ["3615 a runs 3600 try 3"]);
    world.end("a");
    assert_eq!(world.until(7100), [""; 0]);
    assert_eq!(world.place("a").cursor, at(3600));
}

#[test]
fn a_later_due_time_takes_the_place_of_a_try_that_would_come_again() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    world.until(10);
    world.end_as("a", Outcome::Unavailable, Some(25));
    assert_eq!(world.until(20), ["20 a runs 20"]);
    world.end("a");
    assert_eq!(world.until(29), [""; 0]);
}

#[test]
fn a_try_waits_while_the_job_is_paused_or_runs() {
    let mut world = World::new();
    let mut job = Plain::new("p");
    job.schedule = Some(Schedule::parse_every("1h").unwrap());
    world.second = 3590;
    world.put("a", job);
    world.until(3600);
    world.end_as("a", Outcome::Unavailable, Some(3605));
    world.ask("a").unwrap();
    assert_eq!(world.until(3606), ["3601 a runs for ada"]);
    assert!(world.timetable.hold(&named("a")));
    world.timetable.stand(&named("a"), |place| place.paused = true);
    world.timetable.release(&named("a"));
    assert_eq!(world.end("a"), [""; 0]);
    world.until(3610);
    world.timetable.stand(&named("a"), |place| place.paused = false);
    world.timetable.release(&named("a"));
    assert_eq!(world.here(), ["3610 a runs 3600 try 2"]);
}

#[test]
fn a_try_beside_a_run_that_may_overlap_comes_at_its_time() {
    let mut world = World::new();
    let mut job = Plain::new("p").overlap(Overlap::Allow);
    job.schedule = Some(Schedule::parse_every("1h").unwrap());
    world.second = 3590;
    world.put("a", job);
    world.until(3600);
    world.ask("a").unwrap();
    assert_eq!(world.here(), ["3600 a runs for ada"]);
    world.end_as("a", Outcome::Unavailable, Some(3605));
    assert_eq!(world.running("a"), 1);
    assert_eq!(world.until(3605), ["3605 a runs 3600 try 2"]);
}

#[test]
fn a_try_that_the_ledger_doesnt_know_is_forgotten() {
    let mut world = World::new();
    let mut job = Plain::new("p");
    job.schedule = Some(Schedule::parse_every("1h").unwrap());
    world.second = 3590;
    world.put("a", job);
    world.until(3600);
    world.end_as("a", Outcome::Unavailable, Some(3605));
    world.on_their_way = Some(Vec::new());
    assert_eq!(world.until(3605), ["3605 a runs 3600 try 2"]);
    let batch = world.on_their_way.take().unwrap().remove(0);
    world.timetable.forget_retry(&batch.claim.as_ref().unwrap().start);
    world.timetable.answered(&batch, batch.then, None);
    assert_eq!(world.until(3700), [""; 0]);
}

#[test]
fn a_try_of_a_generation_that_is_over_never_comes() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    world.until(10);
    let run = world.timetable.entry(&named("a")).unwrap().running[0].start.clone();
    let place = super::Place { generation: 2, cursor: at(10), ..world.place("a") };
    world.put_at("a", Plain::new("p"), place);
    world.end_as("a", Outcome::Unavailable, Some(12));
    world.timetable.retry(run, at(12));
    assert_eq!(world.until(19), [""; 0]);
}

#[test]
fn failures_in_a_row_pause_a_job_where_its_policy_says_so() {
    let mut world = World::new();
    let mut job = Plain::new("p");
    job.policy.pause_after_failures = Some(3);
    world.put("a", job);
    let name = named("a");
    let outcomes =
        [Outcome::Failed, Outcome::Timeout, Outcome::Success, Outcome::Trap, Outcome::Cancelled, Outcome::Limit];
    for outcome in outcomes {
        assert_eq!(world.timetable.pauses(&name, outcome), None, "{outcome}");
        world.until(world.second + 10);
        world.end_as("a", outcome, None);
    }
    assert_eq!(world.place("a").failures, 2, "a cancelled run counts for nothing");
    let note = world.timetable.pauses(&name, Outcome::Failed).unwrap();
    assert_eq!(note, "paused after 3 failures in a row");
    assert_eq!(world.timetable.pauses(&name, Outcome::Success), None);
    world.timetable.stand(&name, |place| place.paused = true);
    assert_eq!(world.timetable.pauses(&name, Outcome::Failed), None, "it is paused");
}

#[test]
fn a_paused_job_skips_each_minute_and_says_no_next_time() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    let next = |world: &World| -> Option<Timestamp> { world.timetable.entry(&named("a"))?.next_due(world.now()) };
    assert_eq!(next(&world), Some(at(10)));
    world.timetable.stand(&named("a"), |place| place.paused = true);
    world.timetable.release(&named("a"));
    assert_eq!(next(&world), None);
    world.here();
    let skips = world.until(125);
    assert_eq!(skips, ["60 a skips 10..60 (6) paused", "120 a skips 70..120 (6) paused"]);
}
