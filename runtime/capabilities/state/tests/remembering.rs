//! What a run writes is its own until it succeeds, and a later run's from then on.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use watchkeeper_contract::{Budget, Capability, Grant, Limits, Open, Run, RunGrant, Settlement};
use watchkeeper_ledger::{Entry, History, Ledger};
use watchkeeper_model::{Digest, JobName, Outcome, PluginName, RunEnd, RunId, RunStart, Trigger};
use watchkeeper_state::{OpenState, Remembered, State, StateFault};

/// The next run's number.
static NEXT: AtomicU64 = AtomicU64::new(1);

fn job() -> JobName {
    JobName::new("head").unwrap()
}

fn opened() -> (Arc<Ledger>, Arc<dyn Grant>) {
    let ledger = Arc::new(Ledger::in_memory().unwrap());
    let open = OpenState::new(Arc::clone(&ledger));
    (ledger, open.grant(&job(), &toml::Value::Boolean(true)).unwrap())
}

fn begin(grant: &dyn Grant) -> Box<Remembered> {
    let begun: Box<dyn Any> = grant.begin(&job());
    begun.downcast().unwrap()
}

fn budget() -> Budget {
    Budget::new(Limits::default())
}

fn put(state: &Remembered, key: &str, value: Option<&[u8]>) {
    state.put(&mut budget(), key.to_owned(), value.map(<[u8]>::to_vec)).unwrap().unwrap();
}

/// Settles a run and writes what it left to the ledger, as the keeper does.
async fn end(ledger: &Ledger, state: Box<Remembered>, outcome: Outcome) -> Settlement {
    let mut settlement = Settlement::default();
    state.settle(outcome, &mut settlement).await;
    let id = RunId::new(Timestamp::UNIX_EPOCH, NEXT.fetch_add(1, Ordering::Relaxed).into());
    let epoch = Timestamp::UNIX_EPOCH;
    let start = RunStart {
        id,
        job: job(),
        generation: 1,
        plugin: PluginName::new("probe").unwrap(),
        digest: Digest::new([0; 32]),
        trigger: Trigger::Manual("test".to_owned()),
        attempt: 1,
        first: id,
        claimed: epoch,
    };
    let end = RunEnd {
        started: Some(epoch),
        finished: epoch,
        outcome,
        message: String::new(),
        duration: Duration::ZERO,
        cpu: Duration::ZERO,
        peak_memory: 0,
        logs: Vec::new(),
    };
    let state = settlement.state.clone();
    let (job, schedule) = (job(), "none".to_owned());
    let entries = vec![
        Entry::Generation { job, schedule, began: epoch, after: None },
        Entry::Claim { run: start, after: epoch },
        Entry::Finish { run: id, end, state, retry_at: None, pause: None, history: History::All },
    ];
    ledger.record(entries).await.into_iter().collect::<Result<(), _>>().unwrap();
    settlement
}

#[tokio::test]
async fn a_run_reads_what_it_wrote_and_the_next_reads_it_too() {
    let (ledger, grant) = opened();
    let first = begin(&*grant);
    assert_eq!(first.get("cursor").await, Ok(None));
    put(&first, "cursor", Some(b"1"));
    put(&first, "cursor", Some(b"2"));
    put(&first, "empty", Some(b""));
    assert_eq!(first.get("cursor").await, Ok(Some(b"2".to_vec())));
    end(&ledger, first, Outcome::Success).await;

    let second = begin(&*grant);
    assert_eq!(second.get("cursor").await, Ok(Some(b"2".to_vec())));
    assert_eq!(second.get("empty").await, Ok(Some(Vec::new())), "empty is not absent");
    put(&second, "cursor", None);
    assert_eq!(second.get("cursor").await, Ok(None), "deleted for the run itself");
    end(&ledger, second, Outcome::Success).await;
    assert_eq!(begin(&*grant).get("cursor").await, Ok(None));
}

#[tokio::test]
async fn only_success_keeps_anything() {
    let (ledger, grant) = opened();
    for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Success) {
        let run = begin(&*grant);
        put(&run, "cursor", Some(b"1"));
        assert_eq!(end(&ledger, run, outcome).await, Settlement::default(), "{outcome}");
        assert_eq!(begin(&*grant).get("cursor").await, Ok(None), "{outcome}");
    }
}

#[tokio::test]
async fn a_dry_run_remembers_only_for_itself() {
    let (ledger, grant) = opened();
    let run = begin(&*grant);
    run.forget_at_end();
    put(&run, "cursor", Some(b"1"));
    assert_eq!(run.get("cursor").await, Ok(Some(b"1".to_vec())));
    assert_eq!(end(&ledger, run, Outcome::Success).await, Settlement::default());
}

#[tokio::test]
async fn what_is_too_large_is_refused_when_it_is_written() {
    let (_ledger, grant) = opened();
    let run = begin(&*grant);
    let (key, value) = ("k".repeat(257), vec![0; (1 << 20) + 1]);
    for (key, value) in [(key.as_str(), Some(vec![])), (key.as_str(), None), ("k", Some(value))] {
        let refused = run.put(&mut budget(), key.to_owned(), value).unwrap();
        let Err(StateFault::TooLarge(message)) = refused else { panic!("{refused:?}") };
        assert!(message.starts_with("state of job `head`: "), "{message}");
    }
    assert!(matches!(run.get(&key).await, Err(StateFault::TooLarge(_))));
    put(&run, &"k".repeat(256), Some(&vec![0; 1 << 20]));
}

#[tokio::test]
async fn what_waits_for_the_end_is_bounded_by_the_runs_budget() {
    let (_ledger, grant) = opened();
    let run = begin(&*grant);
    let mut budget = Budget::new(Limits { host_bytes: 10_000, ..Limits::default() });
    let mut write = |key: String| run.put(&mut budget, key, Some(vec![0; 900]));
    for _ in 0..1_000 {
        write("same".to_owned()).unwrap().unwrap();
    }
    let kept = (0..100).take_while(|n| write(format!("key {n}")).is_ok()).count();
    assert!((8..=10).contains(&kept), "{kept}");
    assert_eq!(budget.exceeded().map(|exceeded| exceeded.key), Some("host_bytes"));
}

#[tokio::test]
async fn an_unreadable_value_is_not_an_absent_one() {
    let (ledger, grant) = opened();
    let run = begin(&*grant);
    ledger.close().await;
    let answer = run.get("cursor").await;
    assert_eq!(answer, Err(StateFault::Unavailable("state of job `head`: the ledger is closed".to_owned())));
}

#[test]
fn the_grant_is_written_as_true() {
    let open = OpenState::new(Arc::new(Ledger::in_memory().unwrap()));
    for written in ["state = false", "state = 'yes'", "state = []", "state = {}"] {
        let table: toml::Table = written.parse().unwrap();
        let error = open.grant(&job(), &table["state"]).err().unwrap_or_else(|| panic!("{written}"));
        assert_eq!(error.key, "state");
        assert!(error.hint.starts_with("write `state = true`"), "{written}: {error}");
    }
    let granted = open.grant(&job(), &toml::Value::Boolean(true)).unwrap();
    assert!(granted.covers(&*granted));
    assert_eq!(granted.describe().len(), 1);
}

#[test]
fn the_capability_links_once() {
    let mut config = wasmtime::Config::new();
    config.wasm_component_model_async(true);
    let engine = wasmtime::Engine::new(&config).unwrap();
    let mut linker = wasmtime::component::Linker::<Run>::new(&engine);
    State.link(&mut linker).unwrap();
    assert!(State.link(&mut linker).is_err());
}
