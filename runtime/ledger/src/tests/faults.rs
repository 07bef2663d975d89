//! What needs a connection set up for the test: a store that is full, and one that another program holds.

use std::{path::Path, time::Duration};

use futures_util::future::join_all;
use rusqlite::Connection;

use super::{job, run, set};
use crate::{Ledger, LedgerError, open};

/// A ledger whose writer was prepared.
fn prepared(path: &Path, prepare: impl FnOnce(&Connection)) -> Ledger {
    let opened = open::open(path).unwrap();
    prepare(&opened.writer);
    Ledger::start(Some(opened.reader), opened.writer, Some(opened.lock)).unwrap()
}

#[tokio::test]
async fn a_full_store_says_so_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let limit = |connection: &Connection| connection.pragma_update(None, "max_page_count", 64).unwrap();
    let ledger = prepared(&folder.path().join("ledger.db"), limit);
    run(&ledger, &job("large"), vec![set("value", vec![1; 200_000])]).await.unwrap();
    let full = run(&ledger, &job("other"), vec![set("value", vec![2; 200_000])]).await;
    assert!(matches!(full, Err(LedgerError::Full)), "{full:?}");
    assert_eq!(ledger.state(&job("other"), "value").await.unwrap(), None);
    assert_eq!(ledger.running().len(), 1, "the run that could not be kept is still to be finished");

    ledger.forget_state(&job("large")).await.unwrap();
    run(&ledger, &job("other"), vec![set("value", vec![3; 200_000])]).await.unwrap();
    assert_eq!(ledger.state(&job("other"), "value").await.unwrap().unwrap(), vec![3; 200_000]);
}

#[tokio::test]
async fn what_does_not_fit_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let limit = |connection: &Connection| connection.pragma_update(None, "max_page_count", 64).unwrap();
    let ledger = prepared(&path, limit);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let jobs: Vec<_> = (0..9).map(|number| job(&format!("job-{number}"))).collect();
    let sizes = [10, 10, 10, 10, 500_000, 10, 10, 10, 10];
    let runs = jobs.iter().zip(sizes).map(|(job, size)| run(&ledger, job, vec![set("value", vec![0; size])]));
    let (done, ()) = tokio::join!(join_all(runs), async { other.execute_batch("ROLLBACK").unwrap() });
    let fitted: Vec<_> = done.iter().map(Result::is_ok).collect();
    assert_eq!(fitted, [true, true, true, true, false, true, true, true, true]);
    assert!(matches!(done[4], Err(LedgerError::Full)));
}

#[tokio::test]
async fn a_store_that_another_program_locks_is_busy_and_readable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = prepared(&path, |connection| connection.busy_timeout(Duration::from_millis(20)).unwrap());
    run(&ledger, &job("probe"), vec![set("value", vec![1])]).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = run(&ledger, &job("probe"), vec![set("value", vec![2])]).await;
    assert!(matches!(busy, Err(LedgerError::Busy)), "{busy:?}");
    assert_eq!(ledger.state(&job("probe"), "value").await.unwrap().unwrap(), [1]);
    other.execute_batch("ROLLBACK").unwrap();
    run(&ledger, &job("probe"), vec![set("value", vec![3])]).await.unwrap();
}
