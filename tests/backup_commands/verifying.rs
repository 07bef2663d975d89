//! `backup verify`: what is as it was stored is marked so; what isn't is named by object and bytes.

use std::{fs, io::Write};

use serde_json::json;
use watchkeeper_artifact_store::{BLOCK, Check, Manifest};

use super::shelf::{KEY, Shelf, answer, failed, noise, sql, succeeded, write_key};

/// The marks that an artifact has.
fn marks(shelf: &Shelf, manifest: &Manifest) -> Vec<String> {
    let below = shelf.below(&format!("store/{}", manifest.path));
    below.into_iter().filter(|name| name.starts_with("mark.")).collect()
}

#[test]
fn what_was_read_whole_is_marked_as_verified() {
    let shelf = Shelf::new();
    let one = shelf.put("shop/main", Check::PgPlain, &sql(), 50);
    let other = shelf.put("shop/roles", Check::None, &noise(5 << 20), 2);
    let ended = shelf.call(&["verify", "shop"]);
    succeeded(&ended);
    assert!(ended.stdout.contains(&format!("{}: as stored, 5.0 MiB read\n", other.path)), "{}", ended.stdout);
    assert_eq!([marks(&shelf, &one), marks(&shelf, &other)], [["mark.verified"], ["mark.verified"]]);
    let mark = fs::read_to_string(shelf.object(&one, "mark.verified")).unwrap();
    assert!(mark.contains("\"by\":\"watchkeeper backup verify on "), "{mark}");
    failed(&shelf.call(&["verify", "nobody"]), 1, "nobody: no artifact in store main");
}

#[test]
fn parts_that_are_read_on_different_days_make_up_the_whole() {
    let shelf = Shelf::new();
    let artifact = shelf.put("shop/main", Check::None, &noise(2 * BLOCK + 1), 2);
    let path = artifact.path.to_string();
    let read = |part| answer(&shelf.call(&["verify", &path, "--part", part, "--format", "json"]));
    let first = read("2/3");
    assert_eq!((&first[0]["bytes"], &first[0]["verified"]), (&json!(BLOCK), &json!(false)));
    assert_eq!(marks(&shelf, &artifact), ["mark.read.001-of-003"]);
    assert_eq!(read("1/3")[0]["verified"], false);
    assert_eq!(read("3/3")[0]["verified"], true);
    assert_eq!(marks(&shelf, &artifact), ["mark.verified"]);

    // What is damaged is found by the part that it is in, and by no other.
    shelf.flip(&artifact, BLOCK + 5);
    succeeded(&shelf.call(&["verify", &path, "--part", "1/3"]));
    failed(&shelf.call(&["verify", &path, "--part", "2/3"]), 1, "are not what was stored");
    for part in ["0/3", "4/3", "1"] {
        assert_eq!(shelf.call(&["verify", &path, "--part", part]).code, Some(64), "{part}");
    }
}

#[test]
fn one_changed_byte_is_named_wherever_it_is_and_keeps_no_other_artifact_from_being_read() {
    let shelf = Shelf::new();
    let good = shelf.put("shop/main", Check::PgPlain, &sql(), 1);
    let bad = shelf.put("shop/main", Check::None, &noise(2 * BLOCK + 1000), 2);
    let size = usize::try_from(bad.stored.size).unwrap();
    for (at, from, to) in [(0, 0, BLOCK - 1), (2 * BLOCK - 1, BLOCK, 2 * BLOCK - 1), (size - 1, 2 * BLOCK, size - 1)] {
        shelf.flip(&bad, at);
        let ended = shelf.call(&["verify", "shop/main"]);
        let object = format!("{}/content.zst", bad.path);
        failed(&ended, 1, &format!("error: {object}: bytes {from} to {to} are not what was stored\n"));
        assert!(ended.stdout.contains(&format!("{}: NOT AS STORED\n", bad.path)), "{}", ended.stdout);
        assert!(ended.stdout.contains(&format!("{}: as stored", good.path)), "{}", ended.stdout);
        assert!(ended.stderr.ends_with("error: 1 of 2 artifacts not as stored\n"), "{}", ended.stderr);
        let ended = shelf.call(&["verify", &bad.path.to_string(), "--content", "--format", "json"]);
        let problem = &answer(&ended)[0]["problem"];
        assert_eq!([&problem["object"], &problem["from"], &problem["to"]], [&json!(object), &json!(from), &json!(to)]);
        assert_eq!((ended.code, marks(&shelf, &bad).len()), (Some(1), 0));
        shelf.flip(&bad, at);
    }
    succeeded(&shelf.call(&["verify", "shop/main"]));
}

#[test]
fn what_is_missing_or_too_much_is_named() {
    let shelf = Shelf::new();
    let artifact = shelf.put("shop/main", Check::PgPlain, &sql(), 1);
    let (file, size) = (shelf.content(&artifact), artifact.stored.size);
    fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b"xy").unwrap();
    failed(&shelf.call(&["verify", "shop/main"]), 1, &format!("bytes {size} to {} were not stored with it", size + 1));
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(size - 10).unwrap();
    failed(&shelf.call(&["verify", "shop/main"]), 1, &format!("bytes {} to {} are missing", size - 10, size - 1));
    fs::remove_file(&file).unwrap();
    failed(&shelf.call(&["verify", "shop/main"]), 1, "content.zst: it is gone");
}

#[test]
fn with_a_key_the_content_is_compared_too() {
    let shelf = Shelf::encrypting();
    let artifact = shelf.put("shop/main", Check::PgPlain, &sql(), 1);
    // No key is needed for what is stored.
    succeeded(&shelf.call(&["verify", "shop/main"]));
    fs::remove_file(shelf.object(&artifact, "mark.verified")).unwrap();
    let ended = shelf.call(&["verify", "shop/main", "--identity", KEY]);
    succeeded(&ended);
    assert!(ended.stdout.contains("as stored, and its content as put in"), "{}", ended.stdout);
    assert_eq!(marks(&shelf, &artifact), ["mark.verified"]);

    write_key(&shelf.deployment, "other.key");
    let none = "none of the 1 identities at hand opens it";
    failed(&shelf.call(&["verify", "shop/main", "--identity", "other.key"]), 1, none);
    succeeded(&shelf.call(&["verify", "shop/main", "--identity", "other.key", "--identity", KEY]));
    failed(&shelf.call(&["verify", "shop/main", "--content"]), 1, "hint: name the file with the age identity");
    let text = fs::read_to_string(shelf.deployment.configuration()).unwrap();
    fs::write(shelf.deployment.configuration(), format!("{text}identity_file = \"{KEY}\"\n")).unwrap();
    succeeded(&shelf.call(&["verify", "shop/main", "--content"]));
}
