//! A due time is claimed once, and the cursor moves with the claim or not at all.

use jiff::Timestamp;
use watchkeeper_model::{Outcome, RunStart, SkipReason, Trigger};

use super::{
    again, asked, at, book, claim, claim_after, due, end, finish, finish_to_retry, generation, generation_after, job,
    node, one, probe, ran, skip, skipped,
};
use crate::{Book, Entry, EntryError, Ledger, LedgerError};

fn disposed(run: &RunStart) -> Result<(), EntryError> {
    let nominal = run.trigger.nominal().unwrap_or(Timestamp::UNIX_EPOCH);
    Err(EntryError::AlreadyDisposed { job: run.job.clone(), nominal })
}

#[tokio::test]
async fn of_many_claims_of_one_due_time_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger.db"), &node()).unwrap();
    ledger.record_one(generation("probe", "every 1s", 0)).await.unwrap();
    for second in 1..=5 {
        let rivals: Vec<_> = (0..32).map(|_| due("probe", second)).collect();
        let results = futures_util::future::join_all(rivals.iter().map(|run| ledger.record_one(claim(run)))).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        for (run, result) in rivals.iter().zip(results) {
            if let Err(error) = result {
                assert_eq!(error.to_string(), disposed(run).unwrap_err().to_string());
            }
        }
    }
    let record = ledger.job(&job("probe")).await.unwrap().unwrap();
    assert_eq!((record.cursor, record.runs), (at(5), 5));
    assert_eq!(ledger.unfinished().await.unwrap().len(), 5);
}

#[test]
fn two_books_on_one_file_never_claim_the_same_due_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut books = [Book::open(&path, &node()).unwrap(), Book::open(&path, &node()).unwrap()];
    one(&mut books[0], generation("probe", "every 1s", 0)).unwrap();
    let mut claimed = 0;
    let threads = books.map(|mut book| {
        std::thread::spawn(move || {
            let claims = (1..=200).map(|second| claim(&due("probe", second)));
            claims.filter(|entry| brought(&mut book, entry).is_ok()).count()
        })
    });
    for thread in threads {
        claimed += thread.join().unwrap();
    }
    let book = Book::open(&path, &node()).unwrap();
    assert_eq!(probe(&book).runs, u64::try_from(claimed).unwrap());
    assert_eq!(book.unfinished().unwrap().len(), claimed);
    assert_eq!(probe(&book).cursor, at(200));
}

/// Brings an entry until the other book lets go of the file.
fn brought(book: &mut Book, entry: &Entry) -> Result<(), EntryError> {
    loop {
        match book.record(std::slice::from_ref(entry)) {
            Err(LedgerError::Busy) => {}
            results => return results.unwrap().remove(0),
        }
    }
}

#[test]
fn a_refused_claim_moves_nothing_and_leaves_its_neighbours_alone() {
    let mut book = book();
    let first = due("probe", 5);
    let results = book.record(&[
        claim_after(0, &first),
        claim(&due("probe", 5)),
        claim(&due("probe", 4)),
        claim(&due("nobody", 6)),
    ]);
    let results = results.unwrap();
    assert_eq!(results[..2], [Ok(()), disposed(&first)]);
    assert!(matches!(results[2], Err(EntryError::AlreadyDisposed { nominal, .. }) if nominal == at(4)));
    assert_eq!(results[3], Err(EntryError::UnknownJob(job("nobody"))));
    assert_eq!((probe(&book).cursor, probe(&book).runs), (at(5), 1));
    assert_eq!(book.unfinished().unwrap().len(), 1);
}

#[test]
fn what_was_recorded_already_is_answered_as_before() {
    let mut book = book();
    let run = due("probe", 1);
    one(&mut book, claim(&run)).unwrap();
    one(&mut book, claim(&run)).unwrap();
    assert_eq!(probe(&book).runs, 1);
    let other = RunStart { attempt: 2, ..run.clone() };
    assert_eq!(one(&mut book, claim(&other)), Err(EntryError::KnownRun(run.id)));

    let success = end(Outcome::Success, 2);
    one(&mut book, finish(&run, success.clone())).unwrap();
    one(&mut book, finish(&run, success)).unwrap();
    let refused = one(&mut book, finish(&run, end(Outcome::Failed, 3)));
    assert_eq!(refused, Err(EntryError::Ended { run: run.id, outcome: Outcome::Success }));
    one(&mut book, claim(&run)).unwrap();

    one(&mut book, generation("probe", "every 1s", 0)).unwrap();
    assert_eq!(probe(&book).generation, 1, "the same generation again is no new one");
    assert_eq!((probe(&book).runs, probe(&book).failures), (1, 0));
}

#[test]
fn a_run_that_was_asked_for_covers_no_due_time() {
    let mut book = book();
    let run = asked("probe", 7);
    one(&mut book, claim(&run)).unwrap();
    assert_eq!((probe(&book).cursor, probe(&book).runs), (at(0), 0));
    assert_eq!(book.run(run.id).unwrap().unwrap().run.start, run);
    let scrape = RunStart { trigger: Trigger::Probe("https://a".to_owned()), ..asked("probe", 8) };
    assert_eq!(one(&mut book, claim(&scrape)), Err(EntryError::Probe(scrape.id)));
}

