//! What the ledger wrote, and how long commits took: figures for metrics, counted by the writer's thread.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The upper bounds of [`CommitTimes::counts`], in seconds; the last count is of what took longer than all.
pub const COMMIT_BOUNDS: [f64; 11] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// What a ledger wrote since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LedgerStats {
    /// Entries that are on disk.
    pub writes: u64,
    /// Transactions that they took.
    pub transactions: u64,
    /// Entries that the store could not take: full, locked, broken.
    pub failures: u64,
    /// How long transactions took, from their beginning to their being on disk.
    pub commits: CommitTimes,
}

/// Durations of transactions that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommitTimes {
    /// How many took no longer than the bound of the same place in [`COMMIT_BOUNDS`], and longer than the one before.
    pub counts: [u64; COMMIT_BOUNDS.len() + 1],
    /// All together.
    pub sum: Duration,
}

impl CommitTimes {
    fn observe(&mut self, time: Duration) {
        let place = COMMIT_BOUNDS.iter().position(|bound| time.as_secs_f64() <= *bound).unwrap_or(COMMIT_BOUNDS.len());
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
        self.sum += time;
    }
}

/// [`LedgerStats`] while they grow.
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<LedgerStats>);

impl Counters {
    pub(crate) fn committed(&self, writes: usize, time: Duration) {
        self.update(|stats| {
            stats.writes += u64::try_from(writes).unwrap_or(u64::MAX);
            stats.transactions += 1;
            stats.commits.observe(time);
        });
    }

    pub(crate) fn failed(&self, writes: usize) {
        self.update(|stats| stats.failures += u64::try_from(writes).unwrap_or(u64::MAX));
    }

    pub(crate) fn read(&self) -> LedgerStats {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut LedgerStats)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
