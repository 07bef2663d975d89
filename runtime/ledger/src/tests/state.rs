//! What a job remembers, and how much.

use futures_util::future::join_all;
use watchkeeper_model::Outcome;

use super::{asked, claim, end, finish_with, generation, job, node, run, set};
use crate::{
    EntryError, Ledger, LedgerError, MAX_JOB_STATE_BYTES, MAX_KEY_BYTES, MAX_VALUE_BYTES, StateError, StatePart,
};

#[tokio::test]
async fn state_survives_reopening_and_belongs_to_its_job() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/ledger.db");
    let (one, two) = (job("one"), job("two"));
    let ledger = Ledger::open(&path, &node()).unwrap();
    run(&ledger, &one, vec![set("head", *b"\x00\xff"), set("a\0b", ""), set("gone", "x")]).await.unwrap();
    run(&ledger, &one, vec![("gone".to_owned(), None)]).await.unwrap();
    assert_eq!(ledger.state(&one, "head").await.unwrap().unwrap(), b"\x00\xff");
    ledger.close().await;
    assert!(matches!(ledger.state(&one, "head").await, Err(LedgerError::Closed)));

    let ledger = Ledger::open(&path, &node()).unwrap();
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
    ledger.record_one(generation("probe", "", 0)).await.unwrap();
    for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Success) {
        let run = asked("probe", 1);
        let entries = vec![claim(&run), finish_with(&run, end(outcome, 2), vec![set("cursor", "1")])];
        assert!(ledger.record(entries).await.into_iter().all(|result| result.is_ok()));
        assert_eq!(ledger.run(run.id).await.unwrap().unwrap().run.end.unwrap().outcome, outcome);
    }
    assert_eq!(ledger.state(&job("probe"), "cursor").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_too_large_is_refused_whole_and_the_run_can_still_be_finished() {
    let ledger = Ledger::in_memory().unwrap();
    let job = job("greedy");
    let part = |result: Result<(), LedgerError>| match result {
        Err(LedgerError::Refused(EntryError::State(StateError::TooLarge { part, .. }))) => part,
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
    let greedy = asked("greedy", 1);
    ledger.record_one(claim(&greedy)).await.unwrap();
    let refused = ledger.record_one(finish_with(&greedy, end(Outcome::Success, 1), over)).await;
    assert_eq!(
        refused.as_ref().unwrap_err().to_string(),
        "state of job `greedy`: the whole has 16778331 bytes, the limit is 16777216"
    );
    assert_eq!(part(refused), StatePart::Whole);
    assert_eq!(ledger.state(&job, "0").await.unwrap().unwrap().len(), MAX_VALUE_BYTES);
    ledger.record_one(finish_with(&greedy, end(Outcome::Failed, 1), Vec::new())).await.unwrap();

    // Rewriting costs nothing, and what is deleted makes room.
    run(&ledger, &job, vec![set("0", vec![1; MAX_VALUE_BYTES])]).await.unwrap();
    run(&ledger, &job, vec![("0".to_owned(), None), set("x", vec![0; MAX_VALUE_BYTES])]).await.unwrap();
}

#[tokio::test]
async fn runs_that_end_together_share_a_transaction() {
    const RUNS: u64 = 64;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(&path, &node()).unwrap();
    let jobs: Vec<_> = (0..RUNS).map(|number| job(&format!("job-{number}"))).collect();

    // Another program's lock holds the writer up until all of them wait.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let runs = join_all(jobs.iter().map(|job| run(&ledger, job, vec![set("n", "1")])));
    let (done, ()) = tokio::join!(runs, async { other.execute_batch("ROLLBACK").unwrap() });

    assert!(done.into_iter().all(|result| result.is_ok()));
    assert_eq!(ledger.stats().writes, 3 * RUNS);
    assert!((1..=2).contains(&ledger.stats().transactions), "{:?}", ledger.stats());
    for job in &jobs {
        assert_eq!(ledger.state(job, "n").await.unwrap().unwrap(), b"1");
    }
}
