//! The thread's work: it records all entries that wait in one transaction, which costs one fsync however many runs began
//! and ended meanwhile, and does everything else in between. Nothing here speaks SQL.

use std::{sync::Arc, time::Instant};

use tokio::sync::{mpsc, oneshot};

use crate::{
    Book, Entry, LedgerError,
    stats::Counters,
    worker::{Reply, Request, Results},
};

/// The most requests that are taken at once.
const REQUESTS: usize = 256;
/// Entries after which no further request joins a transaction.
const ENTRIES: usize = 1_024;

/// The only owner of a book.
pub(crate) struct Thread {
    pub(crate) book: Book,
    pub(crate) counters: Arc<Counters>,
}

/// Requests that share a transaction: all their entries, and who waits for how many of them.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    waiting: Vec<(usize, Reply<Results>)>,
}

impl Thread {
    /// Serves until it is closed or nobody is left to ask. Returns those who wait for the end.
    pub(crate) fn serve(&mut self, mut queue: mpsc::Receiver<Request>) -> Vec<oneshot::Sender<()>> {
        let mut closers = Vec::new();
        while let Some(first) = queue.blocking_recv() {
            let mut batch = Batch::default();
            let mut next = Some(first);
            let mut taken = 0;
            while let Some(request) = next {
                match request {
                    Request::Record(entries, reply) => batch.add(entries, reply),
                    Request::Do(job) => {
                        // In the order in which it was asked.
                        self.commit(std::mem::take(&mut batch));
                        job(&mut self.book);
                    }
                    Request::Close(reply) => {
                        closers.push(reply);
                        queue.close();
                    }
                }
                taken += 1;
                let more = taken < REQUESTS && batch.entries.len() < ENTRIES;
                next = if more { queue.try_recv().ok() } else { None };
            }
            self.commit(batch);
        }
        closers
    }

    /// Commits a batch. Where an entry of it makes the whole impossible (it is too large for the disk), each request is
    /// tried alone: one must not fail the others.
    fn commit(&mut self, batch: Batch) {
        if batch.waiting.is_empty() {
            return;
        }
        match self.record(&batch.entries) {
            Err(LedgerError::Full | LedgerError::Unfit(_)) if batch.waiting.len() > 1 => {
                for alone in batch.split() {
                    let recorded = self.record(&alone.entries);
                    self.answer(alone, recorded);
                }
            }
            recorded => self.answer(batch, recorded),
        }
    }

    fn record(&mut self, entries: &[Entry]) -> Result<Results, LedgerError> {
        let begun = Instant::now();
        let results = self.book.record(entries)?;
        self.counters.committed(results.iter().filter(|result| result.is_ok()).count(), begun.elapsed());
        Ok(results)
    }

    fn answer(&self, batch: Batch, recorded: Result<Results, LedgerError>) {
        match recorded {
            Ok(mut results) => {
                for (entries, reply) in batch.waiting.into_iter().rev() {
                    let _ = reply.send(Ok(results.split_off(results.len().saturating_sub(entries))));
                }
            }
            Err(error) => {
                tracing::error!(%error, entries = batch.entries.len(), "ledger could not commit");
                self.counters.failed(batch.entries.len());
                for (_, reply) in batch.waiting {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }
}

impl Batch {
    fn add(&mut self, entries: Vec<Entry>, reply: Reply<Results>) {
        self.waiting.push((entries.len(), reply));
        self.entries.extend(entries);
    }

    /// Each request for itself.
    fn split(self) -> impl Iterator<Item = Self> {
        let mut entries = self.entries.into_iter();
        let alone = move |(count, reply)| Self {
            entries: entries.by_ref().take(count).collect(),
            waiting: vec![(count, reply)],
        };
        self.waiting.into_iter().map(alone)
    }
}
