//! What the tests of backups stand on does what it is there for: the services are real where they can be, refuse what they
//! should, and fail when they are told to.

use std::{
    fs,
    io::Write,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::support::{ObjectStore, On, Postgres, Response, S3Fault, S3Faults, eventually, programs, send, texts};

/// The smallest part that S3 takes before the last one.
const PART: usize = 5 << 20;

#[test]
fn postgres_is_dumped_and_restored_and_survives_its_own_kill() {
    let mut postgres = Postgres::start();
    postgres.create_database("shop");
    postgres.sql("shop", "CREATE TABLE orders (id int, note text)");
    postgres.sql("shop", "INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 500) n");
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("shop.dump");
    let file = file.to_str().unwrap();
    done(&postgres.run("pg_dump", &["--format=custom", "--compress=0", "--file", file, "--dbname=shop"]));
    postgres.create_database("scratch");
    done(&postgres.run("pg_restore", &["--exit-on-error", "--dbname=scratch", file]));
    let sum = "SELECT count(*), md5(string_agg(note, ',' ORDER BY id)) FROM orders";
    let expected = postgres.query("shop", sum);
    assert!(expected.starts_with("500|"), "{expected}");
    assert_eq!(postgres.query("scratch", sum), expected);

    let port = postgres.port();
    postgres.kill();
    let refused = postgres.run("psql", &["--dbname=shop", "--command=SELECT 1"]);
    assert!(said(&refused).contains("Connection refused"), "{}", said(&refused));
    postgres.restart();
    assert_eq!((postgres.port(), postgres.query("shop", sum)), (port, expected));
}

#[test]
fn postgres_lets_nobody_in_with_another_password() {
    let postgres = Postgres::start();
    let mut dump = Command::new(programs::postgres("pg_dump"));
    dump.envs(postgres.environment()).env("PGPASSWORD", "another").env("LC_ALL", "C").arg("--dbname=postgres");
    let refused = dump.output().unwrap();
    assert!(!refused.status.success() && refused.stdout.is_empty());
    assert!(said(&refused).contains("password authentication failed"), "{}", said(&refused));
    assert!(!said(&refused).contains(Postgres::PASSWORD), "{}", said(&refused));
}

#[test]
fn the_object_store_keeps_lists_changes_and_removes_what_only_its_key_may_touch() {
    let store = ObjectStore::start();
    store.put("a/one", b"1");
    store.put("a/two", b"22");
    store.put("b/three", b"333");
    assert_eq!(store.keys("a/"), ["a/one", "a/two"]);
    store.put("a/one", b"another");
    assert_eq!(store.get("a/one").as_deref(), Some(&b"another"[..]));
    store.delete("a/one");
    assert_eq!((store.get("a/one"), store.keys("")), (None, vec!["a/two".to_owned(), "b/three".to_owned()]));
    let unsigned = send("GET", &format!("{}/{}/a/two", store.url(), ObjectStore::BUCKET), &[], b"").unwrap();
    assert_eq!(unsigned.status, 403);

    let id = begin(&store, &store.url(), "parts");
    assert_eq!(store.unfinished(), ["parts"]);
    let tags =
        [part(&store, &store.url(), &id, 1, &[1; PART]).unwrap(), part(&store, &store.url(), &id, 2, b"end").unwrap()];
    let answer = complete(&store, &store.url(), &id, &tags);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(store.get("parts").map(|bytes| bytes.len()), Some(PART + 3));
    assert!(store.unfinished().is_empty());
}

#[test]
fn faults_strike_the_requests_that_they_are_meant_for_and_no_others() {
    let store = ObjectStore::start();
    let proxy = S3Faults::start(&store.url());
    let through = proxy.url();
    let id = begin(&store, &through, "parts");
    proxy.fail(On::Part(2), S3Fault::Status(503), 1);
    proxy.fail(On::Part(1), S3Fault::Flip, 1);
    assert_eq!(part(&store, &through, &id, 1, &[1; PART]).unwrap_err(), "status 400");
    let first = part(&store, &through, &id, 1, &[1; PART]).unwrap();
    assert_eq!(part(&store, &through, &id, 2, b"end").unwrap_err(), "status 503");
    let second = part(&store, &through, &id, 2, b"end").unwrap();
    assert_eq!((proxy.requests(On::Part(1)), proxy.requests(On::Part(2))), (2, 2));

    // The store does it, and the client doesn't learn so.
    proxy.fail(On::Complete, S3Fault::CutAnswer, 1);
    let query = [("uploadId", id.as_str())];
    let list = part_list(&[first, second]);
    assert!(store.try_send_to(&through, "POST", "parts", &query, list.as_bytes()).is_err());
    assert_eq!(store.get("parts").map(|bytes| bytes.len()), Some(PART + 3));

    // The connection ends in the middle; the store has nothing.
    proxy.fail(On::Put(".json"), S3Fault::CutRequest, 1);
    assert!(store.try_send_to(&through, "PUT", "manifest.json", &[], &[7; PART]).is_err());
    assert_eq!(store.get("manifest.json"), None);

    // A byte that changes on the way up is noticed by the store if it was told a checksum, one on the way down by nobody
    // but the reader.
    proxy.fail(On::Put(""), S3Fault::Flip, 1);
    assert_eq!(store.send_to(&through, "PUT", "flipped", &[], b"abcde").status, 400);
    store.put("flipped", b"abcde");
    proxy.fail(On::Get("flipped"), S3Fault::Flip, 1);
    assert_eq!(store.send_to(&through, "GET", "flipped", &[], b"").text(), "abbde");
    proxy.fail(On::Any, S3Fault::Status(500), usize::MAX);
    assert_eq!(store.send_to(&through, "GET", "flipped", &[], b"").status, 500);
    proxy.heal();
    assert_eq!(store.send_to(&through, "GET", "flipped", &[], b"").text(), "abcde");

    // What is held goes on when it may.
    proxy.fail(On::Delete, S3Fault::Hold, 1);
    thread::scope(|scope| {
        let deletion = scope.spawn(|| store.send_to(&through, "DELETE", "flipped", &[], b"").status);
        eventually("a deletion", Duration::from_secs(10), || (proxy.requests(On::Delete) == 1).then_some(()));
        assert!(!deletion.is_finished() && store.get("flipped").is_some());
        proxy.heal();
        assert_eq!(deletion.join().unwrap(), 204);
    });
    assert_eq!(store.get("flipped"), None);

    let id = begin(&store, &through, "given-up");
    assert_eq!(store.send_to(&through, "DELETE", "given-up", &[("uploadId", &id)], b"").status, 204);
    assert_eq!((proxy.requests(On::Create), proxy.requests(On::Abort)), (2, 1));
    assert!(store.unfinished().is_empty());
}

#[test]
fn a_store_that_lists_late_shows_what_is_gone_and_hides_what_is_new() {
    let store = ObjectStore::start();
    let proxy = S3Faults::start(&store.url());
    let list = |prefix: &str| {
        let query = [("list-type", "2"), ("prefix", prefix)];
        texts(store.send_to(&proxy.url(), "GET", "", &query, b"").text(), "Key")
    };
    let put = |key: &str| assert_eq!(store.send_to(&proxy.url(), "PUT", key, &[], b"x").status, 200);
    put("a/old");
    put("a/gone");
    assert_eq!(list("a/"), ["a/gone", "a/old"]);
    proxy.list_late();
    put("a/new");
    put("a/old");
    assert_eq!(store.send_to(&proxy.url(), "DELETE", "a/gone", &[], b"").status, 204);
    assert_eq!(list("a/"), ["a/gone", "a/old"]);
    assert!(list("b/").is_empty());
    assert_eq!(store.send_to(&proxy.url(), "GET", "a/new", &[], b"").status, 200, "only lists are late");
    assert_eq!(store.keys("a/"), ["a/new", "a/old"]);
    proxy.list_truly();
    assert_eq!(list("a/"), ["a/new", "a/old"]);
    assert_eq!(proxy.requests(On::List), 4);
}

#[test]
fn age_and_zstd_undo_what_they_did() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key");
    let made = Command::new(programs::age().with_file_name("age-keygen")).arg("-o").arg(&key).output().unwrap();
    done(&made);
    let recipient = said(&made).trim().rsplit(' ').next().unwrap_or_default().to_owned();
    assert!(recipient.starts_with("age1"), "{recipient}");
    let content = b"a line\n".repeat(1000);
    let packed = piped(Command::new(programs::zstd()).arg("-c"), &content);
    let sealed = piped(Command::new(programs::age()).args(["-r", &recipient]), &packed);
    assert!(packed.len() < 1000 && sealed != packed);
    let opened = piped(Command::new(programs::age()).arg("-d").arg("-i").arg(&key), &sealed);
    assert_eq!(piped(Command::new(programs::zstd()).args(["-d", "-c"]), &opened), content);
    assert!(fs::read_to_string(key).unwrap().contains("AGE-SECRET-KEY-1"));
}

