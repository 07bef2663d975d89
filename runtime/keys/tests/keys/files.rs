//! Keystores and passwords on disk: real files, modes and links.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
    sync::{Arc, Barrier},
    thread,
};

use tempfile::TempDir;
use watchkeeper_config::{KeySource, PasswordSource, Secret};
use watchkeeper_keys::{
    KeyError, Keystore, KeystoreError, Signer, open, random_password, read_keystore, read_password, write_private,
};

use super::asked::{ADDRESS, KEY, account, key, signs};

const PASSWORD: &str = "correct horse battery staple";

/// A keystore and its password's file, as they should be.
struct Kept {
    folder: TempDir,
    keystore: PathBuf,
    password: PathBuf,
}

fn kept() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    mode(folder.path(), 0o755);
    let (keystore, password) = (folder.path().join("funder.json"), folder.path().join("funder.password"));
    write_private(&keystore, Keystore::encrypt(&key(), PASSWORD.as_bytes()).unwrap().as_bytes()).unwrap();
    write_private(&password, format!("{PASSWORD}\n").as_bytes()).unwrap();
    Kept { folder, keystore, password }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn source(keystore: &Path, password: &Path) -> KeySource {
    KeySource::Keystore { path: keystore.to_owned(), password: PasswordSource::File(password.to_owned()) }
}

async fn opened(keystore: &Path, password: &Path) -> Result<Arc<dyn Signer>, String> {
    open(&account(), &source(keystore, password)).await.map_err(|error| {
        let told = format!("{error} {error:?}");
        assert!(!told.contains(PASSWORD) && !told.contains(KEY), "{told}");
        error.to_string()
    })
}

async fn refusal(keystore: &Path, password: &Path) -> String {
    opened(keystore, password).await.map(drop).unwrap_err()
}

#[tokio::test]
async fn a_keystore_signs_for_its_account() {
    let kept = kept();
    let signer = opened(&kept.keystore, &kept.password).await.unwrap();
    assert_eq!((signer.address(), signer.kind()), (ADDRESS, "keystore"));
    signs(&*signer).await;

    let password = PasswordSource::Given(Secret::new(PASSWORD));
    let source = KeySource::Keystore { path: kept.keystore.clone(), password };
    assert_eq!(open(&account(), &source).await.unwrap().address(), ADDRESS);
}

#[tokio::test]
async fn a_wrong_password_is_told_with_the_file() {
    let kept = kept();
    let wrong = kept.folder.path().join("wrong");
    write_private(&wrong, b"wrong horse").unwrap();
    let error = refusal(&kept.keystore, &wrong).await;
    let expected = format!("{}: the password is wrong, or the file is damaged", kept.keystore.display());
    assert_eq!(error, expected);
}

#[tokio::test]
async fn a_file_that_others_may_use_in_any_way_is_refused() {
    let kept = kept();
    for wrong in [&kept.keystore, &kept.password] {
        for bits in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o666] {
            mode(wrong, bits);
            let error = refusal(&kept.keystore, &kept.password).await;
            let (why, mended) = match bits & 0o022 {
                0 => ("others than its owner may use it", "600"),
                _ => ("others may write to it", "go-w"),
            };
            let wrong = wrong.display();
            let told = format!("{wrong}: not trusted: {why} (mode {bits:o})\nhint: chmod {mended} {wrong}");
            assert_eq!(error, told);
        }
        for bits in [0o400, 0o600] {
            mode(wrong, bits);
            opened(&kept.keystore, &kept.password).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_folder_that_others_may_write_to_is_refused() {
    let kept = kept();
    mode(kept.folder.path(), 0o775);
    let error = refusal(&kept.keystore, &kept.password).await;
    assert!(error.contains("others may write to it (mode 775)"), "{error}");
    mode(kept.folder.path(), 0o1777);
    opened(&kept.keystore, &kept.password).await.unwrap();
}

#[tokio::test]
async fn a_file_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let kept = kept();
    chown(&kept.password, Some(12_345), None).unwrap();
    let error = refusal(&kept.keystore, &kept.password).await;
    assert!(error.contains("it belongs to user 12345"), "{error}");
}

#[tokio::test]
async fn a_link_is_as_good_as_what_it_leads_to() {
    let kept = kept();
    let link = kept.folder.path().join("link.json");
    symlink("funder.json", &link).unwrap();
    opened(&link, &kept.password).await.unwrap();

    mode(&kept.keystore, 0o644);
    let error = refusal(&link, &kept.password).await;
    assert!(error.contains("funder.json: not trusted: others than its owner"), "{error}");
    mode(&kept.keystore, 0o600);

    let open_folder = kept.folder.path().join("open");
    fs::create_dir(&open_folder).unwrap();
    mode(&open_folder, 0o777);
    let link = open_folder.join("link.json");
    symlink(&kept.keystore, &link).unwrap();
    let error = refusal(&link, &kept.password).await;
    assert!(error.contains("open: not trusted: others may write to it"), "{error}");
}

#[tokio::test]
async fn what_is_no_file_or_too_great_is_refused() {
    let kept = kept();
    let error = refusal(kept.folder.path(), &kept.password).await;
    assert!(error.ends_with(": not a file"), "{error}");
    let none = kept.folder.path().join("none");
    let none_there = format!("{}: is not there\nhint: `watchkeeper account new ", none.display());
    assert!(refusal(&none, &kept.password).await.starts_with(&none_there));
    let error = refusal(&kept.keystore, &none).await;
    assert!(error.contains("can't be read: No such file"), "{error}");

    let great = kept.folder.path().join("great");
    write_private(&great, &vec![b' '; (64 << 10) + 1]).unwrap();
    let error = refusal(&great, &kept.password).await;
    assert!(error.contains("65537 bytes are more than the 65536 that are allowed"), "{error}");
    let error = refusal(&kept.keystore, &great).await;
    assert!(error.contains("65537 bytes are more than the 4096 that are allowed"), "{error}");
}

#[tokio::test]
async fn half_a_file_is_no_keystore() {
    let kept = kept();
    let half = kept.folder.path().join("half.json");
    let text = fs::read(&kept.keystore).unwrap();
    write_private(&half, &text[..text.len() / 2]).unwrap();
    let error = refusal(&half, &kept.password).await;
    assert!(error.contains("half.json: not a keystore: line 1, column "), "{error}");
}

#[test]
fn one_line_end_behind_a_password_is_not_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for (number, (written, password)) in [
        ("secret", "secret"),
        ("secret\n", "secret"),
        ("secret\r\n", "secret"),
        ("secret\n\n", "secret\n"),
        ("secret\r", "secret\r"),
        (" secret ", " secret "),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(number.to_string());
        write_private(&path, written.as_bytes()).unwrap();
        assert_eq!(**read_password(&PasswordSource::File(path)).unwrap(), *password.as_bytes(), "{written:?}");
    }
    for (name, written) in [("none", ""), ("line", "\n"), ("lines", "\r\n")] {
        let path = folder.path().join(name);
        write_private(&path, written.as_bytes()).unwrap();
        let error = read_password(&PasswordSource::File(path)).unwrap_err();
        assert!(matches!(error, KeystoreError::NoPassword { .. }), "{error}");
    }
}

