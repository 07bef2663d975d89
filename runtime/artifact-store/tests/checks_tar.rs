//! The `tar` check against archives of the crate that makes ours, and against headers written by hand.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use tar::{Builder, EntryType, Header};
use watchkeeper_artifact_store::{Check, CheckError};

const END: [u8; 1024] = [0; 1024];

fn check<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(), CheckError> {
    let mut checker = Check::Tar.begin();
    for piece in pieces {
        checker.feed(piece)?;
    }
    checker.finish()
}

fn refused(content: &[u8]) -> (u64, String) {
    let error = check([content]).unwrap_err();
    (error.at, error.what)
}

fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_path("file").unwrap();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_cksum();
    header
}

/// Files of several sizes, a long name, a link with a long target, a folder.
fn archive() -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, size) in [("empty", 0), ("one", 1), ("block", 512), ("more", 513)] {
        builder.append_data(&mut Header::new_gnu_of(size), name, &vec![b'x'; size][..]).unwrap();
    }
    builder.append_data(&mut Header::new_gnu_of(3), "long/".repeat(60) + "name", &b"abc"[..]).unwrap();
    let mut link = header(EntryType::Symlink, 0);
    builder.append_link(&mut link, "link", "target/".repeat(40)).unwrap();
    let mut folder = header(EntryType::Directory, 0);
    builder.append_data(&mut folder, "folder/", &b""[..]).unwrap();
    builder.into_inner().unwrap()
}

trait OfSize {
    fn new_gnu_of(size: usize) -> Header;
}

impl OfSize for Header {
    fn new_gnu_of(size: usize) -> Header {
        let mut header = Self::new_gnu();
        header.set_size(size as u64);
        header
    }
}

#[test]
fn a_whole_archive_passes_in_any_pieces() {
    let archive = archive();
    for split in 0..=archive.len() {
        let (one, two) = archive.split_at(split);
        assert_eq!(check([one, two]), Ok(()), "split at {split}");
    }
    assert_eq!(check(archive.chunks(1)), Ok(()));
    assert_eq!(check([&END[..]]), Ok(()));
}

#[test]
fn zeros_may_follow_the_end_and_nothing_else() {
    let archive = archive();
    let padded = [&archive[..], &[0; 9000]].concat();
    assert_eq!(check([&padded[..]]), Ok(()));
    let more = [&padded[..], b"x"].concat();
    assert_eq!(refused(&more), (padded.len() as u64, "the archive goes on after its end".to_owned()));
    assert_eq!(refused(&[&archive[..], &archive[..]].concat()).0, archive.len() as u64);
}

#[test]
fn an_archive_that_is_cut_short_anywhere_is_refused() {
    let archive = archive();
    for length in 0..archive.len() {
        let error = check([&archive[..length]]).expect_err(&format!("cut to {length} bytes"));
        assert_eq!(error.at, length as u64, "{error}");
    }
}

#[test]
fn any_changed_byte_of_a_header_is_found() {
    let content = [header(EntryType::Regular, 0).as_bytes(), &END[..]].concat();
    for at in 0..512 {
        // Of the checksum's own field only the digits count: the last two bytes end it.
        if (154..156).contains(&at) {
            continue;
        }
        let mut broken = content.clone();
        broken[at] ^= 0x04;
        let (byte, what) = refused(&broken);
        assert!(byte == 0 && what == "a header's checksum is wrong", "byte {at}: {what} at {byte}");
    }
}

#[test]
fn a_single_zero_block_is_no_end() {
    let header = header(EntryType::Regular, 0);
    let lone = [header.as_bytes(), &[0; 512][..]].concat();
    assert_eq!(refused(&lone), (1024, "the archive ends inside its two zero blocks".to_owned()));
    let between = [&lone[..], header.as_bytes(), &END[..]].concat();
    assert_eq!(refused(&between), (1024, "a single zero block lies between two headers".to_owned()));
}

#[test]
fn sizes_beyond_octal_are_followed_in_base_256_and_in_pax_headers() {
    const GREAT: u64 = 9 << 30;
    let piece = vec![0x5a; 1 << 20];
    let follows = |head: Vec<u8>| {
        let content = std::iter::repeat_n(&piece[..], (GREAT >> 20) as usize);
        check(std::iter::once(&head[..]).chain(content.clone()).chain([&END[..]])).unwrap();
        let short = check(std::iter::once(&head[..]).chain(content.skip(1)).chain([&END[..]])).unwrap_err();
        assert!(short.what.contains("ends inside a file"), "{short}");
    };
    follows(header(EntryType::Regular, GREAT).as_bytes().to_vec());

    let pax = format!("19 path=some/where\n19 size={GREAT}\n");
    let mut head = header(EntryType::XHeader, pax.len() as u64).as_bytes().to_vec();
    head.extend(pax.as_bytes());
    head.resize(head.len().next_multiple_of(512), 0);
    head.extend(header(EntryType::Regular, 0).as_bytes());
    follows(head);
}

#[test]
fn a_pax_header_that_is_broken_or_endless_is_refused() {
    for pax in [&b"12 size=x\n"[..], b"99 path=x\n", b"path=x\n", b"0 \n", b"9 size=1 "] {
        let mut content = header(EntryType::XHeader, pax.len() as u64).as_bytes().to_vec();
        content.extend(pax);
        content.resize(1024, 0);
        assert!(refused(&content).1.contains("a pax header before this byte is broken"), "{pax:?}");
    }
    assert!(refused(header(EntryType::XHeader, 2 << 20).as_bytes()).1.contains("is too long"));
}

#[test]
fn a_link_has_no_content_whatever_its_size_says() {
    let content = [header(EntryType::Link, 100).as_bytes(), &END[..]].concat();
    assert_eq!(check([&content[..]]), Ok(()));
}

#[test]
fn the_map_of_a_sparse_file_may_take_several_blocks() {
    let mut sparse = header(EntryType::GNUSparse, 5);
    sparse.as_mut_bytes()[482] = 1;
    sparse.set_cksum();
    let mut map = [0_u8; 512];
    map[504] = 1;
    let content = [sparse.as_bytes(), &map[..], &[0; 512], &[b'x'; 512], &END].concat();
    assert_eq!(check([&content[..]]), Ok(()));
    let without = [sparse.as_bytes(), &map[..], &[b'x'; 512], &END].concat();
    assert!(check([&without[..]]).is_err());
}
