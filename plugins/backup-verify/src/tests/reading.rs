//! Everything that is kept is read within the days that the config says, and what can't be read is named.

use std::{collections::BTreeSet, time::Duration};

use watchkeeper_sdk::{
    Error,
    artifacts::{Error as StoreError, Mark},
    chain,
    context::Trigger,
    serde_json::{Value, json},
    testing::{Clock, Host, Operation, Run},
};

const DAY: Duration = Duration::from_secs(86_400);

/// A host whose store has two databases of the job `postgres`, and one of a job with a similar name.
fn host() -> Host {
    let host = Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into())));
    for path in ["postgres/app/1", "postgres/app/2", "postgres/shop/1", "postgres2/app/1"] {
        host.store().holds(path, vec![7; 6_000], Clock::BEGIN - DAY);
    }
    host
}

fn run(host: &Host, config: Value) -> Run {
    host.run(crate::run, config)
}

/// The parts that were read of an artifact, in order.
fn parts(host: &Host, path: &str) -> Vec<String> {
    let begin = format!("verify {path} ");
    host.store().asked().iter().filter_map(|asked| asked.strip_prefix(&begin)).map(str::to_owned).collect()
}

#[test]
fn all_is_read_within_the_days_whichever_day_is_the_first() {
    for first in [0, 3, 29] {
        let host = host();
        let first = Clock::BEGIN + DAY * first;
        for day in 0..30 {
            host.trigger(Trigger::Schedule(first + DAY * day));
            assert!(run(&host, json!({ "targets": ["postgres"] })).outcome.is_ok());
            let verified = host.store().artifacts().iter().filter(|artifact| !artifact.marks.is_empty()).count();
            assert_eq!(verified, if day == 29 { 3 } else { 0 }, "day {day}");
        }
        for path in ["postgres/app/1", "postgres/app/2", "postgres/shop/1"] {
            let read: BTreeSet<String> = parts(&host, path).into_iter().collect();
            assert_eq!(read, (0..30).map(|part| format!("{part}/30")).collect::<BTreeSet<_>>());
        }
        assert!(parts(&host, "postgres2/app/1").is_empty(), "another job's");
    }
}

#[test]
fn the_part_is_the_due_times_and_not_that_of_the_hour_in_which_it_is_made_up_for() {
    let host = host();
    let config = || json!({ "targets": ["postgres/app"], "parts": 7 });
    host.trigger(Trigger::Schedule(DAY * 700 + DAY * 3));
    host.clock().set(DAY * 700 + DAY * 5);
    assert!(run(&host, config()).outcome.is_ok());
    assert!(run(&host, config()).outcome.is_ok());
    host.trigger(Trigger::Manual);
    assert!(run(&host, config()).outcome.is_ok());
    assert_eq!(parts(&host, "postgres/app/1"), ["3/7", "3/7", "5/7"]);
    assert!(parts(&host, "postgres/shop/1").is_empty());
}

#[test]
fn what_was_read_is_shown() {
    let host = host();
    let store = host.store();
    store.marks("postgres/app/1", Mark::VERIFIED, Duration::from_secs(50));
    let one = run(&host, json!({ "targets": ["postgres/app"] }));
    let said = one.outcome.clone().unwrap();
    assert!(said.ends_with("of 30 of 2 artifacts of postgres/app, 200 B"), "{said}");
    let shown = |run: &Run, metric: &str| run.samples(&format!("backup_verify_{metric}"), &["postgres/app"]);
    assert_eq!((shown(&one, "artifacts"), shown(&one, "read_bytes")), (vec![2.0], vec![200.0]));
    assert_eq!((shown(&one, "unverified_artifacts"), shown(&one, "parts")), (vec![1.0], vec![30.0]));
    assert!(shown(&one, "oldest_verified_timestamp_seconds").is_empty(), "one was never read");
    store.marks("postgres/app/2", Mark::VERIFIED, Duration::from_secs(40));
    let other = run(&host, json!({ "targets": ["postgres/app"] }));
    assert_eq!(shown(&other, "oldest_verified_timestamp_seconds"), [40.0]);
    assert_eq!(shown(&other, "unverified_artifacts"), [0.0]);
    let all = run(&host, json!({ "targets": ["postgres/app"], "parts": 1 }));
    assert_eq!(shown(&all, "oldest_verified_timestamp_seconds"), [host.clock().now().as_secs_f64()]);
    let stages: Vec<(u64, u64)> = all.progress.iter().map(|(_, done, total)| (*done, *total)).collect();
    assert_eq!(stages, [(0, 2), (1, 2)]);
}

#[test]
fn one_that_is_corrupt_fails_the_run_after_the_others_were_read() {
    let host = host();
    host.store().corrupts("postgres/app/1", "content.zst.age, bytes 4194304 to 8388607");
    let run = run(&host, json!({ "targets": ["postgres"] }));
    let Err(Error::Failed(message)) = run.outcome else { panic!("{:?}", run.outcome) };
    let words = "postgres/app/1: corrupt: content.zst.age, bytes 4194304 to 8388607; read part ";
    assert!(message.starts_with(words), "{message}");
    assert_eq!((parts(&host, "postgres/app/2").len(), parts(&host, "postgres/shop/1").len()), (1, 1));
}

#[test]
fn a_target_without_artifacts_is_no_success() {
    let run = run(&host(), json!({ "targets": ["postgers", "postgres"] }));
    let Err(Error::Failed(message)) = run.outcome else { panic!("{:?}", run.outcome) };
    assert!(message.starts_with("`postgers`: there is no artifact; read part "), "{message}");
}

#[test]
fn a_store_that_is_away_is_worth_another_try() {
    for operation in [Operation::Entries, Operation::Verify] {
        let host = host();
        host.store().fails(operation, StoreError::Unavailable("nobody answers".into()));
        let run = run(&host, json!({ "targets": ["postgres"] }));
        assert_eq!(run.outcome, Err(Error::Unavailable("`postgres`: nobody answers".into())));
    }
}

#[test]
fn one_that_is_listed_and_is_not_there_is_no_success() {
    let host = host();
    host.store().fails(Operation::Verify, StoreError::NotFound("content".into()));
    let run = run(&host, json!({ "targets": ["postgres/shop"] }));
    let message = run.outcome.unwrap_err().to_string();
    assert!(message.starts_with("postgres/shop/1: not found: content"), "{message}");
}
