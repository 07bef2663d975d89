//! What a run makes of everything that can be wrong: nothing is stored, and the snapshot is removed wherever there is one.

use watchkeeper_sdk::{
    Error, artifacts,
    command::Exit,
    files::{self, Packed},
    http,
    serde_json::{Value, json},
    testing::Operation,
};

use super::fake::{SNAPSHOT, World};

type Kind = fn(String) -> Error;

/// Runs, and holds the failure's kind and words.
fn fails(world: &World, kind: Kind, words: &[&str]) {
    let outcome = world.run(&json!({})).outcome;
    let Err(error) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error, kind(error.to_string()));
    for word in words {
        assert!(error.to_string().contains(word), "{error}");
    }
}

fn nothing_is_stored(world: &World) {
    assert_eq!(world.store().artifacts(), []);
}

#[test]
fn an_answer_without_a_snapshot_is_told_apart() {
    let disabled = json!({ "status": "error", "errorType": "unavailable", "error": "admin APIs disabled" });
    let not_ready = json!({ "status": "error", "errorType": "unavailable", "error": "TSDB not ready" });
    let cases: [(u16, Value, Kind, &[&str]); 7] = [
        (503, disabled, Error::Failed, &["admin APIs disabled", "hint: start Prometheus with --web.enable-admin-api"]),
        (503, not_ready, Error::Unavailable, &["TSDB not ready"]),
        (404, json!("404 page not found"), Error::Failed, &["HTTP status 404", "hint: start Prometheus with"]),
        (403, json!(null), Error::Failed, &["HTTP status 403", "hint: start Prometheus with"]),
        (401, json!("Unauthorized"), Error::Denied, &["HTTP status 401", "hint: `http.NAME.headers`"]),
        (302, json!(null), Error::Failed, &["HTTP status 302"]),
        (200, json!({ "status": "success" }), Error::Failed, &["malformed", "missing field `data`"]),
    ];
    for (status, body, kind, words) in cases {
        let world = World::new();
        world.server.borrow_mut().answer = Ok((status, body));
        fails(&world, kind, words);
        nothing_is_stored(&world);
        assert_eq!(world.removed(), [""; 0]);
    }
}

#[test]
fn a_server_that_does_not_answer_is_unavailable() {
    let world = World::new();
    world.server.borrow_mut().answer = Err(http::Error::Unavailable("refuses connections".into()));
    fails(&world, Error::Unavailable, &["refuses connections"]);
    nothing_is_stored(&world);
}

#[test]
fn a_name_that_is_no_snapshots_touches_nothing() {
    for name in ["../data", "", "-rf", "a b", ".."] {
        let world = World::new();
        world.server.borrow_mut().answer = Ok((200, json!({ "status": "success", "data": { "name": name } })));
        fails(&world, Error::Failed, &["can't be a folder's name"]);
        nothing_is_stored(&world);
        assert_eq!(world.removed(), [""; 0], "{name:?}");
    }
}

#[test]
fn an_empty_snapshot_is_no_backup() {
    let world = World::new();
    world.server.borrow_mut().blocks.clear();
    fails(&world, Error::Failed, &["is empty: it has no block", "hint: a server that hasn't scraped yet"]);
    let outcome = world.run(&json!({ "skip_head": true })).outcome;
    assert!(outcome.unwrap_err().to_string().contains("hint: without the head"));
    nothing_is_stored(&world);
    assert_eq!(world.removed(), [SNAPSHOT, SNAPSHOT]);
}

#[test]
fn what_is_no_block_does_not_count_as_one() {
    let world = World::new();
    let files = vec!["meta.json".to_owned()];
    world.server.borrow_mut().blocks = [("lost+found".to_owned(), files)].into();
    fails(&world, Error::Failed, &["is empty: it has no block"]);
}

#[test]
fn a_block_without_its_description_is_not_whole() {
    let world = World::new();
    world.server.borrow_mut().blocks.values_mut().next_back().unwrap().retain(|file| file != "meta.json");
    fails(&world, Error::Failed, &["block 01HF4ZJ1V0Q8W7E6R5T4Y3X2Z2", "has no meta.json"]);
    nothing_is_stored(&world);
    assert_eq!(world.removed(), [SNAPSHOT]);
}

#[test]
fn a_tree_that_is_another_servers_is_said() {
    let world = World::new();
    world.server.borrow_mut().elsewhere = true;
    fails(&world, Error::Failed, &["isn't in tree `snapshots`", "hint: its path is"]);
    nothing_is_stored(&world);
}

#[test]
fn a_snapshot_that_cannot_be_packed_is_removed() {
    let world = World::new();
    world.server.borrow_mut().packing.ended = Err(files::Error::Io("index: permission denied".into()));
    fails(&world, Error::Failed, &["index: permission denied"]);
    let changed = Packed { changed: vec!["b/index".into()], ..Packed::default() };
    world.server.borrow_mut().packing.ended = Ok(changed);
    fails(&world, Error::Failed, &["b/index in snapshot", "changed while it was read"]);
    nothing_is_stored(&world);
    assert_eq!(world.removed(), [SNAPSHOT, SNAPSHOT]);
}

#[test]
fn a_store_that_is_away_leaves_no_snapshot() {
    let world = World::new();
    world.store().fails(Operation::Put, artifacts::Error::Unavailable("no bucket".into()));
    fails(&world, Error::Unavailable, &["no bucket"]);
    assert_eq!(world.removed(), [SNAPSHOT]);
}

#[test]
fn a_snapshot_that_stays_fails_the_run_although_it_is_stored() {
    let world = World::new();
    world.server.borrow_mut().removal = Exit::Code(1);
    fails(
        &world,
        Error::Unavailable,
        &["snapshot 20231114T221320Z-4ddb8b1ab1b7de7e isn't removed", "Permission denied", "prometheus: 8.8 KiB"],
    );
    assert_eq!(world.artifact().size, 9_000);
}

#[test]
fn a_snapshot_that_is_too_small_is_no_backup() {
    let world = World::new();
    world.server.borrow_mut().packing.tar = vec![0; 1_024];
    fails(&world, Error::Failed, &["1024 bytes"]);
    nothing_is_stored(&world);
    assert_eq!(world.removed(), [SNAPSHOT]);
}
