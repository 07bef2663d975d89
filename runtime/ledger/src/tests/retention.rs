//! What is old goes in small steps, and never what is still needed.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_model::{Outcome, SkipReason};

use super::{
    asked, at, book, claim, claim_after, due, end, finish, finish_to_retry, generation, job, node, one, probe, ran,
    skip, skipped,
};
use crate::{Action, Book, Entry, Ledger, LogFilter, NodeStart, Retention, RunFilter};

const FOR_EVER: SignedDuration = SignedDuration::from_hours(24 * 365 * 100);

fn retention(max_age: SignedDuration, max_runs_per_job: u64) -> Retention {
    Retention { max_age, max_runs_per_job }
}

/// Drops all that is to go; how many rows each transaction dropped.
fn drop_all(book: &mut Book, retention: &Retention, now: Timestamp) -> Vec<usize> {
    std::iter::from_fn(|| Some(book.retain(retention, now).unwrap()).filter(|rows| *rows > 0)).collect()
}

fn kept(book: &Book) -> Vec<Timestamp> {
    let runs = book.runs(&RunFilter { limit: 1_000, ..RunFilter::default() }).unwrap();
    runs.into_iter().rev().map(|run| run.start.claimed).collect()
}

#[test]
fn the_oldest_runs_of_a_job_go_and_nobody_elses() {
    let mut book = book();
    one(&mut book, generation("quiet", "every 1h", 0)).unwrap();
    ran(&mut book, &due("quiet", 1), Outcome::Success);
    for second in 2..=1_300 {
        ran(&mut book, &due("probe", second), Outcome::Success);
    }
    let steps = drop_all(&mut book, &retention(FOR_EVER, 10), at(2_000));
    assert_eq!(steps.iter().sum::<usize>(), 1_289);
    assert!(steps.iter().all(|rows| *rows <= 100), "a transaction is small: {steps:?}");
    let expected: Vec<_> = std::iter::once(1).chain(1_291..=1_300).map(at).collect();
    assert_eq!(kept(&book), expected);
    assert_eq!((probe(&book).runs, probe(&book).last_success), (1_299, Some(at(1_300))));
    assert!(drop_all(&mut book, &retention(FOR_EVER, 10), at(2_000)).is_empty());
}

#[test]
fn what_is_too_old_goes_with_all_that_belongs_to_it() {
    let mut book = book();
    let mut said = end(Outcome::Success, 1);
    said.logs = vec![super::logs::line("old")];
    let old = due("probe", 1);
    book.record(&[claim(&old), finish(&old, said)]).unwrap();
    one(&mut book, skipped(skip("probe", SkipReason::Overlap, 2, 3))).unwrap();
    ran(&mut book, &due("probe", 4_000), Outcome::Success);
    one(&mut book, skipped(skip("probe", SkipReason::Overlap, 4_001, 4_002))).unwrap();
    for second in [1, 4_000] {
        let (by, verb, note) = ("ann".to_owned(), "pause".to_owned(), String::new());
        one(&mut book, Entry::Action(Action { at: at(second), by, verb, job: None, run: None, note })).unwrap();
    }
    one(&mut book, generation("gone", "every 1s", 1)).unwrap();
    one(&mut book, Entry::Retire { job: job("gone"), at: at(2), after: at(1) }).unwrap();
    book.join(&NodeStart { started: at(4_000), ..node() }).unwrap();

    drop_all(&mut book, &retention(SignedDuration::from_hours(1), 1_000), at(5_000));
    assert_eq!(kept(&book), [at(4_000)]);
    assert!(book.log_lines(&LogFilter { limit: 9, ..LogFilter::default() }).unwrap().is_empty());
    assert_eq!(book.skips(&job("probe"), at(0), 9).unwrap(), [skip("probe", SkipReason::Overlap, 4_001, 4_002)]);
    assert_eq!(book.actions(None, 9).unwrap().len(), 1);
    assert!(book.job(&job("gone")).unwrap().is_none());
    assert_eq!((probe(&book).runs, probe(&book).skips), (2, 4), "the counts go on");
    book.join(&node()).unwrap();
    assert_eq!(book.epoch(), 3, "epochs are never used again");
}

#[test]
fn what_goes_on_stays_however_old_it_is() {
    let mut book = book();
    let (going, failed) = (asked("probe", 1), due("probe", 2));
    one(&mut book, claim_after(0, &failed)).unwrap();
    one(&mut book, finish_to_retry(&failed, end(Outcome::Unavailable, 2), 90_000)).unwrap();
    one(&mut book, claim(&going)).unwrap();
    ran(&mut book, &asked("probe", 3), Outcome::Success);
    drop_all(&mut book, &retention(SignedDuration::from_hours(1), 0), at(80_000));
    assert_eq!(kept(&book), [at(1), at(2)]);
    assert_eq!(probe(&book).last_success, Some(at(3)));
}

#[tokio::test]
async fn writers_come_between_the_steps() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger.db"), &node()).unwrap();
    ledger.record_one(generation("probe", "every 1s", 0)).await.unwrap();
    let runs: Vec<_> = (1..=2_000).map(|second| due("probe", second)).collect();
    let entries = runs.iter().flat_map(|run| [claim(run), finish(run, end(Outcome::Success, 1))]).collect();
    assert!(ledger.record(entries).await.into_iter().all(|result| result.is_ok()));
    let retain = ledger.retain(retention(FOR_EVER, 5), at(3_000));
    let mut retain = std::pin::pin!(retain);
    let mut between = 0;
    let gone = loop {
        let run = due("probe", 2_001 + between);
        tokio::select! {
            gone = &mut retain => break gone.unwrap(),
            result = ledger.record_one(claim(&run)) => result.unwrap(),
        }
        between += 1;
    };
    assert!(gone >= 1_995, "{gone}");
    assert!(between > 1, "the writer waited for the whole");
}
