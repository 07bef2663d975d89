//! What an earlier process left is found, and no run is forgotten.

use watchkeeper_model::{Outcome, RunStart, SkipReason};

use super::{
    again, at, book, claim, due, end, finish, finish_to_retry, generation, job, node, one, probe, ran, skip, skipped,
};
use crate::{Entry, EntryError, NodeStart};

#[test]
fn runs_without_an_end_are_lost_once_and_told_of() {
    let mut book = book();
    let (over, going) = (due("probe", 1), due("probe", 2));
    ran(&mut book, &over, Outcome::Success);
    one(&mut book, claim(&going)).unwrap();
    assert!(book.recover(at(3)).unwrap().lost.is_empty(), "a process doesn't lose its own runs");

    book.join(&NodeStart { started: at(60), ..node() }).unwrap();
    let found = book.recover(at(60)).unwrap();
    assert_eq!(found.lost.len(), 1);
    let (start, end) = (&found.lost[0].start, found.lost[0].end.as_ref().unwrap());
    assert_eq!((start, end.outcome, end.finished, end.started), (&going, Outcome::Lost, at(60), None));
    assert_eq!(book.run(going.id).unwrap().unwrap().run, found.lost[0]);
    assert_eq!(book.run(going.id).unwrap().unwrap().node.unwrap().epoch, 1);
    assert_eq!((found.jobs[0].failures, found.jobs[0].cursor), (1, at(2)));
    assert!(book.unfinished().unwrap().is_empty());

    book.join(&node()).unwrap();
    assert!(book.recover(at(61)).unwrap().lost.is_empty());
    let late = one(&mut book, finish(&going, super::end(Outcome::Success, 3)));
    assert_eq!(late, Err(EntryError::Ended { run: going.id, outcome: Outcome::Lost }));
}

#[test]
fn a_lost_run_waits_for_its_next_try_whatever_becomes_of_the_process_that_found_it() {
    let mut book = book();
    let (run, other) = (due("probe", 1), due("probe", 2));
    one(&mut book, claim(&run)).unwrap();
    for start in [60, 61] {
        book.join(&node()).unwrap();
        let retries = book.recover(at(start)).unwrap().retries;
        assert_eq!(retries.len(), 1, "{start}");
        assert_eq!((&retries[0].run, retries[0].lost, retries[0].retry_at), (&run, true, at(60)), "{start}");
    }
    let second = again(&run, 70);
    one(&mut book, claim(&second)).unwrap();
    assert!(book.retries().unwrap().is_empty());
    one(&mut book, finish(&second, end(Outcome::Success, 71))).unwrap();

    one(&mut book, claim(&other)).unwrap();
    book.join(&node()).unwrap();
    let lost = book.recover(at(80)).unwrap().retries;
    assert_eq!(lost.iter().map(|retry| &retry.run).collect::<Vec<_>>(), [&other]);
    one(&mut book, Entry::DropRetry { run: other.id }).unwrap();
    assert!(book.retries().unwrap().is_empty(), "its job's policy said no");
}

#[test]
fn jobs_and_retries_are_as_they_were_left() {
    let mut book = book();
    one(&mut book, generation("gone", "cron UTC 0 0 * * *", 0)).unwrap();
    one(&mut book, Entry::Retire { job: job("gone"), at: at(1), after: at(0) }).unwrap();
    one(&mut book, Entry::SkipNext { job: job("probe"), count: 3 }).unwrap();
    one(&mut book, skipped(skip("probe", SkipReason::Overlap, 1, 4))).unwrap();
    let run = due("probe", 5);
    one(&mut book, claim(&run)).unwrap();
    one(&mut book, finish_to_retry(&run, end(Outcome::Unavailable, 6), 11)).unwrap();
    let before = probe(&book);

    book.join(&node()).unwrap();
    let found = book.recover(at(9)).unwrap();
    assert_eq!(
        found.jobs.iter().map(|record| (record.job.as_str(), record.retired)).collect::<Vec<_>>(),
        [("gone", Some(at(1))), ("probe", None)]
    );
    assert_eq!(found.jobs[1], before);
    assert_eq!(found.retries.len(), 1);
    assert_eq!((&found.retries[0].run, found.retries[0].retry_at), (&run, at(11)));
    one(&mut book, claim(&RunStart { generation: before.generation, ..due("probe", 6) })).unwrap();
}
