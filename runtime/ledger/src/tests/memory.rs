//! What a job remembers, and which runs are told of.

use futures_util::future::join_all;
use watchkeeper_model::Outcome;

use super::{end, job, run, set, start};
use crate::{Ledger, LedgerError, MAX_JOB_STATE_BYTES, MAX_KEY_BYTES, MAX_VALUE_BYTES, StateError, StatePart};

#[tokio::test]
async fn state_survives_reopening_and_belongs_to_its_job() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/ledger.db");
    let (one, two) = (job("one"), job("two"));
    let ledger = Ledger::open(&path).unwrap();
    run(&ledger, &one, vec![set("head", *b"\x00\xff"), set("a\0b", ""), set("gone", "x")]).await.unwrap();
    run(&ledger, &one, vec![("gone".to_owned(), None)]).await.unwrap();
    assert_eq!(ledger.state(&one, "head").await.unwrap().unwrap(), b"\x00\xff");
    ledger.close().await;
    assert!(matches!(ledger.state(&one, "head").await, Err(LedgerError::Closed)));

    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.state(&one, "head").await.unwrap().unwrap(), b"\x00\xff");
    assert_eq!(ledger.state(&one, "a\0b").await.unwrap().unwrap(), b"");
    assert_eq!(ledger.state(&one, "a").await.unwrap(), None);
    assert_eq!(ledger.state(&one, "gone").await.unwrap(), None);
    assert_eq!(ledger.state(&two, "head").await.unwrap(), None);
    ledger.forget_state(&one).await.unwrap();
    assert_eq!(ledger.state(&one, "head").await.unwrap(), None);
}

#[tokio::test]
async fn only_a_success_changes_state() {
    let ledger = Ledger::in_memory().unwrap();
    let job = job("probe");
    for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Success) {
        let start = start(&job);
        let id = start.id;
        ledger.begin(start).await.unwrap();
        ledger.finish(id, end(outcome), vec![set("cursor", "1")]).await.unwrap();
        assert_eq!(ledger.recent(Some(&job), 1)[0].end.as_ref().unwrap().outcome, outcome);
    }
    assert_eq!(ledger.state(&job, "cursor").await.unwrap(), None);
    assert_eq!(ledger.stats().transactions, 0);
}

#[tokio::test]
async fn a_run_is_told_of_from_its_beginning_to_after_its_end() {
    let ledger = Ledger::in_memory().unwrap();
    let (busy, idle) = (job("busy"), job("idle"));
    let begun = start(&busy);
    let id = begun.id;
    ledger.begin(begun.clone()).await.unwrap();
    assert!(matches!(ledger.begin(begun).await, Err(LedgerError::KnownRun(known)) if known == id));
    assert_eq!(ledger.running().len(), 1);
    assert!(ledger.running()[0].end.is_none() && ledger.recent(None, 9).is_empty());
    ledger.finish(id, end(Outcome::Success), Vec::new()).await.unwrap();
    run(&ledger, &idle, Vec::new()).await.unwrap();
    let again = ledger.finish(id, end(Outcome::Success), Vec::new()).await;
    assert!(matches!(again, Err(LedgerError::UnknownRun(unknown)) if unknown == id));
    let names: Vec<_> = ledger.recent(None, 9).iter().map(|run| run.start.job.to_string()).collect();
    assert_eq!(names, ["idle", "busy"]);
    assert_eq!(ledger.recent(Some(&busy), 9)[0].start.id, id);
    assert!(ledger.running().is_empty());
}

#[tokio::test]
async fn what_is_too_large_is_refused_whole_and_the_run_can_still_be_finished() {
    let ledger = Ledger::in_memory().unwrap();
    let job = job("greedy");
    let part = |result: Result<(), LedgerError>| match result {
        Err(LedgerError::State(StateError::TooLarge { part, .. })) => part,
        other => panic!("{other:?}"),
    };
    let long = "k".repeat(MAX_KEY_BYTES + 1);
    let refused = part(run(&ledger, &job, vec![set("ok", "1"), set(&long, "")]).await);
    assert!(matches!(refused, StatePart::Key(_)));
    let refused = part(run(&ledger, &job, vec![set("big", vec![0; MAX_VALUE_BYTES + 1])]).await);
    assert_eq!(refused, StatePart::Value("big".to_owned()));
    assert_eq!(ledger.state(&job, "ok").await.unwrap(), None);

    let fits = MAX_JOB_STATE_BYTES / MAX_VALUE_BYTES - 1;
    for number in 0..fits {
        run(&ledger, &job, vec![set(&number.to_string(), vec![0; MAX_VALUE_BYTES])]).await.unwrap();
    }
    let over = vec![set("0", "small"), set("x", vec![0; MAX_VALUE_BYTES]), set("y", vec![0; MAX_VALUE_BYTES])];
    let start = start(&job);
    let id = start.id;
    ledger.begin(start).await.unwrap();
    let refused = ledger.finish(id, end(Outcome::Success), over).await;
    assert_eq!(
        refused.as_ref().unwrap_err().to_string(),
        "state of job `greedy`: the whole has 16778331 bytes, the limit is 16777216"
    );
    assert_eq!(part(refused), StatePart::Whole);
    assert_eq!(ledger.state(&job, "0").await.unwrap().unwrap().len(), MAX_VALUE_BYTES);
    ledger.finish(id, end(Outcome::Failed), Vec::new()).await.unwrap();

    // Rewriting costs nothing, and what is deleted makes room.
    run(&ledger, &job, vec![set("0", vec![1; MAX_VALUE_BYTES])]).await.unwrap();
    run(&ledger, &job, vec![("0".to_owned(), None), set("x", vec![0; MAX_VALUE_BYTES])]).await.unwrap();
}

#[tokio::test]
async fn runs_that_end_together_share_a_transaction() {
    const RUNS: u64 = 64;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(&path).unwrap();
    let jobs: Vec<_> = (0..RUNS).map(|number| job(&format!("job-{number}"))).collect();

    // Another program's lock holds the writer up until all of them wait.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let runs = join_all(jobs.iter().map(|job| run(&ledger, job, vec![set("n", "1")])));
    let (done, ()) = tokio::join!(runs, async { other.execute_batch("ROLLBACK").unwrap() });

    assert!(done.into_iter().all(|result| result.is_ok()));
    assert_eq!(ledger.stats().writes, RUNS);
    assert!((1..=2).contains(&ledger.stats().transactions), "{:?}", ledger.stats());
    for job in &jobs {
        assert_eq!(ledger.state(job, "n").await.unwrap().unwrap(), b"1");
    }
}
