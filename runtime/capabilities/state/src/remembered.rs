//! One run's view of its job's state: what it wrote itself, over what the ledger holds. Plain functions, so that any
//! binding of the contract can call them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use watchkeeper_contract::{Budget, LimitExceeded, StateChange};
use watchkeeper_ledger::{Ledger, STATE_ENTRY_BYTES, check_entry};
use watchkeeper_model::JobName;

/// A run's handle on its job's state. Clones share what was written.
#[derive(Debug, Clone)]
pub struct Remembered {
    ledger: Arc<Ledger>,
    job: JobName,
    written: Arc<Mutex<Written>>,
}

#[derive(Debug, Default)]
struct Written {
    values: BTreeMap<String, Option<Vec<u8>>>,
    /// The most bytes that each key was charged for: overwriting costs only what it adds.
    charged: BTreeMap<String, usize>,
    forget: bool,
}

/// Why state can't be read or written. Both name the job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateFault {
    /// The key or the value is over the ledger's limit.
    #[error("{0}")]
    TooLarge(String),
    /// The ledger doesn't answer.
    #[error("{0}")]
    Unavailable(String),
}

impl Remembered {
    pub(crate) fn new(ledger: Arc<Ledger>, job: JobName) -> Self {
        Self { ledger, job, written: Arc::default() }
    }

    /// The value that this run wrote, or that the last successful run left; none if neither did or it was deleted.
    ///
    /// # Errors
    /// [`StateFault::TooLarge`] for a key that nothing can be under, [`StateFault::Unavailable`] if the ledger can't be read.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateFault> {
        self.check(key, None)?;
        if let Some(own) = self.locked().values.get(key) {
            return Ok(own.clone());
        }
        let read = self.ledger.state(&self.job, key).await;
        read.map_err(|error| StateFault::Unavailable(format!("state of job `{}`: {error}", self.job)))
    }

    /// Writes a value, or deletes it with none, for the rest of the run and, if it succeeds, for later ones. `budget`
    /// is charged for what the host has to keep.
    ///
    /// # Errors
    /// The inner one answers the plugin: [`StateFault::TooLarge`]. The outer one ends the run: [`LimitExceeded`].
    pub fn put(
        &self,
        budget: &mut Budget,
        key: String,
        value: Option<Vec<u8>>,
    ) -> Result<Result<(), StateFault>, LimitExceeded> {
        if let Err(fault) = self.check(&key, value.as_deref()) {
            return Ok(Err(fault));
        }
        let mut written = self.locked();
        let size = STATE_ENTRY_BYTES + key.len() + value.as_ref().map_or(0, Vec::len);
        let charged = written.charged.get(&key).copied().unwrap_or(0);
        if size > charged {
            budget.hold(size - charged)?;
            written.charged.insert(key.clone(), size);
        }
        written.values.insert(key, value);
        Ok(Ok(()))
    }

    /// A dry run: what it writes is for itself only.
    pub fn forget_at_end(&self) {
        self.locked().forget = true;
    }

    /// What is to be committed if the run succeeds, in the order of the keys.
    pub(crate) fn changes(&self) -> Vec<StateChange> {
        let mut written = self.locked();
        if written.forget { Vec::new() } else { std::mem::take(&mut written.values).into_iter().collect() }
    }

    fn check(&self, key: &str, value: Option<&[u8]>) -> Result<(), StateFault> {
        check_entry(&self.job, key, value).map_err(|error| StateFault::TooLarge(error.to_string()))
    }

    fn locked(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
