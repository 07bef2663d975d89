//! The `pg-custom` check against real dumps and against archives that are wrong in one way each. A dump that was cut short
//! anywhere must be refused: `pg_restore --list` accepts every cut after the table of contents.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod checks_archive;

use checks_archive::{Archive, Entry};
use watchkeeper_artifact_store::{Check, CheckError};

const DUMPS: [(&str, &[u8]); 6] = [
    ("small-pg15", include_bytes!("dumps/small-pg15.dump")),
    ("small-pg18", include_bytes!("dumps/small-pg18.dump")),
    ("tables-pg15", include_bytes!("dumps/tables-pg15.dump")),
    ("tables-pg18", include_bytes!("dumps/tables-pg18.dump")),
    ("seekable-pg15", include_bytes!("dumps/seekable-pg15.dump")),
    ("schema-pg15", include_bytes!("dumps/schema-pg15.dump")),
];

fn dump(name: &str) -> &'static [u8] {
    DUMPS.iter().find(|(known, _)| *known == name).unwrap().1
}

/// The small dumps are tried at each of their bytes, the others at many.
fn step(name: &str) -> usize {
    if name.starts_with("small") { 1 } else { 7 }
}

fn check<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(), CheckError> {
    let mut checker = Check::PgCustom.begin();
    for piece in pieces {
        checker.feed(piece)?;
    }
    checker.finish()
}

fn refused(content: &[u8]) -> (u64, String) {
    let error = check([content]).unwrap_err();
    (error.at, error.what)
}

#[test]
fn a_whole_dump_passes() {
    for (name, dump) in DUMPS {
        assert_eq!(check([dump]), Ok(()), "{name}");
    }
}

#[test]
fn the_pieces_in_which_a_dump_comes_do_not_matter() {
    for (name, dump) in DUMPS {
        for split in (0..=dump.len()).step_by(step(name)) {
            let (one, two) = dump.split_at(split);
            assert_eq!(check([one, two]), Ok(()), "{name} split at {split}");
        }
        for size in 1..12 {
            assert_eq!(check(dump.chunks(size)), Ok(()), "{name} in pieces of {size}");
        }
    }
}

#[test]
fn a_dump_that_is_cut_short_anywhere_is_refused() {
    for (name, dump) in DUMPS {
        for length in (0..dump.len()).step_by(step(name)) {
            let error = check([&dump[..length]]).expect_err(&format!("{name} cut to {length} bytes"));
            assert_eq!(error.at, length as u64, "{name}: {error}");
        }
    }
}

#[test]
fn a_dump_that_ends_between_two_blocks_is_refused_by_the_names_of_the_missing() {
    for name in ["small-pg15", "small-pg18"] {
        let dump = dump(name);
        let cuts = (0..dump.len()).map(|length| refused(&dump[..length]).1);
        let absent: Vec<_> = cuts.filter(|what| what.contains("never came")).collect();
        assert_eq!(
            absent,
            [
                "the data of table public.fruit never came, nor that of 2 others",
                "the data of table public.nothing never came, nor that of 1 other",
                "the data of the large objects never came",
            ],
            "{name}"
        );
    }
}

#[test]
fn a_dump_that_ends_amid_data_is_refused_by_the_name_of_the_table() {
    let dump = dump("small-pg15");
    let row = dump.windows(6).rposition(|bytes| bytes == b"apple\n").unwrap();
    assert_eq!(refused(&dump[..row + 3]).1, "the dump ends inside the data of table public.fruit");
    assert_eq!(refused(&dump[..dump.len() - 1]).1, "the dump ends inside the data of the large objects");
    assert_eq!(refused(&dump[..20]).1, "the dump ends inside its header");
    assert!(refused(&dump[..200]).1.contains("inside its table of contents, 10 entries before its end"));
}