/// Starts an upload in parts and returns its id.
fn begin(store: &ObjectStore, endpoint: &str, key: &str) -> String {
    let answer = store.send_to(endpoint, "POST", key, &[("uploads", "")], b"");
    texts(answer.text(), "UploadId").pop().unwrap_or_else(|| panic!("no upload: {answer:?}"))
}

/// Sends a part of `parts`; gives what the store calls it, or why not.
fn part(store: &ObjectStore, endpoint: &str, id: &str, number: u32, bytes: &[u8]) -> Result<String, String> {
    let query = [("partNumber", &*number.to_string()), ("uploadId", id)];
    let answer = store.try_send_to(endpoint, "PUT", "parts", &query, bytes)?;
    if answer.status == 200 { Ok(answer.header("etag").to_owned()) } else { Err(format!("status {}", answer.status)) }
}

fn complete(store: &ObjectStore, endpoint: &str, id: &str, tags: &[String]) -> Response {
    store.send_to(endpoint, "POST", "parts", &[("uploadId", id)], part_list(tags).as_bytes())
}

fn part_list(tags: &[String]) -> String {
    let parts = tags
        .iter()
        .enumerate()
        .map(|(place, tag)| format!("<Part><PartNumber>{}</PartNumber><ETag>{tag}</ETag></Part>", place + 1));
    format!("<CompleteMultipartUpload>{}</CompleteMultipartUpload>", parts.collect::<String>())
}

/// What a program makes of a text that it can hold in its pipes.
fn piped(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    done(&output);
    output.stdout
}

#[track_caller]
fn done(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
