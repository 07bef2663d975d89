//! The ledger for many tasks: one thread that writes, two that read, behind calls that never block. What the calls mean
//! is in [`Book`]; here is only who does them.

mod payments;

use std::{path::Path, sync::Arc, time::Duration};

use jiff::Timestamp;
use watchkeeper_model::{JobName, LogLine, RunId, RunRecord, Skip};

use crate::{
    ActionRecord, Book, Bucket, Entry, JobRecord, LedgerError, LedgerStats, LogFilter, LogRecord, NodeStart,
    PendingRetry, Process, ProcessId, Recovery, Retention, RunDetail, RunFilter, open, stats::Counters, worker::Worker,
};

/// The ledger of one Watchkeeper. Share it as `Arc<Ledger>`; every method takes `&self` and may be called from any task.
///
/// Whatever is asked is done even if the caller stops waiting. Every method can answer [`LedgerError::Closed`] once
/// [`Ledger::close`] was called, and what its namesake of [`Book`] answers.
///
/// State belongs to a job's name. Removing a job keeps it, so that a file moved away and back, or a job restored from
/// a backup, goes on where it was; [`Ledger::forget_state`] is the only way to drop it.
#[derive(Debug)]
pub struct Ledger {
    writer: Worker,
    /// For what a run in flight waits for.
    near: Worker,
    /// For what may take longer.
    far: Worker,
    counters: Arc<Counters>,
}

impl Ledger {
    /// Opens the ledger at `path`, or makes it where neither the file nor a trace of it exists, and joins as `node`.
    /// Blocks while it checks the file's integrity and brings its schema up to date: meant for start-up.
    ///
    /// Missing folders are made for the owner only (0700), the file too (0600). `path` with `.lock` added holds the
    /// lock that keeps a second process out.
    ///
    /// # Errors
    /// Each names the file and what to do: [`LedgerError::InUse`], [`LedgerError::Exposed`], [`LedgerError::NotALedger`],
    /// [`LedgerError::Damaged`], [`LedgerError::Newer`], [`LedgerError::File`]. A file that can't be used is never
    /// replaced by an empty one.
    pub fn open(path: &Path, node: &NodeStart) -> Result<Self, LedgerError> {
        let lock = open::lock(path)?;
        Self::start(Book::open(path, node)?, Some((path, lock)))
    }

    /// A ledger that forgets everything when it is dropped: for trying a plugin, for tests, and for measuring.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`] where SQLite gets no memory or the system no thread.
    pub fn in_memory() -> Result<Self, LedgerError> {
        let node = NodeStart { host: String::new(), version: String::new(), started: Timestamp::UNIX_EPOCH };
        Self::start(Book::in_memory(&node)?, None)
    }

    /// Puts a book and readers of its file on threads; a book in memory has no readers.
    pub(crate) fn start(book: Book, file: Option<(&Path, std::fs::File)>) -> Result<Self, LedgerError> {
        let counters = Arc::new(Counters::default());
        let start = |name, book, lock| Worker::start(name, book, Arc::clone(&counters), lock);
        let (writer, near, far) = match file {
            None => {
                let only = start("ledger-writer", book, None)?;
                (only.clone(), only.clone(), only)
            }
            Some((path, lock)) => (
                start("ledger-writer", book, Some(lock))?,
                start("ledger-near", Book::reader(open::reader(path)?), None)?,
                start("ledger-far", Book::reader(open::reader(path)?), None)?,
            ),
        };
        Ok(Self { writer, near, far, counters })
    }

    /// Records entries in order, all in one transaction, which other callers' entries may share. One result for each; what
    /// is Ok is on disk.
    ///
    /// # Errors
    /// [`LedgerError::Refused`] concerns one entry alone. Every other error concerns all, see [`Book::record`]; where
    /// [`LedgerError::is_store_away`], bring them again later.
    pub async fn record(&self, entries: Vec<Entry>) -> Vec<Result<(), LedgerError>> {
        let count = entries.len();
        match self.writer.record(entries).await {
            Ok(results) => results.into_iter().map(|result| result.map_err(LedgerError::from)).collect(),
            Err(error) => vec![Err(error); count],
        }
    }

    /// [`Ledger::record`] for one entry.
    ///
    /// # Errors
    /// As [`Ledger::record`].
    pub async fn record_one(&self, entry: Entry) -> Result<(), LedgerError> {
        self.record(vec![entry]).await.pop().unwrap_or(Err(LedgerError::Closed))
    }

    /// See [`Book::recover`].
    ///
    /// # Errors
    /// See there.
    pub async fn recover(&self, now: Timestamp) -> Result<Recovery, LedgerError> {
        self.writer.work(move |book| book.recover(now)).await
    }

    /// Drops what is too old or too much, see [`Book::retain`], in many small transactions with others' between them.
    /// Returns how many rows went.
    ///
    /// # Errors
    /// See there. What was dropped before is.
    pub async fn retain(&self, retention: Retention, now: Timestamp) -> Result<usize, LedgerError> {
        let mut gone = 0;
        loop {
            match self.writer.work(move |book| book.retain(&retention, now)).await? {
                0 => return Ok(gone),
                rows => gone += rows,
            }
        }
    }

