//! Which files are read: those that no one else can change, once they rest. Real files, modes and links.

use std::{
    env, fs,
    os::unix::{
        fs::{PermissionsExt, chown, lchown, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    thread,
    time::Duration,
};

use tempfile::TempDir;
use watchkeeper_config::{TrustError, fingerprint, list_jobs, read_private, read_trusted};

const LIMIT: u64 = 1024;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    mode(folder.path(), 0o755);
    folder
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    mode(&path, 0o644);
    path
}

fn read(path: &Path) -> Result<Vec<u8>, TrustError> {
    read_trusted(path, LIMIT).map(|(bytes, _)| bytes)
}

/// The path that is at fault.
fn untrusted(result: Result<Vec<u8>, TrustError>) -> PathBuf {
    match result.unwrap_err() {
        TrustError::Untrusted { path, .. } => path,
        other => panic!("{other}"),
    }
}

fn runs_as_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn the_users_own_file_is_read_with_its_fingerprint() {
    let folder = folder();
    let path = file(folder.path(), "head.toml", "text");
    let (bytes, read) = read_trusted(&path, LIMIT).unwrap();
    assert_eq!(bytes, b"text");
    assert_eq!(read, fingerprint(&path).unwrap());
    file(folder.path(), "head.toml", "other text");
    assert_ne!(read, fingerprint(&path).unwrap());
}

#[test]
fn a_file_that_others_may_write_is_refused_with_the_command_that_mends_it() {
    let folder = folder();
    let path = file(folder.path(), "head.toml", "text");
    for wrong in [0o664, 0o646, 0o666] {
        mode(&path, wrong);
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("others may write to it"), "{error}");
        assert!(error.contains("\nhint: chmod go-w "), "{error}");
    }
    mode(&path, 0o600);
    assert!(read(&path).is_ok());
}

#[test]
fn a_folder_on_the_way_that_others_may_write_is_refused_unless_sticky() {
    let folder = folder();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let path = file(&inner, "head.toml", "text");
    mode(folder.path(), 0o777);
    assert_eq!(untrusted(read(&path)), folder.path().canonicalize().unwrap());
    assert!(list_jobs(&inner).is_err());
    mode(folder.path(), 0o1777);
    assert_eq!(read(&path).unwrap(), b"text");
}

#[test]
fn a_file_or_folder_of_another_user_is_refused() {
    if !runs_as_root() {
        return;
    }
    let folder = folder();
    let path = file(folder.path(), "head.toml", "text");
    chown(&path, Some(12345), None).unwrap();
    assert_eq!(untrusted(read(&path)), path.canonicalize().unwrap());
    chown(&path, Some(0), None).unwrap();
    chown(folder.path(), Some(12345), None).unwrap();
    assert_eq!(untrusted(read(&path)), folder.path().canonicalize().unwrap());
}

#[test]
fn another_users_link_in_a_sticky_folder_is_refused() {
    if !runs_as_root() {
        return;
    }
    let folder = folder();
    let target = file(folder.path(), "mine.toml", "text");
    let link = folder.path().join("head.toml");
    symlink(&target, &link).unwrap();
    mode(folder.path(), 0o1777);
    assert!(read(&link).is_ok());
    lchown(&link, Some(12345), None).unwrap();
    assert_eq!(untrusted(read(&link)), folder.path().canonicalize().unwrap().join("head.toml"));
}

#[test]
fn a_link_does_not_lead_out_of_the_trusted() {
    let (safe, unsafe_folder) = (folder(), folder());
    let target = file(unsafe_folder.path(), "target.toml", "text");
    let link = safe.path().join("head.toml");
    symlink(&target, &link).unwrap();
    assert!(read(&link).is_ok());
    mode(unsafe_folder.path(), 0o777);
    assert_eq!(untrusted(read(&link)), unsafe_folder.path().canonicalize().unwrap());
    mode(unsafe_folder.path(), 0o755);
    mode(&target, 0o666);
    assert_eq!(untrusted(read(&link)), target.canonicalize().unwrap());
}

#[test]
fn a_link_on_the_way_is_checked_on_both_sides() {
    let (open, safe) = (folder(), folder());
    file(safe.path(), "head.toml", "text");
    let way = open.path().join("jobs.d");
    symlink(safe.path(), &way).unwrap();
    assert!(read(&way.join("head.toml")).is_ok());
    mode(open.path(), 0o777);
    assert_eq!(untrusted(read(&way.join("head.toml"))), open.path().canonicalize().unwrap());
}

#[test]
fn links_in_a_circle_end_in_an_error() {
    let folder = folder();
    symlink("b.toml", folder.path().join("a.toml")).unwrap();
    symlink("a.toml", folder.path().join("b.toml")).unwrap();
    assert!(matches!(read(&folder.path().join("a.toml")), Err(TrustError::Unreadable { .. })));
}

