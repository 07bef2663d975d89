//! Which run is tried again, how often, and when.

use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_model::{JobName, Outcome, RunId};
use watchkeeper_schedule::{Policy, Retry, Schedule, retry_at};

fn policy(attempts: u32, idempotent: bool) -> Policy {
    let retry = Retry { attempts, backoff: Duration::from_secs(10), max_backoff: Duration::from_secs(60) };
    Policy { retry, idempotent, ..Policy::for_schedule(&Schedule::parse_every("1h").unwrap()) }
}

/// Milliseconds from the end of a run to its next try.
fn wait(policy: &Policy, outcome: Outcome, attempt: u32, run: u128) -> Option<i128> {
    let job = JobName::new("backup").unwrap();
    let ended = Timestamp::UNIX_EPOCH;
    let again = retry_at(policy, outcome, attempt, &job, RunId::from_bits(run), ended)?;
    Some(again.duration_since(ended).as_millis())
}

#[test]
fn outcomes_are_tried_so_often_in_all() {
    let attempts = |outcome, attempts, idempotent| {
        (1..).find(|attempt| wait(&policy(attempts, idempotent), outcome, *attempt, 1).is_none()).unwrap()
    };
    for outcome in Outcome::ALL {
        // Without and with retries; the same of an idempotent job.
        let expected = match outcome {
            Outcome::Unavailable => [1, 5, 1, 5],
            Outcome::Timeout => [1, 1, 1, 5],
            Outcome::Lost => [1, 1, 3, 5],
            _ => [1, 1, 1, 1],
        };
        let found = [(1, false), (5, false), (1, true), (5, true)]
            .map(|(most, idempotent)| attempts(outcome, most, idempotent));
        assert_eq!(found, expected, "{outcome}");
    }
}

#[test]
fn the_wait_doubles_up_to_its_bound_give_or_take_a_fifth() {
    let policy = policy(100, false);
    for (attempt, shortest, longest) in
        [(1, 8_000, 12_000), (2, 16_000, 24_000), (3, 32_000, 48_000), (4, 48_000, 60_000), (99, 48_000, 60_000)]
    {
        let waits: Vec<_> = (0..200).map(|run| wait(&policy, Outcome::Unavailable, attempt, run).unwrap()).collect();
        assert!(waits.iter().all(|wait| (shortest..=longest).contains(wait)), "{attempt}: {waits:?}");
        let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(most - least > (longest - shortest) / 2, "{attempt}: spread over {least} to {most} ms");
    }
}

#[test]
fn the_wait_of_a_run_is_the_same_on_every_machine() {
    let policy = policy(3, false);
    assert_eq!(wait(&policy, Outcome::Unavailable, 1, 7), Some(8148));
}

#[test]
fn a_wait_without_end_ends_with_the_calendar() {
    let mut policy = policy(u32::MAX, false);
    policy.retry.backoff = Duration::MAX;
    policy.retry.max_backoff = Duration::MAX;
    let job = JobName::new("backup").unwrap();
    let again = retry_at(&policy, Outcome::Unavailable, 40, &job, RunId::from_bits(1), Timestamp::UNIX_EPOCH);
    assert_eq!(again, Some(Timestamp::MAX));
}
