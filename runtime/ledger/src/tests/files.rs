//! Files that are no ledger, or not to be trusted, are refused by name and left as they are.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
};

use tempfile::TempDir;

use super::{job, node, run, set};
use crate::{Ledger, LedgerError, open, schema};

/// A closed ledger with some state in it.
async fn ledger() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/ledger.db");
    let ledger = Ledger::open(&path, &node()).unwrap();
    for number in 0..8 {
        run(&ledger, &job("probe"), vec![set(&number.to_string(), vec![number; 20_000])]).await.unwrap();
    }
    ledger.close().await;
    (folder, path)
}

fn refused(path: &PathBuf) -> LedgerError {
    let before = fs::read(path).ok();
    let error = Ledger::open(path, &node()).unwrap_err();
    assert_eq!(fs::read(path).ok(), before, "the file was changed");
    let text = error.to_string();
    assert!(text.starts_with(&path.display().to_string()) && text.contains("\nhint: "), "{text}");
    error
}

#[tokio::test]
async fn a_new_ledger_is_its_owners_alone() {
    let (_folder, path) = ledger().await;
    let _open = Ledger::open(&path, &node()).unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap().to_owned()), 0o700);
    for ending in ["db", "db-wal", "db-shm", "db.lock"] {
        assert_eq!(mode(path.with_extension(ending)), 0o600, "{ending}");
    }
}

#[tokio::test]
async fn a_commit_waits_for_the_disk() {
    let (_folder, path) = ledger().await;
    let opened = open::open(&path).unwrap();
    let pragma = |name| opened.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
    assert_eq!(pragma("journal_mode").unwrap(), "wal".to_owned().into());
    // 2 is FULL: the log is synced at each commit (https://sqlite.org/pragma.html#pragma_synchronous).
    assert_eq!(pragma("synchronous").unwrap(), 2.into());
}

#[tokio::test]
async fn a_second_keeper_is_kept_out_until_the_first_is_gone() {
    let (_folder, path) = ledger().await;
    let first = Ledger::open(&path, &node()).unwrap();
    assert!(matches!(Ledger::open(&path, &node()), Err(LedgerError::InUse { .. })));
    first.close().await;
    Ledger::open(&path, &node()).unwrap();
}

#[tokio::test]
async fn other_files_are_no_ledger() {
    let (_folder, path) = ledger().await;
    fs::write(&path, "[server]\nlisten = \"127.0.0.1:9464\"\n".repeat(100)).unwrap();
    assert!(matches!(refused(&path), LedgerError::NotALedger { .. }));

    fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE photographs (id INTEGER)").unwrap();
    other.close().unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(refused(&path), LedgerError::NotALedger { .. }));
}

#[tokio::test]
async fn an_empty_a_cut_and_an_overwritten_file_are_damaged() {
    let (_folder, path) = ledger().await;
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(refused(&path), LedgerError::Damaged { .. }));

    let mut torn = whole.clone();
    torn[8192..].iter_mut().for_each(|byte| *byte = 0xa5);
    fs::write(&path, &torn).unwrap();
    assert!(matches!(refused(&path), LedgerError::Damaged { .. }));

    fs::write(&path, "").unwrap();
    assert!(matches!(refused(&path), LedgerError::Damaged { .. }));

    fs::remove_file(&path).unwrap();
    fs::write(path.with_extension("db-wal"), "left over").unwrap();
    assert!(matches!(refused(&path), LedgerError::Damaged { .. }));
    assert!(!path.exists(), "an empty ledger took the place of a lost one");
}

#[tokio::test]
async fn a_later_programs_ledger_is_left_to_it() {
    let (_folder, path) = ledger().await;
    let later = rusqlite::Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 9_999).unwrap();
    later.close().unwrap();
    assert!(matches!(refused(&path), LedgerError::Newer { found: 9_999, .. }));
}

#[tokio::test]
async fn a_ledger_that_others_can_write_is_refused() {
    let (_folder, path) = ledger().await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
    assert!(matches!(refused(&path), LedgerError::Exposed { mode: 0o660, .. }));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(Ledger::open(&path, &node()), Err(LedgerError::Exposed { mode: 0o777, .. })));
}

#[tokio::test]
async fn a_ledger_of_the_first_schema_keeps_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let first = rusqlite::Connection::open(&path).unwrap();
    schema::steps(&first, 0, 1).unwrap();
    first
        .execute_batch(
            "INSERT INTO state VALUES ('probe', 'head', x'00ff'); INSERT INTO state_size VALUES ('probe', 70)",
        )
        .unwrap();
    first.close().unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();

    let ledger = Ledger::open(&path, &node()).unwrap();
    assert_eq!(ledger.state(&job("probe"), "head").await.unwrap().unwrap(), b"\x00\xff");
    run(&ledger, &job("probe"), vec![set("more", "1")]).await.unwrap();
    ledger.close().await;
    let again = Ledger::open(&path, &node()).unwrap();
    assert_eq!(again.recover(super::at(9)).await.unwrap().jobs.len(), 1);
    assert_eq!(again.state(&job("probe"), "more").await.unwrap().unwrap(), b"1");
}
