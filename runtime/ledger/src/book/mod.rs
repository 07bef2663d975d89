//! The ledger without threads: every statement that reads or writes it, one transaction at a time, on one connection.
//! [`crate::Ledger`] runs it on threads of its own; a simulation can use it alone. Times come from the caller, nothing here
//! reads a clock.

mod actions;
mod claim;
mod finish;
mod jobs;
mod logs;
mod nodes;
mod payments;
mod processes;
mod recover;
mod retain;
mod runs;
mod skips;
mod state;
mod timeline;

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::{Entry, EntryError, LedgerError, NodeStart, file::Identity, open};

pub use retain::Retention;

/// One connection to a ledger. Several may be open on one file, and whoever writes with an epoch older than a job's fence
/// is refused; but only [`crate::Ledger::open`] keeps a second process out.
#[derive(Debug)]
pub struct Book {
    connection: Connection,
    epoch: u64,
    identity: Option<Identity>,
}

impl Book {
    /// Opens the ledger at `path`, or makes it, as [`crate::Ledger::open`] does, but without its lock, and joins as `node`.
    ///
    /// # Errors
    /// As [`crate::Ledger::open`].
    pub fn open(path: &Path, node: &NodeStart) -> Result<Self, LedgerError> {
        Self::new(open::open(path)?, Some(path), node)
    }

    /// A ledger in memory, joined as `node`.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`] where SQLite gets no memory.
    pub fn in_memory(node: &NodeStart) -> Result<Self, LedgerError> {
        Self::new(open::in_memory()?, None, node)
    }

    pub(crate) fn new(connection: Connection, path: Option<&Path>, node: &NodeStart) -> Result<Self, LedgerError> {
        let mut book = Self { connection, epoch: 0, identity: None };
        book.join(node)?;
        book.identity = path.map(Identity::of).transpose()?;
        Ok(book)
    }

    /// One that only reads.
    pub(crate) const fn reader(connection: Connection) -> Self {
        Self { connection, epoch: 0, identity: None }
    }

    /// The number of the process that this is, in the order in which processes joined.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Records entries in order, in one transaction. Each is recorded whole or refused whole; one that is refused leaves
    /// the others as they are. When this returns Ok, what was recorded is on disk.
    ///
    /// # Errors
    /// [`LedgerError::Full`], [`LedgerError::Busy`], [`LedgerError::Unavailable`]: none was recorded, as far as is known.
    /// Bringing the same again is harmless: what is recorded already answers Ok.
    pub fn record(&mut self, entries: &[Entry]) -> Result<Vec<Result<(), EntryError>>, LedgerError> {
        self.check_file()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let results = entries
            .iter()
            .map(|entry| apply_alone(&transaction, self.epoch, entry))
            .collect::<rusqlite::Result<_>>()?;
        transaction.commit()?;
        self.check_file()?;
        Ok(results)
    }

    /// Bytes that the ledger takes: its pages and its log.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn size(&self) -> Result<u64, LedgerError> {
        let pragma = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
        let pages = pragma("page_count")?.saturating_mul(pragma("page_size")?);
        let log = match self.connection.path().filter(|path| !path.is_empty()) {
            Some(path) => open::size(&open::beside(Path::new(path), "-wal"))?,
            None => 0,
        };
        Ok(pages.saturating_add(log))
    }

    fn check_file(&self) -> Result<(), LedgerError> {
        self.identity.as_ref().map_or(Ok(()), Identity::check)
    }
}

/// Why an entry's statements end early.
enum Stop {
    Refused(EntryError),
    Sql(rusqlite::Error),
}

impl From<EntryError> for Stop {
    fn from(error: EntryError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// One entry, whole or not at all. The outer error is the store's, and the end of the transaction.
fn apply_alone(connection: &Connection, epoch: u64, entry: &Entry) -> rusqlite::Result<Result<(), EntryError>> {
    let step = |statement| connection.prepare_cached(statement)?.execute([]);
    step("SAVEPOINT entry")?;
    let result = match apply(connection, epoch, entry) {
        Ok(()) => Ok(()),
        Err(Stop::Refused(error)) => {
            step("ROLLBACK TO entry")?;
            Err(error)
        }
        Err(Stop::Sql(error)) => return Err(error),
    };
    step("RELEASE entry")?;
    Ok(result)
}

fn apply(connection: &Connection, epoch: u64, entry: &Entry) -> Result<(), Stop> {
    match entry {
        Entry::Generation { job, schedule, began, after } => {
            jobs::generation(connection, epoch, job, schedule, *began, *after)
        }
        Entry::Retire { job, at, after } => jobs::retire(connection, epoch, job, *at, *after),
        Entry::Claim { run, after } => claim::claim(connection, epoch, run, *after),
        Entry::Skip { skip, after } => skips::skip(connection, epoch, skip, *after),
        Entry::Finish { run, end, state, retry_at, pause, history } => finish::finish(
            connection,
            epoch,
            *run,
            &finish::Finish { end, state, retry_at: *retry_at, pause: pause.as_deref(), history: *history },
        ),
        Entry::DropRetry { run } => finish::drop_retry(connection, epoch, *run),
        Entry::Pause { job, by, note, at } => jobs::pause(connection, epoch, job, by, note, *at),
        Entry::Resume { job, skip, after } => {
            if let Some(skip) = skip {
                skips::skip(connection, epoch, skip, *after)?;
            }
            jobs::resume(connection, epoch, job)
        }
        Entry::SkipNext { job, count } => jobs::skip_next(connection, epoch, job, *count),
        Entry::Action(action) => Ok(actions::insert(connection, action)?),
        Entry::ForgetState { job } => Ok(state::forget(connection, job)?),
        Entry::ProcessStarted(process) => processes::started(connection, epoch, process),
        Entry::ProcessEnded(process) => Ok(processes::ended(connection, process)?),
    }
}
