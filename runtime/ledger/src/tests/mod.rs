//! What the ledger promises, each group in a file. Here are jobs, runs and ends as the keeper would bring them.

mod claims;
mod crash;
mod faults;
mod files;
mod finishes;
mod heads;
mod logs;
mod payments;
mod processes;
mod questions;
mod recovery;
mod retention;
mod skips;
mod state;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use watchkeeper_model::{Digest, JobName, Outcome, PluginName, RunEnd, RunId, RunStart, Skip, SkipReason, Trigger};

use crate::{Book, Entry, EntryError, History, JobRecord, Ledger, LedgerError, NodeStart, StateChanges};

fn job(name: &str) -> JobName {
    JobName::new(name).unwrap()
}

/// A second of the tests' time.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn node() -> NodeStart {
    NodeStart { host: "here".to_owned(), version: "0.1.0".to_owned(), started: at(0) }
}

/// A book in memory with the job `probe`, whose first generation began at second 0.
fn book() -> Book {
    let mut book = Book::in_memory(&node()).unwrap();
    one(&mut book, generation("probe", "every 1s", 0)).unwrap();
    book
}

fn one(book: &mut Book, entry: Entry) -> Result<(), EntryError> {
    book.record(&[entry]).unwrap().remove(0)
}

fn probe(book: &Book) -> JobRecord {
    book.job(&job("probe")).unwrap().unwrap()
}

fn generation(name: &str, schedule: &str, began: i64) -> Entry {
    Entry::Generation { job: job(name), schedule: schedule.to_owned(), began: at(began), after: None }
}

/// The generation after one that stands at a second.
fn generation_after(after: i64, name: &str, schedule: &str, began: i64) -> Entry {
    Entry::Generation { job: job(name), schedule: schedule.to_owned(), began: at(began), after: Some(at(after)) }
}

/// The first attempt for a due time.
fn due(name: &str, second: i64) -> RunStart {
    started(name, Trigger::Schedule(at(second)), second)
}

/// A run that somebody asked for.
fn asked(name: &str, second: i64) -> RunStart {
    started(name, Trigger::Manual("ann".to_owned()), second)
}

fn started(name: &str, trigger: Trigger, second: i64) -> RunStart {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let id = RunId::new(at(second), NEXT.fetch_add(1, Ordering::Relaxed).into());
    RunStart {
        id,
        job: job(name),
        generation: 1,
        plugin: PluginName::new("height").unwrap(),
        digest: Digest::new([7; 32]),
        trigger,
        attempt: 1,
        first: id,
        claimed: at(second),
    }
}

/// The attempt after this one.
fn again(run: &RunStart, second: i64) -> RunStart {
    let RunStart { job, trigger, attempt, first, generation, .. } = run.clone();
    RunStart { attempt: attempt + 1, first, generation, ..started(job.as_str(), trigger, second) }
}

/// The claim of a run; of a due time, where its job stands at the second before.
fn claim(run: &RunStart) -> Entry {
    let due = run.trigger.nominal().unwrap_or(run.claimed);
    claim_after(due.as_second() - at(0).as_second() - 1, run)
}

fn claim_after(after: i64, run: &RunStart) -> Entry {
    Entry::Claim { run: run.clone(), after: at(after) }
}

fn skip(name: &str, reason: SkipReason, first: i64, last: i64) -> Skip {
    let count = u64::try_from(last - first + 1).unwrap();
    Skip { job: job(name), generation: 1, reason, first: at(first), last: at(last), count }
}

/// What is recorded of a skip where its job stands at the second before it.
fn skipped(skip: Skip) -> Entry {
    let after = skip.first.checked_sub(Duration::from_secs(1)).unwrap();
    Entry::Skip { skip, after }
}

fn end(outcome: Outcome, second: i64) -> RunEnd {
    RunEnd {
        started: Some(at(second)),
        finished: at(second),
        outcome,
        message: "done".to_owned(),
        duration: Duration::from_millis(1),
        cpu: Duration::ZERO,
        peak_memory: 65_536,
        logs: Vec::new(),
    }
}

fn finish(run: &RunStart, end: RunEnd) -> Entry {
    finish_with(run, end, Vec::new())
}

fn finish_with(run: &RunStart, end: RunEnd, state: StateChanges) -> Entry {
    Entry::Finish { run: run.id, end, state, retry_at: None, pause: None, history: History::All }
}

/// A run that fails and is to be tried again at a second.
fn finish_to_retry(run: &RunStart, end: RunEnd, second: i64) -> Entry {
    let retry_at = Some(at(second));
    Entry::Finish { run: run.id, end, state: Vec::new(), retry_at, pause: None, history: History::All }
}

/// Claims a run, wherever its job stands, and finishes it at its second.
fn ran(book: &mut Book, run: &RunStart, outcome: Outcome) {
    ended(book, run, end(outcome, run.claimed.as_second() - at(0).as_second()));
}

fn ended(book: &mut Book, run: &RunStart, end: RunEnd) {
    let after = book.job(&run.job).unwrap().unwrap().cursor;
    let results = book.record(&[Entry::Claim { run: run.clone(), after }, finish(run, end)]).unwrap();
    assert_eq!(results, [Ok(()), Ok(())]);
}

/// A job that runs when it is asked, and one whole successful run of it that leaves `changes`.
async fn run(ledger: &Ledger, name: &JobName, changes: StateChanges) -> Result<(), LedgerError> {
    let run = asked(name.as_str(), 1);
    let entries =
        vec![generation(name.as_str(), "", 0), claim(&run), finish_with(&run, end(Outcome::Success, 1), changes)];
    ledger.record(entries).await.into_iter().collect()
}

fn set(key: &str, value: impl Into<Vec<u8>>) -> (String, Option<Vec<u8>>) {
    (key.to_owned(), Some(value.into()))
}
