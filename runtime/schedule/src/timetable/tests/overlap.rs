//! Due times while a run goes, and those that nobody was awake for: the timetable asks `decide`, and keeps what it says.

use super::{Plain, World, at};
use crate::{Blackout, CatchUp, Overlap, Schedule};

#[test]
fn a_job_runs_once_for_each_due_time_and_never_before() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    let mut events = Vec::new();
    for second in 1..=40 {
        events.extend(world.until(second));
        if world.running("a") > 0 {
            events.extend(world.end("a"));
        }
    }
    assert_eq!(events, ["10 a runs 10", "20 a runs 20", "30 a runs 30", "40 a runs 40"]);
}

#[test]
fn due_times_during_a_run_are_treated_by_the_overlap_policy() {
    let cases: [(Overlap, &[&str], &[&str]); 4] = [
        (Overlap::Skip, &["10 a runs 10", "20 a skips 20 overlap", "30 a skips 30 overlap"], &["40 a runs 40"]),
        (Overlap::Queue, &["10 a runs 10"], &["35 a runs 20"]),
        (Overlap::CancelPrevious, &["10 a runs 10", "20 a is cancelled"], &["35 a skips 20 too_late", "35 a runs 30"]),
        (Overlap::Allow, &["10 a runs 10", "20 a runs 20", "30 a runs 30"], &["40 a runs 40"]),
    ];
    for (overlap, during, after) in cases {
        let mut world = World::new();
        world.put("a", Plain::new("p").overlap(overlap));
        assert_eq!(world.until(35), during, "{overlap:?}");
        let mut events = world.end("a");
        events.extend(world.until(40));
        events.retain(|event| overlap != Overlap::CancelPrevious || !event.contains("is cancelled"));
        assert_eq!(events, after, "{overlap:?}");
    }
}

#[test]
fn a_queue_runs_one_after_another() {
    let mut world = World::new();
    world.put("a", Plain::new("p").overlap(Overlap::Queue));
    assert_eq!(world.until(35), ["10 a runs 10"]);
    assert_eq!(world.end("a"), ["35 a runs 20"]);
    assert_eq!(world.end("a"), ["35 a runs 30"]);
    assert_eq!(world.end("a"), [""; 0]);
    assert_eq!(world.until(40), ["40 a runs 40"]);
}

#[test]
fn a_run_is_told_once_that_it_makes_room() {
    let mut world = World::new();
    world.put("a", Plain::new("p").overlap(Overlap::CancelPrevious));
    assert_eq!(world.until(29), ["10 a runs 10", "20 a is cancelled"]);
    assert_eq!(world.end("a"), ["29 a runs 20"]);
    assert_eq!(world.until(31), ["30 a is cancelled"]);
}

#[test]
fn what_a_stall_missed_is_caught_up_with_and_not_overlapped() {
    let cases: [(CatchUp, &[&str], &[&str]); 3] = [
        (CatchUp::None, &["45 a skips 20..40 (3) too_late"], &["50 a runs 50"]),
        (CatchUp::Latest, &["45 a skips 20..30 (2) too_late"], &["46 a runs 40"]),
        (CatchUp::All, &[], &["46 a runs 20"]),
    ];
    for (catch_up, at_once, after) in cases {
        let mut world = World::new();
        let mut job = Plain::new("p").catch_up(catch_up);
        job.policy.catch_up_window = std::time::Duration::from_secs(3600);
        world.put("a", job);
        assert_eq!(world.until(11), ["10 a runs 10"]);
        assert_eq!(world.jump(45), at_once, "{catch_up:?}: the run of 10 goes on");
        world.until(46);
        let mut events = world.end("a");
        if events.is_empty() {
            events = world.until(50);
        }
        assert_eq!(events, after, "{catch_up:?}");
    }
}

#[test]
fn ticks_that_come_in_time_are_no_stall() {
    let mut world = World::new();
    world.put("a", Plain::new("p").overlap(Overlap::Queue).catch_up(CatchUp::None));
    assert_eq!(world.until(28), ["10 a runs 10"]);
    assert_eq!(world.jump(33), [""; 0], "five seconds");
    assert_eq!(world.end("a"), ["33 a runs 20"]);
}

#[test]
fn a_start_catches_up_with_the_outage_before_it() {
    let mut world = World::new();
    world.second = 1000;
    let mut job = Plain::new("p").catch_up(CatchUp::All);
    job.policy.catch_up_window = std::time::Duration::from_secs(25);
    let place = super::Place { generation: 3, cursor: at(100), head: None, skip_next: 0, failures: 0, paused: false };
    world.put_at("a", job, place);
    assert_eq!(world.here(), ["1000 a skips 110..970 (87) too_late", "1000 a runs 980"]);
    assert_eq!(world.end("a"), ["1000 a runs 990"]);
    assert_eq!(world.end("a"), ["1000 a runs 1000"]);
    assert_eq!(world.end("a"), [""; 0]);
}

#[test]
fn a_clock_that_goes_back_repeats_nothing() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    assert_eq!(world.until(12), ["10 a runs 10"]);
    world.end("a");
    assert_eq!(world.jump(-300), [""; 0]);
    assert_eq!(world.until(19), [""; 0]);
    assert_eq!(world.until(20), ["20 a runs 20"]);
}

#[test]
fn a_blackout_leaves_its_due_times_out_and_holds_back_what_waits() {
    let mut world = World::new();
    let start = Schedule::parse_cron("1 * * * *", "UTC").unwrap();
    let mut job = Plain::new("p").overlap(Overlap::Queue);
    job.policy.blackouts = vec![Blackout::new(start, std::time::Duration::from_secs(15)).unwrap()];
    world.put("a", job);
    assert_eq!(world.until(30), ["10 a runs 10"]);
    assert_eq!(world.until(62), [""; 0]);
    assert_eq!(world.end("a"), [""; 0], "20 would begin in the blackout");
    assert_eq!(world.until(75), ["75 a runs 20"]);
    assert_eq!(world.end("a"), ["75 a runs 30"]);
    assert_eq!(world.end("a"), ["75 a runs 40"]);
    assert_eq!(world.end("a"), ["75 a runs 50", "75 a skips 60..70 (2) blackout"]);
    world.end("a");
    assert_eq!(world.until(80), ["80 a runs 80"]);
}

#[test]
fn a_try_that_comes_again_waits_for_the_end_of_a_blackout() {
    let mut world = World::new();
    let mut job = Plain::new("p");
    job.schedule = Some(Schedule::parse_every("1h").unwrap());
    let start = Schedule::parse_cron("1 * * * *", "UTC").unwrap();
    job.policy.blackouts = vec![Blackout::new(start, std::time::Duration::from_secs(15)).unwrap()];
    world.second = 3590;
    world.put("a", job);
    assert_eq!(world.until(3600), ["3600 a runs 3600"]);
    world.end_as("a", super::Outcome::Unavailable, Some(3662));
    assert_eq!(world.until(3674), [""; 0]);
    assert_eq!(world.until(3675), ["3675 a runs 3600 try 2"]);
}
