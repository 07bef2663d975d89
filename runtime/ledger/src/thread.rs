//! The thread's work: it answers reads, and commits all writes that wait in one transaction, which costs one fsync however
//! many runs ended meanwhile. Nothing else in this crate touches a connection after it was opened.

use std::sync::{Arc, Mutex, PoisonError, atomic::Ordering};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};
use watchkeeper_model::JobName;

use crate::{
    LedgerError, StateError,
    runs::Runs,
    state,
    worker::{Counters, Reply, Request, Write},
};

/// The most requests that are taken at once: the most writes of one transaction.
const BATCH: usize = 256;

/// The only owner of an open connection.
pub(crate) struct Thread {
    pub(crate) connection: Connection,
    pub(crate) runs: Arc<Mutex<Runs>>,
    pub(crate) counters: Arc<Counters>,
}

impl Thread {
    /// Serves until it is closed or nobody is left to ask. Returns those who wait for the end.
    pub(crate) fn serve(&mut self, mut queue: mpsc::Receiver<Request>) -> Vec<oneshot::Sender<()>> {
        let mut closers = Vec::new();
        while let Some(first) = queue.blocking_recv() {
            let mut writes = Vec::new();
            let waiting = std::iter::from_fn(|| queue.try_recv().ok());
            for request in std::iter::once(first).chain(waiting).take(BATCH) {
                match request {
                    Request::Read { job, key, reply } => self.read(&job, &key, reply),
                    Request::Write(write, reply) => writes.push((write, reply)),
                    Request::Close(reply) => closers.push(reply),
                }
            }
            if !closers.is_empty() {
                queue.close();
            }
            self.commit(writes);
        }
        closers
    }

    fn read(&self, job: &JobName, key: &str, reply: Reply<Option<Vec<u8>>>) {
        let _ = reply.send(state::read(&self.connection, job, key).map_err(|error| LedgerError::from(&error)));
    }

    /// Commits a batch. If it doesn't fit on the disk, each write is tried alone: a large one must not fail small ones.
    fn commit(&mut self, batch: Vec<(Write, Reply<()>)>) {
        if batch.is_empty() {
            return;
        }
        let (writes, replies): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let together = self.transact(&writes);
        let full = |error: &rusqlite::Error| error.sqlite_error_code() == Some(ErrorCode::DiskFull);
        if together.as_ref().is_err_and(full) && writes.len() > 1 {
            for (write, reply) in writes.into_iter().zip(replies) {
                let alone = self.transact(std::slice::from_ref(&write));
                self.answer(vec![write], vec![reply], alone);
            }
        } else {
            self.answer(writes, replies, together);
        }
    }

    /// One transaction: all writes or none, but those that pass a limit are left out. One result for each write.
    fn transact(&mut self, writes: &[Write]) -> rusqlite::Result<Vec<Result<(), StateError>>> {
        let mut transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut results = Vec::with_capacity(writes.len());
        for write in writes {
            let savepoint = transaction.savepoint()?;
            let result = match write {
                Write::Finish { job, state, .. } => state::apply(&savepoint, job, state)?,
                Write::Forget { job } => Ok(state::forget(&savepoint, job)?),
            };
            // A savepoint that is dropped is rolled back.
            if result.is_ok() {
                savepoint.commit()?;
            }
            results.push(result);
        }
        transaction.commit()?;
        self.counters.transactions.fetch_add(1, Ordering::Relaxed);
        Ok(results)
    }

    fn answer(&self, writes: Vec<Write>, replies: Vec<Reply<()>>, done: rusqlite::Result<Vec<Result<(), StateError>>>) {
        match done {
            Ok(results) => {
                for ((write, reply), result) in writes.into_iter().zip(replies).zip(results) {
                    let _ = reply.send(result.map_err(LedgerError::from).and_then(|()| self.settled(write)));
                }
            }
            Err(error) => {
                tracing::error!(%error, writes = writes.len(), "ledger could not commit");
                for reply in replies {
                    self.counters.failures.fetch_add(1, Ordering::Relaxed);
                    let _ = reply.send(Err(LedgerError::from(&error)));
                }
            }
        }
    }

    /// What follows once a write is on disk.
    fn settled(&self, write: Write) -> Result<(), LedgerError> {
        self.counters.writes.fetch_add(1, Ordering::Relaxed);
        match write {
            Write::Finish { run, end, .. } => {
                self.runs.lock().unwrap_or_else(PoisonError::into_inner).finish(run, *end)
            }
            Write::Forget { .. } => Ok(()),
        }
    }
}
