//! Tasks on one side, a thread that owns a database connection on the other: what can be asked of it, the bounded queue
//! between them, and how it begins and ends. What it does is in [`crate::thread`].

use std::{
    fs::File,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use watchkeeper_model::{JobName, RunEnd, RunId};

use crate::{LedgerError, StateChanges, runs::Runs, thread::Thread};

/// Requests that may wait; further callers wait for a place.
const QUEUE: usize = 256;

/// What a ledger wrote since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerStats {
    /// Writes that are on disk.
    pub writes: u64,
    /// Transactions, each with one fsync, that they took.
    pub transactions: u64,
    /// Writes that the store could not take: full, locked, broken.
    pub failures: u64,
}

/// A change that is durable when it is answered.
#[derive(Debug)]
pub(crate) enum Write {
    Finish { run: RunId, end: Box<RunEnd>, job: JobName, state: StateChanges },
    Forget { job: JobName },
}

/// Where an answer goes. Whoever stopped waiting needs none.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, LedgerError>>;

/// What the thread is asked.
pub(crate) enum Request {
    Read { job: JobName, key: String, reply: Reply<Option<Vec<u8>>> },
    Write(Write, Reply<()>),
    Close(oneshot::Sender<()>),
}

/// A handle to the thread. The thread ends when the last handle is gone, or by [`Worker::close`].
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    requests: mpsc::Sender<Request>,
    counters: Arc<Counters>,
}

/// [`LedgerStats`] while they grow.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) writes: AtomicU64,
    pub(crate) transactions: AtomicU64,
    pub(crate) failures: AtomicU64,
}

impl Worker {
    /// Starts the thread. `lock` is let go when the connection is closed.
    pub(crate) fn start(
        name: &str,
        connection: Connection,
        runs: Arc<Mutex<Runs>>,
        lock: Option<File>,
    ) -> Result<Self, LedgerError> {
        let (requests, queue) = mpsc::channel(QUEUE);
        let counters = Arc::new(Counters::default());
        let mut thread = Thread { connection, runs, counters: Arc::clone(&counters) };
        let body = move || {
            let closers = thread.serve(queue);
            drop(thread);
            drop(lock);
            for closer in closers {
                // The caller of `close` may have stopped waiting.
                let _ = closer.send(());
            }
        };
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body)
            .map_err(|error| LedgerError::Unavailable(format!("no thread for {name}: {error}")))?;
        Ok(Self { requests, counters })
    }

    pub(crate) async fn read(&self, job: JobName, key: String) -> Result<Option<Vec<u8>>, LedgerError> {
        self.ask(|reply| Request::Read { job, key, reply }).await
    }

    pub(crate) async fn write(&self, write: Write) -> Result<(), LedgerError> {
        self.ask(|reply| Request::Write(write, reply)).await
    }

    pub(crate) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.requests.send(Request::Close(reply)).await.is_ok() {
            // An error means that the thread is gone, which is what was asked.
            let _ = closed.await;
        }
    }

    pub(crate) fn stats(&self) -> LedgerStats {
        LedgerStats {
            writes: self.counters.writes.load(Ordering::Relaxed),
            transactions: self.counters.transactions.load(Ordering::Relaxed),
            failures: self.counters.failures.load(Ordering::Relaxed),
        }
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, LedgerError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| LedgerError::Closed)?;
        answer.await.map_err(|_| LedgerError::Closed)?
    }
}
