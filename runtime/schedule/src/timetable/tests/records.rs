//! Batches and the ledger's answers: nothing is decided for a job while one of its batches is on its way, and what stands
//! afterwards is what the ledger says.

use super::{Batch, Plain, World, at, named};
use crate::Overlap;

/// A world in which a job's claim of second 10 is on its way.
fn claiming(job: Plain) -> (World, Batch<Plain>) {
    let mut world = World::with_turns(1, 1);
    world.put("a", job);
    world.until(9);
    world.on_their_way = Some(Vec::new());
    assert_eq!(world.until(10), ["10 a runs 10"]);
    let batch = world.on_their_way.as_mut().unwrap().remove(0);
    (world, batch)
}

#[test]
fn nothing_is_decided_for_a_job_while_its_batch_is_on_its_way() {
    for overlap in Overlap::ALL {
        let (mut world, batch) = claiming(Plain::new("p").overlap(overlap));
        world.put("b", Plain::new("p"));
        assert_eq!(world.until(29), [""; 0], "{overlap:?}: and the other's turn is taken");
        assert_eq!(world.timetable.in_progress(), 1);
        assert_eq!(world.running("a"), 0, "it isn't recorded, so it doesn't run");
        world.recorded(&batch);
        assert_eq!(world.running("a"), 1);
    }
}

#[test]
fn a_claim_that_the_ledger_doesnt_have_starts_nothing_and_is_decided_again() {
    let (mut world, batch) = claiming(Plain::new("p"));
    let before = world.place("a");
    world.on_their_way = None;
    world.second = 12;
    world.timetable.answered(&batch, before, None);
    assert_eq!(world.here(), ["12 a runs 10"]);
    assert_eq!(world.timetable.in_progress(), 1);
}

#[test]
fn a_claim_that_somebody_else_made_moves_the_cursor_and_starts_nothing() {
    let (mut world, batch) = claiming(Plain::new("p"));
    world.on_their_way = None;
    world.timetable.answered(&batch, batch.then, None);
    assert_eq!(world.here(), [""; 0]);
    assert_eq!((world.place("a").cursor, world.timetable.in_progress()), (at(10), 0));
    assert_eq!(world.until(20), ["20 a runs 20"]);
}

#[test]
fn skips_move_the_cursor_when_they_are_recorded_and_not_before() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    world.until(10);
    world.on_their_way = Some(Vec::new());
    assert_eq!(world.until(20), ["20 a skips 20 overlap"]);
    assert_eq!(world.place("a").cursor, at(10));
    let batch = world.on_their_way.as_mut().unwrap().remove(0);
    world.recorded(&batch);
    assert_eq!(world.place("a").cursor, at(20));
}

#[test]
fn due_times_to_be_left_out_are_counted_down_as_they_are_recorded() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    world.timetable.stand(&named("a"), |place| place.skip_next = 2);
    assert_eq!(world.until(10), ["10 a skips 10 skip_next"]);
    assert_eq!(world.place("a").skip_next, 1);
    assert_eq!(world.until(30), ["20 a skips 20 skip_next", "30 a runs 30"]);
    assert_eq!(world.place("a").skip_next, 0);
}

#[test]
fn a_run_that_ends_while_a_batch_is_on_its_way_is_over() {
    let mut world = World::new();
    world.put("a", Plain::new("p"));
    world.until(10);
    world.on_their_way = Some(Vec::new());
    world.until(20);
    let batch = world.on_their_way.take().unwrap().remove(0);
    assert_eq!(world.end("a"), [""; 0]);
    world.recorded(&batch);
    assert_eq!(world.until(30), ["30 a runs 30"]);
}

#[test]
fn a_long_backlog_is_recorded_in_several_batches() {
    let mut world = World::new();
    world.second = 1_000_000;
    let mut job = Plain::new("p");
    job.policy.catch_up_window = std::time::Duration::from_secs(20);
    let place = super::Place { generation: 1, cursor: at(0), head: None, skip_next: 0, failures: 0, paused: false };
    world.put_at("a", job, place);
    world.on_their_way = Some(Vec::new());
    assert_eq!(world.here().len(), 4);
    let first = world.on_their_way.take().unwrap().remove(0);
    assert!(first.claim.is_none());
    assert_eq!(first.then.cursor, at(400_000), "ten thousand due times each");
    world.recorded(&first);
    let rest = world.here();
    assert_eq!(rest.last().unwrap(), "1000000 a runs 1000000");
    assert_eq!(world.place("a").cursor, world.now());
}
