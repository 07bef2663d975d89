//! A run's end, what its job counts, and what it remembers are one.

use watchkeeper_model::{Outcome, RunId};

use super::{asked, at, book, claim, due, end, finish, finish_with, job, one, probe, ran, set};
use crate::{Entry, EntryError, History, LogFilter, MAX_VALUE_BYTES, RunFilter};

#[test]
fn a_record_tells_a_run_as_it_was_brought() {
    let mut book = book();
    let run = due("probe", 1);
    one(&mut book, claim(&run)).unwrap();
    assert_eq!(book.run(run.id).unwrap().unwrap().run.end, None);
    let mut finished = end(Outcome::Success, 3);
    finished.peak_memory = 3 << 30;
    finished.cpu = std::time::Duration::from_nanos(1_234_567_891);
    one(&mut book, finish(&run, finished.clone())).unwrap();
    let told = book.run(run.id).unwrap().unwrap();
    assert_eq!((told.run.start, told.run.end), (run, Some(finished)));
    assert_eq!(told.node.unwrap().start.host, "here");
    assert_eq!(book.run(RunId::from_bits(1)).unwrap(), None);
    let nobody = asked("probe", 1);
    assert_eq!(one(&mut book, finish(&nobody, end(Outcome::Success, 1))), Err(EntryError::UnknownRun(nobody.id)));
}

#[test]
fn failures_in_a_row_are_counted_until_a_success() {
    let mut book = book();
    for (second, outcome) in [(1, Outcome::Failed), (2, Outcome::Timeout), (3, Outcome::Cancelled), (4, Outcome::Trap)]
    {
        ran(&mut book, &due("probe", second), outcome);
    }
    assert_eq!((probe(&book).failures, probe(&book).last_success), (3, None));
    ran(&mut book, &asked("probe", 5), Outcome::Success);
    assert_eq!((probe(&book).failures, probe(&book).last_success), (0, Some(at(5))));
}

#[test]
fn a_failure_can_pause_its_job() {
    let mut book = book();
    let run = due("probe", 1);
    one(&mut book, claim(&run)).unwrap();
    let pause = Some("5 failures in a row".to_owned());
    let end = end(Outcome::Failed, 2);
    one(&mut book, Entry::Finish { run: run.id, end, state: vec![], retry_at: None, pause, history: History::All })
        .unwrap();
    let told = probe(&book).paused.unwrap();
    assert_eq!((told.at, told.by.as_str(), told.note.as_str()), (at(2), "watchkeeper", "5 failures in a row"));
}

#[test]
fn what_cannot_be_remembered_leaves_the_run_going() {
    let mut book = book();
    let run = due("probe", 1);
    one(&mut book, claim(&run)).unwrap();
    let changes = vec![set("fits", "1"), set("large", vec![0; MAX_VALUE_BYTES + 1])];
    let refused = one(&mut book, finish_with(&run, end(Outcome::Success, 1), changes));
    assert!(matches!(refused, Err(EntryError::State(_))), "{refused:?}");
    assert_eq!(book.unfinished().unwrap().len(), 1);
    assert_eq!((probe(&book).last_success, book.state(&job("probe"), "fits").unwrap()), (None, None));
    one(&mut book, finish(&run, end(Outcome::Failed, 1))).unwrap();
}

#[test]
fn a_history_of_failures_keeps_them_and_the_last_success() {
    let mut book = book();
    let outcomes = [Outcome::Success, Outcome::Failed, Outcome::Success, Outcome::Success, Outcome::Lost];
    for (second, outcome) in (1..).zip(outcomes) {
        let run = due("probe", second);
        let mut end = end(outcome, second);
        end.logs = vec![super::logs::line("said")];
        let finish =
            Entry::Finish { run: run.id, end, state: vec![], retry_at: None, pause: None, history: History::Failures };
        assert_eq!(book.record(&[claim(&run), finish]).unwrap(), [Ok(()), Ok(())]);
    }
    let told = book.runs(&RunFilter { limit: 9, ..RunFilter::default() }).unwrap();
    let told: Vec<_> = told.iter().map(|run| (run.start.claimed, run.end.as_ref().unwrap().outcome)).collect();
    assert_eq!(told, [(at(5), Outcome::Lost), (at(4), Outcome::Success), (at(2), Outcome::Failed)]);
    assert_eq!(probe(&book).runs, 5, "the counts go on");
    let lines = book.log_lines(&LogFilter { limit: 9, ..LogFilter::default() }).unwrap();
    assert_eq!(lines.len(), 3, "the lines go with their run");
}
