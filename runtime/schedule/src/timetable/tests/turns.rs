//! Whose turn it is.

use super::{Plain, World, letters, named};
use crate::Overlap;

#[test]
fn the_limit_of_all_runs_holds_and_the_longest_waiting_goes_first() {
    let mut world = World::with_turns(2, 8);
    letters(4).iter().for_each(|name| world.put(name, Plain::new(name)));
    assert_eq!(world.until(10), ["10 a runs 10", "10 b runs 10"]);
    assert_eq!((world.timetable.in_progress(), world.timetable.queued()), (2, 2));
    assert_eq!(world.end("b"), ["10 c runs 10"]);
    assert_eq!(world.end("a"), ["10 d runs 10"]);
    assert_eq!((world.timetable.in_progress(), world.timetable.queued()), (2, 0));
}

#[test]
fn a_plugin_that_has_all_its_turns_lets_others_pass() {
    let mut world = World::with_turns(8, 1);
    for (name, plugin) in [("a", "busy"), ("b", "busy"), ("c", "other")] {
        world.put(name, Plain::new(plugin));
    }
    assert_eq!(world.until(10), ["10 a runs 10", "10 c runs 10"]);
    assert_eq!(world.end("a"), ["10 b runs 10"]);
}

#[test]
fn a_job_with_a_long_queue_of_its_own_doesnt_starve_the_others() {
    let mut world = World::with_turns(1, 1);
    letters(3).iter().for_each(|name| world.put(name, Plain::new("p").overlap(Overlap::Queue)));
    let mut order = world.until(60);
    while order.len() < 9 {
        let job = order.last().unwrap().split(' ').nth(1).unwrap().to_owned();
        order.extend(world.end(&job));
    }
    let jobs: String = order.iter().filter_map(|event| event.split(' ').nth(1)).collect();
    assert_eq!(jobs, "abcabcabc");
}

#[test]
fn what_waits_for_a_turn_is_decided_afresh_when_it_gets_one() {
    let mut world = World::with_turns(1, 1);
    world.put("a", Plain::new("p"));
    world.put("b", Plain::new("p"));
    assert_eq!(world.until(35), ["10 a runs 10", "20 a skips 20 overlap", "30 a skips 30 overlap"]);
    assert_eq!(world.end("a"), ["35 b skips 10..20 (2) too_late", "35 b runs 30"]);
}

#[test]
fn a_turn_that_is_not_used_goes_to_the_next() {
    let mut world = World::with_turns(1, 1);
    letters(3).iter().for_each(|name| world.put(name, Plain::new("p")));
    assert_eq!(world.until(10), ["10 a runs 10"]);
    assert!(world.timetable.hold(&named("b")));
    world.timetable.stand(&named("b"), |place| place.paused = true);
    world.timetable.release(&named("b"));
    assert_eq!(world.here(), ["10 b skips 10 paused"]);
    assert_eq!(world.end("a"), ["10 c runs 10"]);
    world.end("c");
    assert_eq!(world.timetable.in_progress(), 0);
}

#[test]
fn a_job_that_changes_its_plugin_while_it_waits_takes_no_turn_of_the_old_one() {
    let mut world = World::with_turns(8, 1);
    world.put("a", Plain::new("old"));
    world.put("b", Plain::new("old"));
    assert_eq!(world.until(10), ["10 a runs 10"]);
    assert!(world.timetable.exchange(&named("b"), Plain::new("new").into()));
    assert_eq!(world.here(), ["10 b runs 10"]);
    world.end("b");
    world.end("a");
    assert_eq!(world.timetable.in_progress(), 0);
    world.put("c", Plain::new("old"));
    world.put("a", Plain::new("new"));
    world.put("b", Plain::new("new"));
    assert_eq!(world.until(20), ["20 a runs 20", "20 c runs 20"], "one turn each, none lost");
}

#[test]
fn more_claims_than_one_tick_hands_out_follow_at_once() {
    let mut world = World::with_turns(5000, 5000);
    world.on_their_way = Some(Vec::new());
    (0..1500).for_each(|number| world.put(&format!("job-{number}"), Plain::new("p")));
    assert_eq!(world.jump(10).len(), 1000);
    assert!(world.sleep.is_zero());
    assert_eq!(world.here().len(), 500);
    assert!(!world.sleep.is_zero());
}
