//! Dropping what is old, a few rows at a time, so that writers never wait long. What a job counts, remembers and
//! remembers of its last success stays.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::Book;
use crate::{
    LedgerError,
    sql::{nanos, since},
};

/// The most rows that go in one transaction.
const ROWS: usize = 100;
/// The most bytes of log lines that go in one transaction, or those of one run if it has more.
const BYTES: u64 = 8 << 20;

/// How much history is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Older runs, skips, actions and generations go. Runs count from their claim.
    pub max_age: SignedDuration,
    /// More runs of a job go, the oldest first.
    pub max_runs_per_job: u64,
}

impl Book {
    /// Drops some of what is too old or too much, in one small transaction. Returns how many rows went: call it again
    /// until that is 0. Runs that are going, and those to be tried again, stay.
    ///
    /// # Errors
    /// As [`Book::record`]: nothing was dropped.
    pub fn retain(&mut self, retention: &Retention, now: Timestamp) -> Result<usize, LedgerError> {
        let before = now.checked_sub(retention.max_age).unwrap_or(Timestamp::MIN);
        self.check_file()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut gone = drop_old_runs(&transaction, before)?;
        if gone == 0 {
            gone = drop_surplus_runs(&transaction, retention.max_runs_per_job)?;
        }
        for statement in OLD {
            if gone == 0 {
                gone = transaction.prepare_cached(statement)?.execute(params![nanos(before), ROWS])?;
            }
        }
        transaction.commit()?;
        Ok(gone)
    }
}

/// What goes by age, beside runs. The last node stays, for its epoch, and a removed job as long as it has rows.
const OLD: [&str; 5] = [
    "DELETE FROM skips WHERE (job, last, generation) IN
        (SELECT job, last, generation FROM skips WHERE last < ?1 ORDER BY last LIMIT ?2)",
    "DELETE FROM actions WHERE id IN (SELECT id FROM actions WHERE at < ?1 ORDER BY at LIMIT ?2)",
    "DELETE FROM generations WHERE (job, number) IN
        (SELECT job, number FROM generations WHERE ended < ?1 ORDER BY ended LIMIT ?2)",
    "DELETE FROM nodes WHERE epoch IN
        (SELECT epoch FROM nodes WHERE started < ?1 AND epoch < (SELECT max(epoch) FROM nodes) ORDER BY epoch LIMIT ?2)",
    "DELETE FROM jobs WHERE id IN
        (SELECT id FROM jobs WHERE retired < ?1 AND kept = 0 AND paused_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM skips WHERE job = jobs.id) LIMIT ?2)",
];

fn drop_old_runs(connection: &Connection, before: Timestamp) -> rusqlite::Result<usize> {
    let old = connection
        .prepare_cached(
            "SELECT id, job FROM runs WHERE id < ?1 AND finished IS NOT NULL AND retry_at IS NULL ORDER BY id LIMIT ?2",
        )?
        .query_map(params![since(before), ROWS], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    delete_runs(connection, &old)
}

fn drop_surplus_runs(connection: &Connection, limit: u64) -> rusqlite::Result<usize> {
    let mut jobs = connection.prepare_cached("SELECT id, kept - ?1 FROM jobs WHERE kept > ?1")?;
    let mut of_job = connection.prepare_cached(
        "SELECT id, job FROM runs INDEXED BY runs_job WHERE job = ?1 AND finished IS NOT NULL AND retry_at IS NULL
         ORDER BY id LIMIT ?2",
    )?;
    let mut surplus = Vec::new();
    let mut found = jobs.query([limit])?;
    while surplus.len() < ROWS
        && let Some(row) = found.next()?
    {
        let (job, count): (i64, usize) = (row.get(0)?, row.get(1)?);
        let oldest = of_job
            .query_map(params![job, count.min(ROWS - surplus.len())], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        surplus.extend(oldest);
    }
    delete_runs(connection, &surplus)
}

fn delete_runs(connection: &Connection, runs: &[([u8; 16], i64)]) -> rusqlite::Result<usize> {
    let (mut gone, mut bytes) = (0, 0);
    for (run, job) in runs {
        bytes += delete_run(connection, *run, *job)?;
        gone += 1;
        if bytes > BYTES {
            break;
        }
    }
    Ok(gone)
}

/// Deletes a run and its log lines, if it is there. Returns the bytes of the latter.
pub(super) fn delete_run(connection: &Connection, run: [u8; 16], job: i64) -> rusqlite::Result<u64> {
    let deleted = connection.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([run])?;
    connection.prepare_cached("UPDATE jobs SET kept = kept - ?2 WHERE id = ?1")?.execute(params![job, deleted])?;
    let bytes = connection
        .prepare_cached("DELETE FROM logs WHERE run = ?1 RETURNING octet_length(lines)")?
        .query_row([run], |row| row.get(0))
        .optional()?;
    Ok(bytes.unwrap_or(0))
}
