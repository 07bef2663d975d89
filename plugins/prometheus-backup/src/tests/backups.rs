//! What a run does when all is well.

use watchkeeper_sdk::serde_json::json;

use super::fake::{SNAPSHOT, World};

#[test]
fn a_run_stores_a_snapshot_and_removes_it_again() {
    let world = World::new();
    let run = world.run(&json!({}));
    assert_eq!(run.outcome, Ok("prometheus: 8.8 KiB, 4.4 KiB stored, read back, 1 kept".into()));

    let artifact = world.artifact();
    assert_eq!(world.store().content(&artifact.path), Some(vec![7; 9_000]));
    let noted = [("snapshot", SNAPSHOT), ("blocks", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(artifact.metadata, noted);
    assert_eq!(
        world.store().asked().first().map(String::as_str),
        Some("put prometheus tar"),
        "the host checks the format"
    );
    assert_eq!(world.server.borrow().asked, ["http://127.0.0.1:9090/api/v1/admin/tsdb/snapshot"]);
    assert_eq!(world.removed(), [SNAPSHOT]);
    assert_eq!(run.samples("prometheus_backup_blocks", &[]), [2.0]);
    assert_eq!(run.samples("prometheus_backup_leftover_snapshots", &[]), [0.0]);
    assert_eq!(run.samples("backup_size_bytes", &["prometheus"]), [9_000.0]);
}

#[test]
fn the_head_is_left_out_only_where_the_operator_says_so() {
    let world = World::new();
    let run = world.run(&json!({ "skip_head": true }));
    assert!(run.outcome.is_ok(), "{run:?}");
    assert_eq!(world.server.borrow().asked, ["http://127.0.0.1:9090/api/v1/admin/tsdb/snapshot?skip_head=true"]);
}

#[test]
fn the_first_snapshot_of_a_server_makes_the_folder() {
    let world = World::new();
    world.server.borrow_mut().folder = false;
    let run = world.run(&json!({}));
    assert!(run.outcome.is_ok(), "{run:?}");
}
