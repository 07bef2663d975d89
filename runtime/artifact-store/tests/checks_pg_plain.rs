//! The `pg-plain` check: a dump as SQL is whole when it says so at its end, and at no other place.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use watchkeeper_artifact_store::{Check, CheckError};

const DATABASE: &str = include_str!("dumps/database-pg15.sql");
const CLUSTER: &str = include_str!("dumps/cluster-pg15.sql");

fn check<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(), CheckError> {
    let mut checker = Check::PgPlain.begin();
    for piece in pieces {
        checker.feed(piece)?;
    }
    checker.finish()
}

fn refused(content: &str) -> String {
    check([content.as_bytes()]).unwrap_err().what
}

/// A dump as versions before `\restrict` wrote it.
fn plain() -> String {
    let keyed = |line: &&str| line.starts_with("\\restrict") || line.starts_with("\\unrestrict");
    DATABASE.lines().filter(|line| !keyed(line)).fold(String::new(), |text, line| text + line + "\n")
}

#[test]
fn a_whole_dump_passes_in_any_pieces() {
    for dump in [DATABASE, CLUSTER, &plain(), &plain().replace('\n', "\r\n")] {
        let dump = dump.as_bytes();
        for split in 0..=dump.len() {
            let (one, two) = dump.split_at(split);
            assert_eq!(check([one, two]), Ok(()), "split at {split}");
        }
        assert_eq!(check(dump.chunks(1)), Ok(()));
    }
}

#[test]
fn a_dump_that_is_cut_short_anywhere_is_refused() {
    for dump in [DATABASE, CLUSTER, &plain()] {
        let end = dump.trim_end().len();
        // The cluster's and the old dump's last line is `--`: its line's end may miss. That of a key may not.
        let end = if dump == DATABASE { end + 1 } else { end };
        for length in 0..end {
            assert!(check([&dump.as_bytes()[..length]]).is_err(), "cut to {length} of {}", dump.len());
        }
        assert_eq!(check([&dump.as_bytes()[..end]]), Ok(()));
    }
}

#[test]
fn a_cluster_is_not_whole_when_its_first_database_is() {
    let (first, _) = CLUSTER.split_once("-- PostgreSQL database dump complete\n--\n").unwrap();
    let cut = format!("{first}-- PostgreSQL database dump complete\n--\n\n");
    assert!(refused(&cut).contains("doesn't end with \"-- PostgreSQL database cluster dump complete\""));
}

#[test]
fn words_before_the_end_say_nothing() {
    let said = plain() + "\nCREATE TABLE later (id integer);\n";
    assert_eq!(refused(&said), "the dump doesn't end with \"-- PostgreSQL database dump complete\": it was cut short");
    assert!(
        check([plain()
            .replace("--\n-- PostgreSQL database dump complete", "-- PostgreSQL database dump complete")
            .as_bytes()])
        .is_err()
    );
    assert!(check([b"-- PostgreSQL database dump complete" as &[u8]]).is_err());
    assert!(check([]).is_err());
}

#[test]
fn long_lines_and_no_lines_take_no_memory_and_no_time() {
    let mut checker = Check::PgPlain.begin();
    let megabyte = vec![b'x'; 1 << 20];
    for _ in 0..200 {
        checker.feed(&megabyte).unwrap();
    }
    let error = checker.finish().unwrap_err();
    assert_eq!(error.at, 200 << 20);
}