#[test]
fn bytes_after_the_end_are_refused() {
    for (name, dump) in DUMPS {
        for extra in [&b"\0"[..], b"\x01", b"\n", dump] {
            let content = [dump, extra].concat();
            assert_eq!(
                refused(&content),
                (dump.len() as u64, "bytes come after the end of the dump".to_owned()),
                "{name}"
            );
        }
    }
}

#[test]
fn what_is_no_custom_archive_is_refused_at_once_with_what_to_do() {
    for content in
        [&b"--\n-- PostgreSQL database dump\n"[..], b"\x1f\x8b\x08", b"pg_dump: error: connection failed\n", b"PGDMX"]
    {
        let (_, what) = refused(content);
        assert!(what.starts_with("the content doesn't begin with PGDMP\nhint: give pg_dump --format=custom"), "{what}");
    }
    let mut tar_of_dump = dump("small-pg15").to_vec();
    tar_of_dump[10] = 3;
    assert!(refused(&tar_of_dump).1.contains("the archive's format is 3, not custom\nhint: "));
}

#[test]
fn a_byte_turned_over_anywhere_neither_panics_nor_hangs() {
    let mut random = fastrand::Rng::with_seed(20_261_128);
    for (_, dump) in DUMPS {
        for _ in 0..1_000 {
            let mut broken = dump.to_vec();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..broken.len());
                broken[at] ^= random.u8(1..);
            }
            let _ = check(broken.chunks(random.usize(1..300)));
        }
    }
}

#[test]
fn every_version_is_walked_by_its_own_columns() {
    for minor in 12..=16 {
        let whole = Archive::new(minor).write();
        assert_eq!(check([&whole[..]]), Ok(()), "1.{minor}");
        for length in 0..whole.len() {
            assert!(check([&whole[..length]]).is_err(), "1.{minor} cut to {length} bytes");
        }
    }
    for minor in [0, 11, 17] {
        assert!(refused(&Archive::new(minor).write()).1.ends_with("1.12 to 1.16 are known"), "1.{minor}");
    }
}

#[test]
fn data_that_the_table_of_contents_does_not_know_is_refused() {
    let mut archive = Archive::new(14);
    archive.blocks[0].id = 77;
    assert_eq!(refused(&archive.write()).1, "data comes for entry 77, which has none by the table of contents");

    let mut archive = Archive::new(14);
    let again = archive.blocks[0].clone();
    archive.blocks.insert(1, again);
    assert_eq!(refused(&archive.write()).1, "the data of table shop.customers comes twice");

    let mut archive = Archive::new(14);
    archive.blocks[0].id = archive.blocks[1].id;
    archive.blocks.remove(1);
    assert_eq!(refused(&archive.write()).1, "the data of the large objects has the wrong kind");

    let mut archive = Archive::new(14);
    let same = archive.entries[1].id;
    archive.entries.push(Entry { id: same, kind: "TABLE DATA", tag: "x\n", state: 1 });
    assert_eq!(
        refused(&archive.write()).1,
        format!("table shop.customers and table shop.x\\n have the same number {same}")
    );

    let mut archive = Archive::new(14);
    archive.entries[1].state = 2;
    assert!(refused(&archive.write()).1.contains("the data of table shop.customers should begin at byte 0 by"));
}

#[test]
fn blocks_may_come_in_any_order() {
    let mut archive = Archive::new(16);
    archive.blocks.reverse();
    assert_eq!(check([&archive.write()[..]]), Ok(()));
}

#[test]
fn a_table_of_contents_without_end_is_refused_before_it_fills_the_memory() {
    let tag = "t".repeat(60);
    let mut checker = Check::PgCustom.begin();
    let mut archive = Archive::new(14);
    archive.count = Some(i32::MAX);
    archive.entries.clear();
    archive.blocks.clear();
    checker.feed(&archive.write()).unwrap();
    let error = (1..1_000_000)
        .find_map(|id| checker.feed(&Entry { id, kind: "TABLE DATA", tag: &tag, state: 1 }.write(14)).err());
    assert!(error.unwrap().what.ends_with("entries have data: too many to check"));
}
