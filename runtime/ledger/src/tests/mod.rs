//! What the ledger promises, each group in a file. Here are runs as the keeper would bring them.

mod crash;
mod faults;
mod files;
mod memory;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use watchkeeper_model::{Digest, JobName, Outcome, PluginName, RunEnd, RunId, RunStart, Trigger};

use crate::{Ledger, LedgerError, StateChanges};

fn job(name: &str) -> JobName {
    JobName::new(name).unwrap()
}

fn start(job: &JobName) -> RunStart {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let started = Timestamp::UNIX_EPOCH;
    RunStart {
        id: RunId::new(started, NEXT.fetch_add(1, Ordering::Relaxed).into()),
        job: job.clone(),
        plugin: PluginName::new("probe").unwrap(),
        digest: Digest::new([7; 32]),
        trigger: Trigger::Manual,
        attempt: 1,
        started,
    }
}

fn end(outcome: Outcome) -> RunEnd {
    RunEnd {
        finished: Timestamp::UNIX_EPOCH,
        outcome,
        message: "done".to_owned(),
        duration: Duration::from_millis(1),
        cpu: Duration::ZERO,
        peak_memory: 65_536,
        logs: Vec::new(),
    }
}

/// A whole successful run that leaves `changes`.
async fn run(ledger: &Ledger, job: &JobName, changes: StateChanges) -> Result<(), LedgerError> {
    let start = start(job);
    let id = start.id;
    ledger.begin(start).await?;
    ledger.finish(id, end(Outcome::Success), changes).await
}

fn set(key: &str, value: impl Into<Vec<u8>>) -> (String, Option<Vec<u8>>) {
    (key.to_owned(), Some(value.into()))
}
