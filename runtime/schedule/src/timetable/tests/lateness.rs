//! What the timetable says of a job that doesn't fall due when it should: late without a reason, or kept by a clock that
//! was set back.

use std::time::Duration;

use super::{Plain, World, at, named, seconds};
use crate::{Blackout, Schedule};

#[test]
fn a_job_is_overdue_only_where_nothing_keeps_it() {
    let mut world = World::new();
    let minute = Duration::from_secs(60);
    let overdue = |world: &World, second: i64| world.timetable.overdue(at(second), minute).len();
    world.put("a", Plain::new("p"));
    assert_eq!(overdue(&world, 70), 0, "due at 10, a minute ago and no more");
    assert_eq!(overdue(&world, 71), 1, "nobody ticked");
    let mut closed = Plain::new("p");
    let start = Schedule::parse_cron("0 * * * *", "UTC").unwrap();
    closed.policy.blackouts = vec![Blackout::new(start, minute * 30).unwrap()];
    world.put("a", closed);
    assert_eq!(overdue(&world, 71), 0, "a blackout keeps it");
    world.put("a", Plain::new("p"));
    world.timetable.stand(&named("a"), |place| place.paused = true);
    assert_eq!(overdue(&world, 71), 0, "a pause keeps it");
    world.timetable.stand(&named("a"), |place| place.paused = false);
    assert_eq!(world.until(10), ["10 a runs 10"]);
    assert_eq!(overdue(&world, 500), 0, "its run keeps it");
}

#[test]
fn a_job_says_until_when_a_clock_that_was_set_back_keeps_it() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    assert_eq!(world.until(30), ["10 a runs 10", "20 a skips 20 overlap", "30 a skips 30 overlap"]);
    let ahead = |second: i64| {
        world.timetable.entry(&named("a")).unwrap().ahead(at(second), Duration::from_secs(60)).map(seconds)
    };
    assert_eq!((ahead(31), ahead(-30), ahead(-31)), (None, None, Some(30)));
}
