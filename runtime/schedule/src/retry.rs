//! Whether a run that ended is tried again, and when. Due times have no part in it: a retry keeps its run's nominal
//! time.

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use watchkeeper_model::{JobName, Outcome, RunId};

use crate::{Policy, due};

/// Tries in all of a run that was lost, whatever the policy says: the host's end is no fault of the job.
const ATTEMPTS_OF_LOST: u32 = 3;

/// When a run that ended at `ended` by its `attempt`-th try (from 1 on) is tried again; none: it isn't.
///
/// `unavailable` is tried again as the policy says; a timeout only if the job is idempotent; a lost run too, then at
/// least three times in all. Nothing else ever is. The wait begins with the policy's backoff, doubles with each try,
/// is moved by up to a fifth either way by a hash of job and run (the same on every machine), and is never longer than
/// the policy's bound.
pub fn retry_at(
    policy: &Policy,
    outcome: Outcome,
    attempt: u32,
    job: &JobName,
    run: RunId,
    ended: Timestamp,
) -> Option<Timestamp> {
    let attempts = match outcome {
        Outcome::Unavailable => policy.retry.attempts,
        Outcome::Timeout if policy.idempotent => policy.retry.attempts,
        Outcome::Lost if policy.idempotent => policy.retry.attempts.max(ATTEMPTS_OF_LOST),
        _ => return None,
    };
    if attempt >= attempts {
        return None;
    }
    let doublings = attempt.saturating_sub(1).min(31);
    let wait = policy.retry.backoff.saturating_mul(1 << doublings).min(policy.retry.max_backoff);
    Some(due::later(ended, jittered(wait, job, run).min(policy.retry.max_backoff)))
}

/// `wait` times 0.8 to 1.2, in whole milliseconds.
fn jittered(wait: Duration, job: &JobName, run: RunId) -> Duration {
    let digest: [u8; 32] =
        Sha256::new().chain_update(job.as_str()).chain_update(run.to_bits().to_be_bytes()).finalize().into();
    let share = digest.iter().take(4).fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
    let millis = wait.as_millis();
    let span = millis * 2 / 5;
    let moved = millis - span / 2 + ((span * share) >> 32);
    Duration::from_millis(u64::try_from(moved).unwrap_or(u64::MAX))
}
