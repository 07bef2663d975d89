//! What one run may hold. Guest memories and tables are summed over all of them (an engine's own limit counts each
//! alone), and so are the bytes and calls that the host holds for the run. Enforcing time is the sandbox's.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{ResourceLimiter, Result};

/// A run's limits; each is for the run as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all linear memories together.
    pub memory: u64,
    /// Elements of all tables together.
    pub table_elements: u64,
    /// Bytes that the host holds: samples, logs, answers, state; as many again for the arguments of calls in service or
    /// waiting.
    pub host_bytes: u64,
    /// Host calls in service at once; more wait.
    pub host_calls: usize,
    /// Log lines kept; further lines are counted only.
    pub log_lines: usize,
    /// Bytes of log kept.
    pub log_bytes: usize,
    /// Samples in one run.
    pub samples: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            table_elements: 100_000,
            host_bytes: 32 << 20,
            host_calls: 64,
            log_lines: 1_000,
            log_bytes: 256 << 10,
            samples: 20_000,
        }
    }
}

/// Says which limit a run went over. Names the key that raises it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("went over its limit of {limit} {unit}\nhint: raise `limits.{key}` if the job needs it")]
pub struct LimitExceeded {
    /// The key in the job's `[limits]`.
    pub key: &'static str,
    /// The limit.
    pub limit: u64,
    /// What the limit counts.
    pub unit: &'static str,
}

/// The account of one run against its [`Limits`].
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    memory: u64,
    tables: u64,
    host_bytes: u64,
    peak: u64,
    pub(crate) calls: Arc<Semaphore>,
    arguments: Arc<Semaphore>,
    exceeded: Option<LimitExceeded>,
}

impl Budget {
    /// An empty account.
    pub fn new(limits: Limits) -> Self {
        let calls = Arc::new(Semaphore::new(limits.host_calls));
        let arguments = usize::try_from(limits.host_bytes).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        let arguments = Arc::new(Semaphore::new(arguments));
        Self { limits, memory: 0, tables: 0, host_bytes: 0, peak: 0, calls, arguments, exceeded: None }
    }

    /// The limits it counts against.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The most bytes held at once: memories, tables (8 bytes an element) and the host's.
    pub fn peak_memory(&self) -> u64 {
        self.peak
    }

    /// The first limit that the run went over.
    pub fn exceeded(&self) -> Option<&LimitExceeded> {
        self.exceeded.as_ref()
    }

    /// Counts `bytes` that the host keeps until the run's end.
    ///
    /// # Errors
    /// [`LimitExceeded`]; the run must end.
    pub fn hold(&mut self, bytes: usize) -> Result<(), LimitExceeded> {
        let wanted = self.host_bytes.saturating_add(bytes as u64);
        if wanted > self.limits.host_bytes {
            return Err(self.over("host_bytes", self.limits.host_bytes, "bytes held by the host"));
        }
        self.host_bytes = wanted;
        self.note_peak();
        Ok(())
    }

    /// Counts `bytes` that the host keeps until what is returned is dropped: a call's arguments, until its answer.
    ///
    /// # Errors
    /// [`LimitExceeded`]; the run must end.
    pub(crate) fn lend(&mut self, bytes: usize) -> Result<OwnedSemaphorePermit, LimitExceeded> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let lent = Arc::clone(&self.arguments).try_acquire_many_owned(bytes);
        lent.map_err(|_| self.over("host_bytes", self.limits.host_bytes, "bytes held by the host"))
    }

    /// Records that a limit was met elsewhere.
    pub(crate) fn over(&mut self, key: &'static str, limit: u64, unit: &'static str) -> LimitExceeded {
        let error = LimitExceeded { key, limit, unit };
        self.exceeded.get_or_insert_with(|| error.clone());
        error
    }

    fn note_peak(&mut self) {
        self.peak = self.peak.max(self.memory + self.tables.saturating_mul(8) + self.host_bytes);
    }
}

impl ResourceLimiter for Budget {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let wanted = self.memory.saturating_add(desired.saturating_sub(current) as u64);
        if wanted > self.limits.memory {
            return Err(self.over("memory", self.limits.memory, "bytes of memory").into());
        }
        self.memory = wanted;
        self.note_peak();
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let wanted = self.tables.saturating_add(desired.saturating_sub(current) as u64);
        if wanted > self.limits.table_elements {
            return Err(self.over("table_elements", self.limits.table_elements, "table elements").into());
        }
        self.tables = wanted;
        self.note_peak();
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> Result<()> {
        Err(error)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> Result<()> {
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Budget {
        Budget::new(Limits { memory: 100, table_elements: 10, host_bytes: 50, ..Limits::default() })
    }

    #[test]
    fn memories_are_counted_together() {
        let mut budget = small();
        assert!(budget.memory_growing(0, 60, None).unwrap());
        assert!(budget.memory_growing(0, 40, None).unwrap());
        let error = budget.memory_growing(40, 41, None).unwrap_err();
        assert_eq!(error.downcast_ref::<LimitExceeded>().map(|e| e.key), Some("memory"));
        assert_eq!(budget.exceeded().map(|e| e.key), Some("memory"));
    }

    #[test]
    fn a_memorys_own_maximum_is_no_excess() {
        let mut budget = small();
        assert!(!budget.memory_growing(0, 60, Some(50)).unwrap());
        assert!(budget.exceeded().is_none());
    }

    #[test]
    fn the_peak_sums_what_was_held_at_once() {
        let mut budget = small();
        budget.memory_growing(0, 60, None).unwrap();
        budget.table_growing(0, 2, None).unwrap();
        budget.hold(30).unwrap();
        assert_eq!(budget.peak_memory(), 60 + 16 + 30);
        assert!(budget.hold(21).is_err());
    }

    #[test]
    fn what_is_lent_counts_until_it_is_back() {
        let mut budget = small();
        let first = budget.lend(30).unwrap();
        assert!(budget.lend(21).is_err());
        assert_eq!(budget.exceeded().map(|e| e.key), Some("host_bytes"));
        drop(first);
        assert!(budget.lend(50).is_ok());
    }
}
