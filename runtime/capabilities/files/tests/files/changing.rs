//! Files that change while they are read are named. Each archive is stopped by a reader that waits, in the middle of a
//! file.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
};

use watchkeeper_files::Packing;

use super::{Got, Laid, What, rest};

/// So large that an archive of it can't be on its way as a whole.
const LARGE: usize = 4 << 20;

/// Packs, does something once the first bytes are there, and reads the rest.
async fn meanwhile(laid: &Laid, folder: &str, deed: impl FnOnce()) -> Got {
    let Packing { mut tar, ended } = laid.reader().pack("main", folder).await.unwrap();
    let first = tar.next().await.unwrap();
    deed();
    rest(Packing { tar, ended }, first.to_vec()).await
}

fn file(got: &Got, name: &str) -> Vec<u8> {
    let What::File(content) = got.things()[name.as_bytes()].what.clone() else { panic!("{name} is no file") };
    content
}

#[tokio::test]
async fn a_file_that_grows_is_cut_where_it_ended_and_named() {
    let laid = Laid::new();
    laid.write("log", vec![b'a'; LARGE]);
    let grow = || OpenOptions::new().append(true).open(laid.path("log")).unwrap().write_all(b"more").unwrap();
    let got = meanwhile(&laid, "", grow).await;
    assert_eq!(got.ended.clone().unwrap().changed, ["log"]);
    assert!(file(&got, "log") == vec![b'a'; LARGE]);
    assert!(laid.pack("").await.ended.unwrap().changed.is_empty(), "it rests");
}

#[tokio::test]
async fn a_file_that_shrinks_is_filled_with_zeros_and_named() {
    let laid = Laid::new();
    laid.write("log", vec![b'a'; LARGE]);
    let cut = LARGE - 1_000;
    let got = meanwhile(&laid, "", || {
        File::options().write(true).open(laid.path("log")).unwrap().set_len(cut as u64).unwrap()
    })
    .await;
    assert_eq!(got.ended.clone().unwrap().changed, ["log"]);
    let content = file(&got, "log");
    assert!(content.len() == LARGE && content[..cut].iter().all(|byte| *byte == b'a'));
    assert!(content[cut..].iter().all(|byte| *byte == 0));
}

#[tokio::test]
async fn a_file_that_is_written_over_is_named_from_the_tree_on() {
    let laid = Laid::new();
    laid.make("sub/dir");
    laid.write("sub/dir/data\u{1b}[31m", vec![b'a'; LARGE]);
    let over = || {
        let file = File::options().write(true).open(laid.path("sub/dir/data\u{1b}[31m")).unwrap();
        std::os::unix::fs::FileExt::write_at(&file, b"b", 0).unwrap();
    };
    let got = meanwhile(&laid, "sub", over).await;
    assert_eq!(got.ended.unwrap().changed, ["sub/dir/data[31m"], "without what a terminal would obey");
}

#[tokio::test]
async fn what_is_gone_by_then_is_named_the_first_hundred_and_the_rest_is_there() {
    let laid = Laid::new();
    laid.write("a", vec![b'a'; LARGE]);
    for number in 0..150 {
        laid.write(format!("b-{number:03}"), "b");
    }
    laid.write("c", "c");
    let remove = || (0..150).for_each(|number| fs::remove_file(laid.path(format!("b-{number:03}"))).unwrap());
    let got = meanwhile(&laid, "", remove).await;
    assert_eq!(got.paths(), ["a", "c"]);
    let changed = got.ended.unwrap().changed;
    assert_eq!((changed.len(), changed[0].as_str(), changed[99].as_str()), (100, "b-000", "b-099"));
}
