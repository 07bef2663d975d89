//! Jobs that come, change and go, holds, and the end of the process.

use watchkeeper_model::SkipReason;

use super::{Place, Plain, World, at, named};
use crate::Schedule;

#[test]
fn a_removed_job_starts_no_more_and_keeps_its_turn_until_its_run_has_ended() {
    let mut world = World::with_turns(1, 1);
    world.put("a", Plain::new("p"));
    world.put("b", Plain::new("p"));
    assert_eq!(world.until(10), ["10 a runs 10"]);
    world.timetable.remove(&named("a"));
    assert_eq!(world.running("a"), 1, "the caller ends its run");
    assert_eq!(world.here(), [""; 0], "its run is not over");
    assert_eq!(world.end("a"), ["10 b runs 10"]);
    assert_eq!(world.timetable.entries().count(), 1);
    world.timetable.remove(&named("b"));
    world.end("b");
    assert_eq!(world.jump(1000), [""; 0]);
    assert_eq!((world.timetable.entries().count(), world.timetable.in_progress()), (0, 0));
}

#[test]
fn a_job_that_is_removed_while_it_waits_takes_no_turn() {
    let mut world = World::with_turns(1, 1);
    world.put("a", Plain::new("p"));
    world.put("b", Plain::new("p"));
    world.until(10);
    world.timetable.remove(&named("b"));
    assert_eq!(world.timetable.queued(), 0);
    assert_eq!(world.end("a"), [""; 0]);
    assert_eq!(world.timetable.in_progress(), 0);
}

#[test]
fn a_job_that_comes_back_while_its_old_run_goes_waits_for_its_end() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    world.until(15);
    world.timetable.remove(&named("a"));
    world.put_at(
        "a",
        Plain::new("p"),
        Place { generation: 2, cursor: at(15), head: None, skip_next: 0, failures: 0, paused: false },
    );
    assert_eq!(world.until(25), ["20 a skips 20 overlap"]);
    assert_eq!(world.end("a"), [""; 0]);
    assert_eq!(world.until(30), ["30 a runs 30"]);
}

#[test]
fn a_changed_job_with_the_same_schedule_stands_where_it_stood() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    assert_eq!(world.until(15), ["10 a runs 10"]);
    assert!(world.timetable.exchange(&named("a"), Plain::new("q").into()));
    world.end("a");
    assert_eq!(world.until(20), ["20 a runs 20"]);
    assert_eq!(world.timetable.entry(&named("a")).unwrap().running[0].under.plugin.as_str(), "q");
    assert!(!world.timetable.exchange(&named("b"), Plain::new("p").into()), "there is no such job");
}

#[test]
fn a_held_job_decides_nothing_until_it_is_released() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    world.put("b", Plain::new("p"));
    assert!(world.timetable.hold(&named("a")));
    assert!(!world.timetable.hold(&named("a")), "one at a time");
    assert_eq!(world.until(12), ["10 b runs 10"]);
    world.timetable.release(&named("a"));
    assert_eq!(world.here(), ["12 a runs 10"]);
    assert!(world.timetable.hold(&named("none")), "nothing is decided for what isn't there");
}

#[test]
fn a_job_with_a_batch_on_its_way_cant_be_held() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    world.on_their_way = Some(Vec::new());
    world.until(10);
    assert!(world.timetable.entry(&named("a")).unwrap().recording);
    assert!(!world.timetable.hold(&named("a")));
    let batches = world.on_their_way.take().unwrap();
    world.recorded(&batches[0]);
    assert!(world.timetable.hold(&named("a")));
}

#[test]
fn the_backlog_of_a_job_is_what_has_come_and_has_no_disposition() {
    let backlog = |schedule: Schedule, second: i64, reason| {
        let place = Place { generation: 7, cursor: at(0), head: None, skip_next: 0, failures: 0, paused: true };
        let skip = super::backlog(&named("a"), &schedule, &place, reason, at(second))?;
        assert_eq!((skip.generation, skip.reason), (7, reason));
        Some((skip.first, skip.last, skip.count))
    };
    let every = || Schedule::parse_every("10s").unwrap();
    assert_eq!(backlog(every(), 9, SkipReason::Paused), None);
    assert_eq!(backlog(every(), 10, SkipReason::Paused), Some((at(10), at(10), 1)));
    assert_eq!(backlog(every(), 57, SkipReason::Removed), Some((at(10), at(50), 5)));
    assert_eq!(backlog(every(), 34_560_000, SkipReason::Paused), Some((at(10), at(34_560_000), 3_456_000)));
    let late =
        Schedule::parse_cron("* * * * *", "UTC").unwrap().spread(&named("a"), std::time::Duration::from_secs(59));
    let offset = i64::try_from(late.start_offset().as_secs()).unwrap();
    assert!(offset > 1, "{offset}");
    assert_eq!(backlog(late.clone(), 61, SkipReason::Paused), None, "it has not come: it runs after the pause");
    for reason in [SkipReason::Rescheduled, SkipReason::Removed] {
        assert_eq!(backlog(late.clone(), 61, reason), Some((at(60), at(60), 1)), "nothing else will dispose of it");
    }
}

#[test]
fn a_drain_gives_no_turn_and_keeps_no_loop_busy() {
    let mut world = World::with_turns(1, 1);
    world.put("a", Plain::new("p"));
    world.put("b", Plain::new("p"));
    assert_eq!(world.until(10), ["10 a runs 10"]);
    world.timetable.drain();
    assert!(world.timetable.is_draining());
    assert_eq!(world.end("a"), [""; 0]);
    assert_eq!(world.jump(100), [""; 0]);
    assert_eq!(world.sleep.as_secs(), 1);
    assert_eq!(world.timetable.in_progress(), 0);
}

#[test]
fn the_sleep_ends_at_the_next_due_time() {
    let mut world = World::new();
    world.here();
    assert_eq!(world.sleep.as_millis(), 1000, "a clock that was set is noticed");
    let mut job = Plain::new("p");
    job.schedule = Some(Schedule::parse_every("700ms").unwrap());
    world.put("a", job);
    world.here();
    assert!(!world.sleep.is_zero() && world.sleep.as_millis() <= 700, "{:?}", world.sleep);
}
