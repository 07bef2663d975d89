//! What is too much, too deep or can't be read.

use std::{
    env,
    fmt::Debug,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    process::Command,
};

use rustix::{
    fs::{CWD, Mode, OFlags, mkdirat, openat},
    process::{Resource, Rlimit, getuid, setrlimit},
};
use watchkeeper_files::FilesFault;

use super::{Got, Laid};

/// An archive that broke off can't be taken for a whole one.
fn is_cut(got: &Got) -> bool {
    got.verdict.is_err() && !got.bytes.ends_with(&[0; 1_024])
}

#[tokio::test]
async fn more_bytes_than_the_operator_allows_are_refused_before_they_are_sent() {
    let laid = Laid::bounded(1_000_000);
    laid.write("a", vec![b'a'; 600_000]);
    laid.write("b", vec![b'b'; 400_001]);
    let got = laid.pack("").await;
    let Err(FilesFault::TooLarge(why)) = &got.ended else { panic!("{:?}", got.ended) };
    assert!(why.contains("tree `main`: b") && why.contains("1000000 bytes"), "{why}");
    assert!(why.contains("\nhint: raise `files.main.max_size`"), "{why}");
    assert!(is_cut(&got) && !got.bytes.contains(&b'b'));
    assert_eq!(got.verdict, Err(why.clone()));
    laid.write("b", vec![b'b'; 400_000]);
    assert_eq!(laid.pack("").await.ended.unwrap().bytes, 1_000_000, "to the byte");
}

#[tokio::test]
async fn a_hole_counts_with_its_size() {
    let laid = Laid::bounded(1 << 20);
    fs::File::create(laid.path("sparse")).unwrap().set_len(1 << 40).unwrap();
    let got = laid.pack("").await;
    assert!(matches!(got.ended, Err(FilesFault::TooLarge(_))), "{:?}", got.ended);
    assert_eq!(got.bytes.len(), 0);
}

/// Who runs the tests as root may read all: then once more, without that power (capabilities(7)).
#[tokio::test]
async fn what_cant_be_read_is_named_and_the_archive_has_no_end() {
    const AGAIN: &str = "WATCHKEEPER_TEST_WITHOUT_POWER";
    if getuid().is_root() && env::var_os(AGAIN).is_none() {
        let mut test = Command::new("setpriv");
        test.args(["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]);
        test.arg(env::current_exe().unwrap())
            .args(["--exact", "bounds::what_cant_be_read_is_named_and_the_archive_has_no_end"]);
        let output = test.env(AGAIN, "").output().unwrap();
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
        return;
    }
    let laid = Laid::new();
    for folder in ["sub", "shut"] {
        laid.make(folder);
    }
    laid.write("sub/a", "a");
    laid.write("sub/b", "b");
    let allow = |name: &str, mode| fs::set_permissions(laid.path(name), Permissions::from_mode(mode)).unwrap();
    allow("sub/b", 0);
    let got = laid.pack("sub").await;
    named(&got.ended, "sub/b");
    assert!(is_cut(&got));
    allow("sub/b", 0o644);
    assert_eq!(laid.pack("sub").await.paths(), ["a", "b"]);
    allow("shut", 0);
    named(&laid.pack("").await.ended, "shut");
    named(&laid.reader().pack("main", "shut").await, "shut");
    named(&laid.reader().entries("main", "shut").await, "shut");
    allow("shut", 0o755);
}

fn named<T: Debug>(ended: &Result<T, FilesFault>, name: &str) {
    let Err(FilesFault::Io(why)) = ended else { panic!("{ended:?}") };
    let expected = format!("tree `main`: {name}: Permission denied (os error 13)\nhint: let the user");
    assert!(why.starts_with(&expected), "{why}");
}

#[tokio::test]
async fn a_tree_may_be_deeper_than_files_can_be_open() {
    const LEVELS: usize = 2_000;
    setrlimit(Resource::Nofile, Rlimit { current: Some(512), maximum: Some(512) }).unwrap();
    let laid = Laid::new();
    let folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = openat(CWD, laid.path(""), folder, Mode::empty()).unwrap();
    for _ in 0..LEVELS {
        mkdirat(&at, "d", Mode::RWXU).unwrap();
        // Something to come back for, at each level.
        let beside = openat(&at, "e", OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC, Mode::RUSR).unwrap();
        rustix::io::write(&beside, b"x").unwrap();
        at = openat(&at, "d", folder, Mode::empty()).unwrap();
    }
    drop(at);
    let got = laid.pack("").await;
    assert_eq!(got.verdict, Ok(()));
    assert_eq!(got.paths().len(), 2 * LEVELS);
    assert_eq!(got.to_tar(&["--list", "--file=-"]).lines().count(), 2 * LEVELS);
    assert_eq!(got.ended.unwrap().files, LEVELS as u64);
    // Paths so long can't be removed by their names.
    assert!(Command::new("rm").arg("-rf").arg(laid.path("")).status().unwrap().success());
}

#[tokio::test]
async fn a_folder_with_too_many_names_is_no_list_but_an_archive() {
    let laid = Laid::new();
    for number in 0..10_000 {
        laid.write(format!("{number}"), "");
    }
    assert_eq!(laid.reader().entries("main", "").await.unwrap().len(), 10_000);
    laid.write("one more", "");
    let refused = laid.reader().entries("main", "").await.unwrap_err();
    assert_eq!(refused, FilesFault::TooLarge("tree `main`: more than 10000 names are in it".to_owned()));
    assert_eq!(laid.pack("").await.ended.unwrap().files, 10_001);
}