#[test]
fn a_retry_is_taken_up_once_and_leaves_the_cursor() {
    let mut book = book();
    let first = due("probe", 1);
    let second = again(&first, 4);
    one(&mut book, claim(&first)).unwrap();
    let nothing = Err(EntryError::NoRetry { first: first.id });
    assert_eq!(one(&mut book, claim(&second)), nothing, "the first attempt is still going");
    one(&mut book, finish_to_retry(&first, end(Outcome::Unavailable, 2), 4)).unwrap();
    assert_eq!(book.retries().unwrap()[0].retry_at, at(4));
    one(&mut book, claim(&second)).unwrap();
    assert_eq!(one(&mut book, claim(&again(&first, 4))), nothing);
    one(&mut book, finish_to_retry(&second, end(Outcome::Unavailable, 5), 9)).unwrap();
    let third = again(&second, 9);
    one(&mut book, claim(&third)).unwrap();
    assert_eq!((probe(&book).cursor, probe(&book).runs), (at(1), 1));
    assert!(book.retries().unwrap().is_empty());
    let attempts: Vec<_> = book.run(second.id).unwrap().unwrap().attempts.into_iter().map(|run| run.start).collect();
    assert_eq!(attempts, [first, second, third]);
}

#[test]
fn a_later_due_time_and_a_new_generation_drop_the_retry() {
    let to_retry = |book: &mut Book, second| {
        let run = RunStart { generation: probe(book).generation, ..due("probe", second) };
        one(book, claim(&run)).unwrap();
        one(book, finish_to_retry(&run, end(Outcome::Unavailable, second), second + 60)).unwrap();
        assert_eq!(book.retries().unwrap().len(), 1);
        run
    };
    let mut book = book();
    let dropped = to_retry(&mut book, 1);
    ran(&mut book, &due("probe", 2), Outcome::Success);
    assert!(book.retries().unwrap().is_empty());
    assert_eq!(one(&mut book, claim(&again(&dropped, 61))), Err(EntryError::NoRetry { first: dropped.id }));

    let dropped = to_retry(&mut book, 3);
    one(&mut book, generation_after(3, "probe", "every 2s", 10)).unwrap();
    assert!(book.retries().unwrap().is_empty());
    assert_eq!(one(&mut book, claim(&again(&dropped, 63))), disposed(&dropped));

    to_retry(&mut book, 11);
    one(&mut book, Entry::Retire { job: job("probe"), at: at(20), after: at(11) }).unwrap();
    assert!(book.retries().unwrap().is_empty());
}

#[test]
fn a_generation_has_its_own_cursor_and_counts() {
    let mut book = book();
    let old = due("probe", 9);
    ran(&mut book, &due("probe", 1), Outcome::Success);
    one(&mut book, skipped(skip("probe", SkipReason::Rescheduled, 2, 8))).unwrap();
    one(&mut book, generation_after(8, "probe", "every 5s", 10)).unwrap();
    let record = probe(&book);
    assert_eq!((record.generation, record.cursor, record.runs, record.skips), (2, at(10), 0, 0));
    assert_eq!(record.schedule, "every 5s");
    assert_eq!(one(&mut book, claim(&old)), disposed(&old), "a due time of the schedule that was");
    let new = RunStart { generation: 2, ..due("probe", 15) };
    one(&mut book, claim_after(10, &new)).unwrap();
    assert_eq!(probe(&book).runs, 1);
}

#[test]
fn a_removed_job_takes_nothing_until_it_is_back() {
    let mut book = book();
    let run = due("probe", 1);
    one(&mut book, claim(&run)).unwrap();
    let pause = |by: &str| Entry::Pause { job: job("probe"), by: by.to_owned(), note: String::new(), at: at(1) };
    one(&mut book, pause("ann")).unwrap();
    let removal = [
        skipped(skip("probe", SkipReason::Removed, 2, 2)),
        Entry::Retire { job: job("probe"), at: at(2), after: at(2) },
    ];
    for attempt in 1..=2 {
        let answers = book.record(&removal).unwrap();
        assert_eq!(answers, [Ok(()), Ok(())], "the same again is harmless: {attempt}");
    }
    let gone = Err(EntryError::UnknownJob(job("probe")));
    assert_eq!(one(&mut book, claim(&due("probe", 3))), gone);
    assert_eq!(one(&mut book, skipped(skip("probe", SkipReason::Removed, 3, 3))), gone);
    assert_eq!(one(&mut book, pause("ben")), gone);
    assert_eq!(
        one(&mut book, Entry::Retire { job: job("nobody"), at: at(2), after: at(2) }),
        Err(EntryError::UnknownJob(job("nobody")))
    );
    one(&mut book, finish_to_retry(&run, end(Outcome::Unavailable, 3), 9)).unwrap();
    assert!(book.retries().unwrap().is_empty(), "a removed job is not tried again");

    one(&mut book, generation("probe", "every 1s", 5)).unwrap();
    let record = probe(&book);
    assert_eq!((record.generation, record.cursor, record.retired), (2, at(5), None));
    assert_eq!(record.paused.unwrap().by, "ann", "what people said of it stays");
}

#[test]
fn a_process_that_was_replaced_may_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut old = Book::open(&path, &node()).unwrap();
    let run = due("probe", 1);
    one(&mut old, generation("probe", "every 1s", 0)).unwrap();
    one(&mut old, claim(&run)).unwrap();
    let mut new = Book::open(&path, &node()).unwrap();
    assert_eq!((old.epoch(), new.epoch()), (1, 2));
    assert_eq!(new.recover(at(2)).unwrap().lost.len(), 1);

    let fenced = Err(EntryError::Fenced { job: job("probe") });
    assert_eq!(one(&mut old, claim(&due("probe", 2))), fenced);
    assert_eq!(one(&mut old, finish(&run, end(Outcome::Success, 2))), fenced);
    assert_eq!(one(&mut old, skipped(skip("probe", SkipReason::Paused, 2, 3))), fenced);
    assert_eq!(one(&mut old, generation("probe", "every 9s", 2)), fenced);
    let late = one(&mut old, generation("late", "every 1s", 2));
    assert_eq!(late, Err(EntryError::Fenced { job: job("late") }), "a job that is new to both");
    one(&mut new, claim(&due("probe", 2))).unwrap();
}