#[test]
fn a_config_map_is_read_and_its_exchange_is_seen() {
    let folder = folder();
    for (version, text) in [("..2026_1", "one"), ("..2026_2", "two")] {
        fs::create_dir(folder.path().join(version)).unwrap();
        file(&folder.path().join(version), "head.toml", text);
    }
    symlink("..2026_1", folder.path().join("..data")).unwrap();
    symlink("..data/head.toml", folder.path().join("head.toml")).unwrap();

    let files = list_jobs(folder.path()).unwrap();
    let [(name, path)] = files.jobs.as_slice() else { panic!("{files:?}") };
    assert_eq!(name.as_str(), "head");
    let (bytes, before) = read_trusted(path, LIMIT).unwrap();
    assert_eq!(bytes, b"one");

    symlink("..2026_2", folder.path().join("..data_tmp")).unwrap();
    fs::rename(folder.path().join("..data_tmp"), folder.path().join("..data")).unwrap();
    assert_ne!(fingerprint(path).unwrap(), before);
    assert_eq!(read(path).unwrap(), b"two");
}

/// As Kubernetes mounts a ConfigMap: all may write by the modes, and no one by the mount.
#[test]
#[cfg(target_os = "linux")]
fn modes_do_not_count_on_a_read_only_mount() {
    const SELF: &str = "trust::modes_do_not_count_on_a_read_only_mount";
    if let Some(path) = env::var_os("FILE_ON_A_READ_ONLY_MOUNT") {
        assert_eq!(read(Path::new(&path)).unwrap(), b"text");
        return;
    }
    let may_mount = Command::new("unshare").args(["--mount", "true"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        return;
    }
    let folder = folder();
    let path = file(folder.path(), "head.toml", "text");
    mode(&path, 0o666);
    mode(folder.path(), 0o777);
    assert_eq!(untrusted(read(&path)), folder.path().canonicalize().unwrap());
    let script = r#"mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$1" --exact "$2""#;
    let child = Command::new("unshare")
        .args(["--mount", "sh", "-c", script])
        .args([folder.path(), &env::current_exe().unwrap(), Path::new(SELF)])
        .env("FILE_ON_A_READ_ONLY_MOUNT", &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&child.stderr));
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = folder();
    let inner = folder.path().join("folder.toml");
    fs::create_dir(&inner).unwrap();
    assert!(matches!(read(&inner), Err(TrustError::NotAFile { .. })));
    let pipe = folder.path().join("pipe.toml");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::from(0o600)).unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(read(&pipe)));
    let answer = receiver.recv_timeout(Duration::from_secs(10)).expect("a pipe without a writer blocks the reader");
    assert!(matches!(answer, Err(TrustError::NotAFile { .. })));
    let socket = folder.path().join("socket.toml");
    let _listener = UnixListener::bind(&socket).unwrap();
    mode(&socket, 0o600);
    assert!(read(&socket).is_err());
}

#[test]
fn a_file_greater_than_the_limit_is_not_read() {
    let folder = folder();
    let path = file(folder.path(), "head.toml", &"x".repeat(1024));
    assert!(read(&path).is_ok());
    file(folder.path(), "head.toml", &"x".repeat(1025));
    assert!(matches!(read(&path), Err(TrustError::TooLarge { size: 1025, limit: 1024, .. })));
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_whose_size_is_not_what_was_read_is_still_being_written() {
    // The kernel's own files say size 0 and hold more, as a file does that grows between two looks.
    assert!(matches!(read(Path::new("/proc/version")), Err(TrustError::Changing { .. })));
}

#[test]
fn a_folder_that_can_not_be_read_is_not_an_empty_one() {
    let folder = folder();
    let missing = list_jobs(&folder.path().join("jobs.d")).unwrap_err();
    assert!(missing.to_string().contains("can't be read"), "{missing}");
    assert!(list_jobs(&file(folder.path(), "jobs.d", "")).is_err());
    if !runs_as_root() {
        let closed = folder.path().join("closed");
        fs::create_dir(&closed).unwrap();
        mode(&closed, 0o000);
        assert!(list_jobs(&closed).is_err());
        mode(&closed, 0o700);
    }
}

#[test]
fn jobs_are_the_toml_files_and_a_bad_name_costs_only_its_file() {
    let folder = folder();
    for name in ["head.toml", "a.toml", "Bad Name.toml", ".hidden.toml", ".head.toml.swp", "head.toml~", "README.md"] {
        file(folder.path(), name, "");
    }
    let files = list_jobs(folder.path()).unwrap();
    let names: Vec<_> = files.jobs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "head"]);
    let [misnamed] = files.misnamed.as_slice() else { panic!("{files:?}") };
    assert!(misnamed.to_string().contains("Bad Name.toml: the file's name is the job's"), "{misnamed}");
}

#[test]
fn a_private_file_is_its_owners_alone() {
    let folder = folder();
    let path = file(folder.path(), "funder.password", "s3cr3t");
    for bits in [0o600, 0o400, 0o700] {
        mode(&path, bits);
        assert_eq!(**read_private(&path, LIMIT).unwrap(), *b"s3cr3t");
    }
    for bit in [0o001, 0o002, 0o004, 0o010, 0o020, 0o040] {
        mode(&path, 0o600 | bit);
        let error = read_private(&path, LIMIT).unwrap_err();
        assert!(matches!(error, TrustError::Untrusted { .. }), "{bit:o}: {error}");
        assert!(!error.to_string().contains("s3cr3t"));
    }
    mode(&path, 0o600);
    assert!(matches!(read_private(&path, 5), Err(TrustError::TooLarge { size: 6, limit: 5, .. })));
}
