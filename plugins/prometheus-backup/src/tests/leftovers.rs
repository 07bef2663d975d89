//! Snapshots that killed runs left behind.

use std::time::Duration;

use watchkeeper_sdk::{command::Exit, log::Level, serde_json::json};

use super::fake::{SNAPSHOT, World};

/// Two days old, an hour old, of tomorrow, and two that are no snapshots.
fn world() -> World {
    let world = World::new();
    for name in ["20231112T221320Z-a1", "20231114T211320Z-b2", "20231115T221320Z-c3", "keep-me", "20231112T221320Z"] {
        world.holds(name);
    }
    world
}

#[test]
fn they_are_counted_and_named_and_stay() {
    let world = world();
    let run = world.run(&json!({}));
    assert!(run.outcome.as_ref().is_ok_and(|line| line.contains("1 snapshots left behind")), "{run:?}");
    assert_eq!(run.samples("prometheus_backup_leftover_snapshots", &[]), [1.0]);
    let told = |(level, line): &(Level, String)| *level == Level::Warn && line.contains("20231112T221320Z-a1");
    assert!(run.logs.iter().any(told), "{:?}", run.logs);
    assert_eq!(world.removed(), [SNAPSHOT], "only its own");
}

#[test]
fn they_are_removed_before_the_next_snapshot_where_the_operator_says_so() {
    let world = world();
    let run = world.run(&json!({ "remove_leftovers": true }));
    assert!(run.outcome.is_ok(), "{run:?}");
    assert_eq!(world.removed(), ["20231112T221320Z-a1", SNAPSHOT]);
    assert_eq!(run.samples("prometheus_backup_leftover_snapshots", &[]), [0.0]);
}

#[test]
fn they_are_removed_although_no_snapshot_can_be_made() {
    let world = world();
    world.server.borrow_mut().answer = Ok((500, json!({ "status": "error", "error": "no space left on device" })));
    let run = world.run(&json!({ "remove_leftovers": true }));
    assert!(run.outcome.unwrap_err().to_string().contains("no space left"));
    assert_eq!(world.removed(), ["20231112T221320Z-a1"]);
}

#[test]
fn those_that_cannot_be_removed_fail_the_run_and_do_not_hold_up_the_backup() {
    let world = world();
    world.server.borrow_mut().removal = Exit::Code(1);
    let run = world.run(&json!({ "remove_leftovers": true }));
    assert!(run.outcome.unwrap_err().to_string().contains("snapshot 20231112T221320Z-a1 isn't removed"));
    assert_eq!(world.artifact().size, 9_000);
}

#[test]
fn a_snapshot_becomes_a_leftover_after_a_day() {
    let world = world();
    world.clock().advance(Duration::from_secs(23 * 3_600 + 1));
    let run = world.run(&json!({}));
    assert_eq!(run.samples("prometheus_backup_leftover_snapshots", &[]), [2.0]);
}
