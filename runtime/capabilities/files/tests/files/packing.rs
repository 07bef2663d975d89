//! Everything that lies in a tree comes back as it was.

use std::{
    ffi::OsStr,
    fs::{self, File, Permissions},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, net::UnixListener},
    time::{Duration, SystemTime},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{Laid, What, lying};

/// Sizes around those of blocks and pieces.
const SIZES: [usize; 9] = [0, 1, 511, 512, 513, (256 << 10) - 1_024, 256 << 10, (256 << 10) + 1, 3_000_000];

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|place| u8::try_from(place * 31 % 251).unwrap()).collect()
}

fn odd(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

#[tokio::test]
async fn everything_comes_back_as_it_was() {
    let laid = Laid::new();
    for size in SIZES {
        laid.write(format!("file-{size}"), content(size));
    }
    for folder in ["empty", "deep/er/and/deeper", "shared"] {
        laid.make(folder);
    }
    laid.write("deep/er/and/deeper/leaf", "leaf");
    let long = "n".repeat(255);
    let names: [&[u8]; 11] = [
        b"two\nlines",
        b" space ",
        b"..hidden",
        b"...",
        b"-rf",
        b"\xff\xfe no utf-8",
        b"back\\slash",
        "größe".as_bytes(),
        &long.as_bytes()[..99],
        &long.as_bytes()[..100],
        &long.as_bytes()[..101],
    ];
    for name in names {
        laid.write(odd(name), name);
    }
    laid.make(format!("{long}/{long}/{long}"));
    laid.write(format!("{long}/{long}/{long}/{long}"), "far down");
    for (link, target) in [
        ("to-file", "file-1"),
        ("to-itself", "to-itself"),
        ("unplain", ".//deep/./er/../er//"),
        ("to-long", long.as_str()),
        ("to-longer", &format!("{long}/{long}")),
    ] {
        laid.link(link, target);
    }
    laid.link("to-odd", odd(b"\xff\n"));
    for (name, mode) in
        [("file-0", 0o400), ("file-1", 0o4755), ("file-511", 0o666), ("empty", 0o700), ("shared", 0o1777)]
    {
        fs::set_permissions(laid.path(name), Permissions::from_mode(mode)).unwrap();
    }
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_007);
    File::options().append(true).open(laid.path("file-512")).unwrap().set_modified(then).unwrap();

    let got = laid.pack("").await;
    let lies = lying(&laid.path(""));
    assert_eq!(got.things(), lies);
    assert_eq!(got.unpacked(), lies, "as the system's tar unpacks it");
    let packed = got.ended.unwrap();
    let files = lies.values().filter_map(|thing| if let What::File(bytes) = &thing.what { Some(bytes) } else { None });
    let sizes: Vec<_> = files.map(|bytes| bytes.len() as u64).collect();
    assert_eq!((packed.files, packed.bytes), (sizes.len() as u64, sizes.iter().sum()));
    assert_eq!((packed.skipped, packed.changed.len()), (0, 0));
    assert!(got.bytes.len().is_multiple_of(512) && got.bytes.ends_with(&[0; 1_024]));
}

#[tokio::test]
async fn names_are_sorted_by_their_bytes_and_the_archive_is_the_same_each_time() {
    let laid = Laid::new();
    for name in ["b", "a", "B", "a.b", "ä"] {
        laid.write(name, name);
    }
    laid.make("a-folder/z");
    laid.write("a-folder/y", "y");
    let (got, again) = (laid.pack("").await, laid.pack("").await);
    assert_eq!(got.paths(), ["B", "a", "a-folder", "a-folder/y", "a-folder/z", "a.b", "b", "ä"]);
    assert_eq!(got.bytes, again.bytes);
}

#[tokio::test]
async fn an_archive_of_a_folder_begins_in_it() {
    let laid = Laid::new();
    laid.make("etc/app/conf.d");
    laid.write("etc/app/conf.d/a", "a");
    laid.write("etc/other", "other");
    assert_eq!(laid.pack("etc/app").await.paths(), ["conf.d", "conf.d/a"]);
    laid.make("nothing");
    let empty = laid.pack("nothing").await;
    assert_eq!((empty.paths().len(), empty.bytes.len(), empty.verdict), (0, 1_024, Ok(())));
}

#[tokio::test]
async fn a_hard_link_is_a_file_of_its_own_and_a_hole_is_zeros() {
    let laid = Laid::new();
    laid.write("a", "same");
    fs::hard_link(laid.path("a"), laid.path("b")).unwrap();
    let sparse = File::create(laid.path("sparse")).unwrap();
    sparse.set_len(5_000_000).unwrap();
    std::os::unix::fs::FileExt::write_at(&sparse, b"end", 4_999_997).unwrap();
    let got = laid.pack("").await;
    let things = got.things();
    assert_eq!(things[b"a".as_slice()].what, What::File(b"same".to_vec()));
    assert_eq!(things[b"b".as_slice()].what, things[b"a".as_slice()].what);
    let mut whole = vec![0; 4_999_997];
    whole.extend(b"end");
    assert!(things[b"sparse".as_slice()].what == What::File(whole));
    assert_eq!(got.ended.unwrap().files, 3);
}

#[tokio::test]
async fn a_time_before_tar_could_write_it_is_the_first_that_it_can() {
    let laid = Laid::new();
    let old = SystemTime::UNIX_EPOCH - Duration::from_secs(1_000);
    File::create(laid.path("old")).unwrap().set_modified(old).unwrap();
    assert_eq!(laid.pack("").await.things()[b"old".as_slice()].modified, 0);
}

#[tokio::test]
async fn sockets_and_pipes_are_left_out_and_counted() {
    let laid = Laid::new();
    laid.write("file", "x");
    mknodat(CWD, laid.path("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let _socket = UnixListener::bind(laid.path("socket")).unwrap();
    let got = laid.pack("").await;
    assert_eq!(got.paths(), ["file"]);
    assert_eq!(got.ended.unwrap().skipped, 2);
}

#[tokio::test]
async fn entries_are_the_sorted_names_of_one_folder() {
    let laid = Laid::new();
    laid.make("a/b");
    laid.write("a/c", "");
    laid.write(std::path::Path::new("a").join(odd(b"\xff")), "");
    laid.link("a/Link", "/");
    let reader = laid.reader();
    assert_eq!(reader.entries("main", "").await.unwrap(), ["a"]);
    assert_eq!(reader.entries("main", "a").await.unwrap(), ["Link", "b", "c", "\u{fffd}"]);
}