    /// See [`Book::state`].
    ///
    /// # Errors
    /// See there.
    pub async fn state(&self, job: &JobName, key: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        let (job, key) = (job.clone(), key.to_owned());
        self.near.work(move |book| book.state(&job, &key)).await
    }

    /// Deletes all that a job remembers.
    ///
    /// # Errors
    /// As [`Ledger::record`].
    pub async fn forget_state(&self, job: &JobName) -> Result<(), LedgerError> {
        self.record_one(Entry::ForgetState { job: job.clone() }).await
    }

    /// Records that a program is about to do its work for a run; it is on disk when this answers.
    ///
    /// # Errors
    /// [`crate::EntryError::ProcessesFenced`]; and as [`Ledger::record`].
    pub async fn process_started(&self, process: Process) -> Result<(), LedgerError> {
        self.record_one(Entry::ProcessStarted(process)).await
    }

    /// Records that a program is gone, with its whole group.
    ///
    /// # Errors
    /// As [`Ledger::record`].
    pub async fn process_ended(&self, process: ProcessId) -> Result<(), LedgerError> {
        self.record_one(Entry::ProcessEnded(process)).await
    }

    /// See [`Book::processes`].
    ///
    /// # Errors
    /// See there.
    pub async fn processes(&self) -> Result<Vec<Process>, LedgerError> {
        self.near.work(|book| book.processes()).await
    }

    /// See [`Book::job`].
    ///
    /// # Errors
    /// See there.
    pub async fn job(&self, job: &JobName) -> Result<Option<JobRecord>, LedgerError> {
        let job = job.clone();
        self.near.work(move |book| book.job(&job)).await
    }

    /// See [`Book::jobs`].
    ///
    /// # Errors
    /// See there.
    pub async fn jobs(&self) -> Result<Vec<JobRecord>, LedgerError> {
        self.far.work(|book| book.jobs()).await
    }

    /// See [`Book::run`].
    ///
    /// # Errors
    /// See there.
    pub async fn run(&self, run: RunId) -> Result<Option<RunDetail>, LedgerError> {
        self.far.work(move |book| book.run(run)).await
    }

    /// See [`Book::runs`].
    ///
    /// # Errors
    /// See there.
    pub async fn runs(&self, filter: RunFilter) -> Result<Vec<RunRecord>, LedgerError> {
        self.far.work(move |book| book.runs(&filter)).await
    }

    /// See [`Book::unfinished`].
    ///
    /// # Errors
    /// See there.
    pub async fn unfinished(&self) -> Result<Vec<RunRecord>, LedgerError> {
        self.far.work(|book| book.unfinished()).await
    }

    /// See [`Book::retries`].
    ///
    /// # Errors
    /// See there.
    pub async fn retries(&self) -> Result<Vec<PendingRetry>, LedgerError> {
        self.far.work(|book| book.retries()).await
    }

    /// See [`Book::skips`].
    ///
    /// # Errors
    /// See there.
    pub async fn skips(&self, job: &JobName, since: Timestamp, limit: usize) -> Result<Vec<Skip>, LedgerError> {
        let job = job.clone();
        self.far.work(move |book| book.skips(&job, since, limit)).await
    }

    /// See [`Book::logs`].
    ///
    /// # Errors
    /// See there.
    pub async fn logs(&self, run: RunId) -> Result<Vec<LogLine>, LedgerError> {
        self.far.work(move |book| book.logs(run)).await
    }

    /// See [`Book::log_lines`].
    ///
    /// # Errors
    /// See there.
    pub async fn log_lines(&self, filter: LogFilter) -> Result<Vec<LogRecord>, LedgerError> {
        self.far.work(move |book| book.log_lines(&filter)).await
    }

    /// See [`Book::actions`].
    ///
    /// # Errors
    /// See there.
    pub async fn actions(&self, before: Option<u64>, limit: usize) -> Result<Vec<ActionRecord>, LedgerError> {
        self.far.work(move |book| book.actions(before, limit)).await
    }

    /// See [`Book::timeline`].
    ///
    /// # Errors
    /// See there.
    pub async fn timeline(&self, after: Timestamp, bucket: Duration) -> Result<Vec<Bucket>, LedgerError> {
        self.far.work(move |book| book.timeline(after, bucket)).await
    }

    /// See [`Book::size`].
    ///
    /// # Errors
    /// See there.
    pub async fn size(&self) -> Result<u64, LedgerError> {
        self.near.work(|book| book.size()).await
    }

    /// How much was written since this ledger was opened, and how fast.
    pub fn stats(&self) -> LedgerStats {
        self.counters.read()
    }

    /// Writes what is waiting, closes the file and lets go of its lock. Later calls that need the store answer
    /// [`LedgerError::Closed`]. Dropping the ledger does the same, without anybody to wait for it.
    pub async fn close(&self) {
        self.near.close().await;
        self.far.close().await;
        self.writer.close().await;
    }
}
