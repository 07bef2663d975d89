//! Tasks on one side, a thread that owns a [`Book`] on the other: what can be asked of it, the bounded queue between them,
//! and how it begins and ends. What it does is in [`crate::thread`].

use std::{fs::File, sync::Arc};

use tokio::sync::{mpsc, oneshot};

use crate::{Book, Entry, EntryError, LedgerError, stats::Counters, thread::Thread};

/// Requests that may wait; further callers wait for a place.
const QUEUE: usize = 256;

/// Where an answer goes. Whoever stopped waiting needs none.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, LedgerError>>;

/// What each entry of a request came to.
pub(crate) type Results = Vec<Result<(), EntryError>>;

/// Work that has the book for itself and answers by its own means.
pub(crate) type Job = Box<dyn FnOnce(&mut Book) + Send>;

/// What the thread is asked.
pub(crate) enum Request {
    /// Entries that are to be recorded in one transaction, with others.
    Record(Vec<Entry>, Reply<Results>),
    /// Anything else.
    Do(Job),
    /// The end.
    Close(oneshot::Sender<()>),
}

/// A handle to the thread. The thread ends when the last handle is gone, or by [`Worker::close`].
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    requests: mpsc::Sender<Request>,
}

impl Worker {
    /// Starts the thread. `lock` is let go when the book is closed.
    pub(crate) fn start(
        name: &str,
        book: Book,
        counters: Arc<Counters>,
        lock: Option<File>,
    ) -> Result<Self, LedgerError> {
        let (requests, queue) = mpsc::channel(QUEUE);
        let mut thread = Thread { book, counters };
        let body = move || {
            let closers = thread.serve(queue);
            drop(thread);
            // Said in words: a child that is just being started holds a copy of the handle until it runs its own program.
            if let Some(error) = lock.and_then(|lock| lock.unlock().err()) {
                tracing::warn!(%error, "ledger could not let go of its lock");
            }
            for closer in closers {
                // The caller of `close` may have stopped waiting.
                let _ = closer.send(());
            }
        };
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body)
            .map_err(|error| LedgerError::Unavailable(format!("no thread for {name}: {error}")))?;
        Ok(Self { requests })
    }

    pub(crate) async fn record(&self, entries: Vec<Entry>) -> Result<Results, LedgerError> {
        self.ask(|reply| Request::Record(entries, reply)).await
    }

    /// Has the thread do `work`, and brings what came of it.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Book) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.ask(|reply| {
            Request::Do(Box::new(move |book| {
                let _ = reply.send(work(book));
            }))
        })
        .await
    }

    pub(crate) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.requests.send(Request::Close(reply)).await.is_ok() {
            // An error means that the thread is gone, which is what was asked.
            let _ = closed.await;
        }
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, LedgerError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| LedgerError::Closed)?;
        answer.await.map_err(|_| LedgerError::Closed)?
    }
}
