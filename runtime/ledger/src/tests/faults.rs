//! What needs a connection set up for the test: a store that is full, and one that another program holds.

use std::{fs, path::Path, time::Duration};

use futures_util::future::join_all;
use rusqlite::Connection;
use watchkeeper_model::{Outcome, Skip, SkipReason};

use super::{asked, claim, claim_after, due, end, finish, finish_with, generation, job, node, run, set, skip, skipped};
use crate::{Book, Ledger, LedgerError, open};

/// A ledger whose writer was prepared.
fn prepared(path: &Path, prepare: impl FnOnce(&Connection)) -> Ledger {
    let lock = open::lock(path).unwrap();
    let writer = open::open(path).unwrap();
    prepare(&writer);
    Ledger::start(Book::new(writer, Some(path), &node()).unwrap(), Some((path, lock))).unwrap()
}

/// Room for so many pages beside the empty ledger's.
fn full_after(pages: u32) -> impl FnOnce(&Connection) {
    move |connection| {
        let taken: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        connection.pragma_update(None, "max_page_count", taken + pages).unwrap();
    }
}

#[tokio::test]
async fn a_full_store_says_so_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = prepared(&folder.path().join("ledger.db"), full_after(70));
    run(&ledger, &job("large"), vec![set("value", vec![1; 200_000])]).await.unwrap();
    let large = asked("other", 1);
    ledger.record(vec![generation("other", "", 0), claim(&large)]).await.into_iter().for_each(Result::unwrap);
    let ended = finish_with(&large, end(Outcome::Success, 2), vec![set("value", vec![2; 200_000])]);
    let full = ledger.record_one(ended.clone()).await;
    assert!(matches!(full, Err(LedgerError::Full)), "{full:?}");
    assert!(full.unwrap_err().is_store_away());
    assert_eq!(ledger.state(&job("other"), "value").await.unwrap(), None);
    assert_eq!(ledger.unfinished().await.unwrap().len(), 1, "the run that could not be kept is still to be finished");

    ledger.forget_state(&job("large")).await.unwrap();
    ledger.record_one(ended).await.unwrap();
    assert_eq!(ledger.state(&job("other"), "value").await.unwrap().unwrap(), vec![2; 200_000]);
}

#[tokio::test]
async fn what_does_not_fit_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = prepared(&path, full_after(70));
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
async fn what_no_store_could_take_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(&path, &node()).unwrap();
    ledger.record_one(generation("probe", "every 1s", 0)).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let absurd = skipped(Skip { count: u64::MAX, ..skip("probe", SkipReason::Overlap, 2, 3) });
    let entries = [claim(&due("probe", 1)), absurd, claim_after(1, &due("probe", 4))];
    let records = join_all(entries.into_iter().map(|entry| ledger.record_one(entry)));
    let (done, ()) = tokio::join!(records, async { other.execute_batch("ROLLBACK").unwrap() });
    assert!(matches!(done[..], [Ok(()), Err(LedgerError::Unfit(_)), Ok(())]), "{done:?}");
    assert!(!done[1].as_ref().unwrap_err().is_store_away(), "bringing it again is of no use");
}

#[tokio::test]
async fn a_store_that_another_program_locks_is_busy_and_readable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = prepared(&path, |connection| connection.busy_timeout(Duration::from_millis(20)).unwrap());
    run(&ledger, &job("probe"), vec![set("value", vec![1])]).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let claims: Vec<_> = (1..=9).map(|second| due("probe", second)).collect();
    let busy = join_all(claims.iter().map(|run| ledger.record_one(claim(run)))).await;
    assert!(busy.iter().all(|result| matches!(result, Err(LedgerError::Busy))), "{busy:?}");
    assert_eq!(ledger.stats().failures, 9);
    assert_eq!(ledger.state(&job("probe"), "value").await.unwrap().unwrap(), [1]);
    assert_eq!(ledger.job(&job("probe")).await.unwrap().unwrap().runs, 0);
    other.execute_batch("ROLLBACK").unwrap();
    ledger.record_one(claim(&claims[0])).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_moved_away_takes_nothing_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["", "-wal"] {
        let path = folder.path().join(format!("ledger{ending}.db"));
        let ledger = Ledger::open(&path, &node()).unwrap();
        run(&ledger, &job("probe"), vec![]).await.unwrap();
        let moved = open::beside(&path, ending);
        let (first, second) = (due("probe", 1), due("probe", 2));
        let elsewhere = folder.path().join("elsewhere");

        fs::rename(&moved, &elsewhere).unwrap();
        let gone = ledger.record_one(claim(&first)).await.unwrap_err();
        assert!(gone.is_store_away() && gone.to_string().contains("the file is gone"), "{gone}");
        fs::write(&moved, "another").unwrap();
        let replaced = ledger.record_one(claim(&first)).await.unwrap_err();
        assert!(replaced.is_store_away() && replaced.to_string().contains("another file"), "{replaced}");
        assert_eq!(fs::read(&moved).unwrap(), b"another");

        fs::rename(&elsewhere, &moved).unwrap();
        for run in [&first, &second] {
            ledger.record_one(claim(run)).await.unwrap();
            ledger.record_one(finish(run, end(Outcome::Success, 3))).await.unwrap();
        }
        ledger.close().await;
        let ledger = Ledger::open(&path, &node()).unwrap();
        assert_eq!(ledger.job(&job("probe")).await.unwrap().unwrap().runs, 2);
    }
}
