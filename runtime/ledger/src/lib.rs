//! Durable truth: what jobs remember between runs, in one SQLite file, and which runs there were.
//!
//! State is written by one thread that puts everything waiting into one transaction (one fsync for many runs).
//! Runs are kept in memory, bounded, behind the same calls that a durable history answers. Here is no schedule, no plugin
//! and no clock: callers bring times and names. Nothing outside this crate speaks SQL.

mod error;
mod limits;
mod open;
mod runs;
mod schema;
mod state;
mod thread;
mod worker;

#[cfg(test)]
mod tests;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use watchkeeper_model::{JobName, Outcome, RunEnd, RunId, RunRecord, RunStart};

pub use error::{LedgerError, StateError, StatePart};
pub use limits::{
    MAX_JOB_STATE_BYTES, MAX_KEY_BYTES, MAX_VALUE_BYTES, RECENT_BYTES, RECENT_PER_JOB, RECENT_RUNS, STATE_ENTRY_BYTES,
    check_entry,
};
pub use worker::LedgerStats;

use runs::Runs;
use worker::{Worker, Write};

/// What a run changes in its job's state, in order: a key with its new value, or with none to delete it.
pub type StateChanges = Vec<(String, Option<Vec<u8>>)>;

/// The ledger of one Watchkeeper. Share it as `Arc<Ledger>`; every method takes `&self` and may be called from any task.
///
/// State belongs to a job's name. Removing a job keeps it, so that a file moved away and back, or a job restored from
/// a backup, goes on where it was; [`Ledger::forget_state`] is the only way to drop it.
#[derive(Debug)]
pub struct Ledger {
    runs: Arc<Mutex<Runs>>,
    reader: Worker,
    writer: Worker,
}

impl Ledger {
    /// Opens the ledger at `path`, or makes it where neither the file nor a trace of it exists. Blocks while it checks the
    /// file's integrity and brings its schema up to date: meant for start-up.
    ///
    /// Missing folders are made for the owner only (0700), the file too (0600). `path` with `.lock` added holds the
    /// lock that keeps a second process out.
    ///
    /// # Errors
    /// Each names the file and what to do: [`LedgerError::InUse`], [`LedgerError::Exposed`], [`LedgerError::NotALedger`],
    /// [`LedgerError::Damaged`], [`LedgerError::Newer`], [`LedgerError::File`]. A file that can't be used is never
    /// replaced by an empty one.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let opened = open::open(path)?;
        Self::start(Some(opened.reader), opened.writer, Some(opened.lock))
    }

    /// A ledger that forgets everything when it is dropped: for trying a plugin, for tests, and for measuring.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`] where SQLite gets no memory or the system no thread.
    pub fn in_memory() -> Result<Self, LedgerError> {
        Self::start(None, open::in_memory()?, None)
    }

    fn start(
        reader: Option<rusqlite::Connection>,
        writer: rusqlite::Connection,
        lock: Option<std::fs::File>,
    ) -> Result<Self, LedgerError> {
        let runs = Arc::new(Mutex::new(Runs::default()));
        let writer = Worker::start("ledger-writer", writer, Arc::clone(&runs), lock)?;
        let reader = match reader {
            Some(connection) => Worker::start("ledger-reader", connection, Arc::clone(&runs), None)?,
            None => writer.clone(),
        };
        Ok(Self { runs, reader, writer })
    }

    /// Records that a run begins; to be called before its first instruction.
    ///
    /// # Errors
    /// [`LedgerError::KnownRun`] if a run of this name is going.
    pub async fn begin(&self, start: RunStart) -> Result<(), LedgerError> {
        self.locked().begin(start)
    }

    /// Records a run's end. With [`Outcome::Success`] the changes of its job's state are committed, and are on disk when
    /// this returns; with every other outcome they are dropped. Without changes nothing touches the disk.
    ///
    /// The whole is done even if the caller stops waiting.
    ///
    /// # Errors
    /// [`LedgerError::UnknownRun`] if no such run is going, [`LedgerError::State`] if a limit would be passed, and
    /// [`LedgerError::Full`], [`LedgerError::Busy`], [`LedgerError::Unavailable`] or [`LedgerError::Closed`] if the
    /// store can't take it. After an error no change was made and the run still counts as going: finish it again with the
    /// outcome that it now has.
    pub async fn finish(&self, run: RunId, end: RunEnd, state: StateChanges) -> Result<(), LedgerError> {
        if end.outcome != Outcome::Success || state.is_empty() {
            return self.locked().finish(run, end);
        }
        let job = self.locked().job(run)?;
        limits::check_changes(&job, &state)?;
        self.writer.write(Write::Finish { run, end: Box::new(end), job, state }).await
    }

    /// Runs that ended, the latest end first: of one job, or of all. At most `limit`, and no more than what
    /// [`RECENT_PER_JOB`], [`RECENT_RUNS`] and [`RECENT_BYTES`] let memory hold.
    pub fn recent(&self, job: Option<&JobName>, limit: usize) -> Vec<RunRecord> {
        self.locked().recent(job, limit)
    }

    /// Runs that began and did not end, the earliest start first.
    pub fn running(&self) -> Vec<RunRecord> {
        self.locked().running()
    }

    /// The value that a job's last successful writer of `key` left; none if nobody did or it was deleted.
    ///
    /// # Errors
    /// [`LedgerError::Busy`], [`LedgerError::Unavailable`] or [`LedgerError::Closed`]: an unreadable value is never none.
    pub async fn state(&self, job: &JobName, key: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        self.reader.read(job.clone(), key.to_owned()).await
    }

    /// Deletes all that a job remembers.
    ///
    /// # Errors
    /// As [`Ledger::finish`] when the store can't take it.
    pub async fn forget_state(&self, job: &JobName) -> Result<(), LedgerError> {
        self.writer.write(Write::Forget { job: job.clone() }).await
    }

    /// How much was written since this ledger was opened.
    pub fn stats(&self) -> LedgerStats {
        self.writer.stats()
    }

    /// Writes what is waiting, closes the file and lets go of its lock. Later calls that need the store answer
    /// [`LedgerError::Closed`]. Dropping the ledger does the same, without anybody to wait for it.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