#[test]
fn a_written_file_is_the_owners_alone_and_nothing_else_is_left() {
    let kept = kept();
    for path in [&kept.keystore, &kept.password] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o7777, 0o600);
    }
    let mut names: Vec<_> = fs::read_dir(kept.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["funder.json", "funder.password"]);
}

#[test]
fn nothing_is_ever_overwritten() {
    let kept = kept();
    let before = fs::read(&kept.keystore).unwrap();
    let error = write_private(&kept.keystore, b"other").unwrap_err();
    assert!(matches!(error, KeystoreError::Exists { .. }), "{error}");
    assert_eq!(fs::read(&kept.keystore).unwrap(), before);

    let dangling = kept.folder.path().join("dangling");
    symlink("nowhere", &dangling).unwrap();
    assert!(matches!(write_private(&dangling, b"other"), Err(KeystoreError::Exists { .. })));
    let nowhere = kept.folder.path().join("none/funder.json");
    assert!(matches!(write_private(&nowhere, b"other"), Err(KeystoreError::Unwritable { .. })));
    assert_eq!(fs::read_dir(kept.folder.path()).unwrap().count(), 3, "no file is left aside");
}

#[test]
fn of_two_who_write_at_once_one_is_told_no() {
    let folder = tempfile::tempdir().unwrap();
    let (path, start) = (folder.path().join("funder.json"), Arc::new(Barrier::new(8)));
    let writers: Vec<_> = (0..8_u8)
        .map(|number| {
            let (path, start) = (path.clone(), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                write_private(&path, &[number; 4096]).map(|()| number)
            })
        })
        .collect();
    let ended: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
    let winners: Vec<u8> = ended.iter().filter_map(|ended| ended.as_ref().ok().copied()).collect();
    assert_eq!(winners.len(), 1, "{ended:?}");
    assert_eq!(fs::read(&path).unwrap(), [winners[0]; 4096]);
}

#[test]
fn a_random_password_is_64_digits_and_another_each_time() {
    let passwords = [(); 2].map(|()| random_password().unwrap());
    for password in &passwords {
        let digits = password.strip_suffix(b"\n").unwrap();
        assert!(digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit));
    }
    assert_ne!(passwords[0], passwords[1]);
}

#[test]
fn a_keystore_shows_neither_key_nor_password() {
    let kept = kept();
    let keystore = read_keystore(&kept.keystore).unwrap();
    let opened = keystore.decrypt(PASSWORD.as_bytes()).unwrap();
    let shown = format!("{keystore:?} {opened:?}");
    assert!(
        shown.contains(&format!("{ADDRESS:?}")) && !shown.contains(KEY) && !shown.contains("ciphertext"),
        "{shown}"
    );
}

#[tokio::test]
async fn an_error_of_opening_names_account_and_source() {
    let source = source(Path::new("/nowhere/funder.json"), Path::new("/nowhere/password"));
    let error = open(&account(), &source).await.map(drop).unwrap_err();
    assert!(matches!(&error, KeyError::Keystore { account, .. } if account.as_str() == "funder"), "{error:?}");
}
