//! Due times that led to no run.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use watchkeeper_model::{JobName, Skip, SkipReason};

use super::{Book, Stop, jobs};
use crate::{
    EntryError, LedgerError,
    sql::{Columns, nanos, rows},
};

impl Book {
    /// Skips of a job that end at or after `since`, the latest first, at most `limit` and [`crate::MAX_ROWS`].
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn skips(&self, job: &JobName, since: Timestamp, limit: usize) -> Result<Vec<Skip>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT generation, reason, first, last, count FROM skips
             WHERE job = (SELECT id FROM jobs WHERE name = ?1) AND last >= ?2 ORDER BY last DESC, generation DESC LIMIT ?3",
        )?;
        let found = statement.query_map(params![job.as_str(), nanos(since), rows(limit)], |row| {
            Ok(Skip {
                job: job.clone(),
                generation: row.get("generation")?,
                reason: row.word("reason")?,
                first: row.time("first")?,
                last: row.time("last")?,
                count: row.get("count")?,
            })
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

pub(super) fn skip(connection: &Connection, epoch: u64, skip: &Skip, after: Timestamp) -> Result<(), Stop> {
    let (first, last, reason) = (nanos(skip.first), nanos(skip.last), skip.reason.as_str());
    let job = match jobs::in_force(connection, epoch, &skip.job) {
        // The answer to a removal may have been lost, and the removal come again.
        Err(Stop::Refused(EntryError::UnknownJob(_))) if is_recorded(connection, skip)? => return Ok(()),
        job => job?,
    };
    if skip.generation != job.generation || first <= job.cursor {
        let disposed = || EntryError::AlreadyDisposed { job: skip.job.clone(), nominal: skip.first };
        return if is_recorded(connection, skip)? { Ok(()) } else { Err(disposed().into()) };
    }
    job.stands_at(&skip.job, after)?;
    let merged = connection
        .prepare_cached(
            "UPDATE skips SET last = ?5, count = count + ?6
             WHERE job = ?1 AND last = ?2 AND generation = ?3 AND reason = ?4",
        )?
        .execute(params![job.id, job.cursor, skip.generation, reason, last, skip.count])?;
    if merged == 0 {
        connection
            .prepare_cached(
                "INSERT INTO skips (job, last, generation, first, reason, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![job.id, last, skip.generation, first, reason, skip.count])?;
    }
    let asked_for = if skip.reason == SkipReason::SkipNext { skip.count } else { 0 };
    connection
        .prepare_cached(
            "UPDATE jobs SET cursor = ?2, skips = skips + ?3, skip_next = max(skip_next - ?4, 0), fence = ?5 WHERE id = ?1",
        )?
        .execute(params![job.id, last, skip.count, asked_for, epoch])?;
    Ok(())
}

/// Whether a row ends with exactly these due times.
fn is_recorded(connection: &Connection, skip: &Skip) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM skips JOIN jobs ON jobs.id = skips.job
             WHERE jobs.name = ?1 AND last = ?2 AND skips.generation = ?3 AND reason = ?4 AND first <= ?5",
        )?
        .exists(params![skip.job.as_str(), nanos(skip.last), skip.generation, skip.reason.as_str(), nanos(skip.first)])
}
