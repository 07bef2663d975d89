//! What jobs remember. Writing happens inside a transaction that the caller holds; nothing here commits.

use rusqlite::{Connection, OptionalExtension, params};
use watchkeeper_model::JobName;

use super::Book;
use crate::{LedgerError, StateChanges, StateError, limits};

impl Book {
    /// The value that a job's last successful writer of `key` left; none if nobody did or it was deleted.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`]: an unreadable value is never none.
    pub fn state(&self, job: &JobName, key: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT value FROM state WHERE job = ?1 AND key = ?2")?;
        Ok(statement.query_row(params![job.as_str(), key], |row| row.get(0)).optional()?)
    }
}

/// Applies changes in order. The inner result says whether the job stays within its limit; if it doesn't, the caller must
/// undo the changes.
pub(super) fn apply(
    connection: &Connection,
    job: &JobName,
    changes: &StateChanges,
) -> rusqlite::Result<Result<(), StateError>> {
    let mut size = connection
        .prepare_cached("SELECT bytes FROM state_size WHERE job = ?1")?
        .query_row([job.as_str()], |row| row.get::<_, usize>(0))
        .optional()?
        .unwrap_or(0);
    let mut delete = connection.prepare_cached(
        "DELETE FROM state WHERE job = ?1 AND key = ?2 RETURNING octet_length(key) + octet_length(value)",
    )?;
    let mut insert = connection.prepare_cached("INSERT INTO state (job, key, value) VALUES (?1, ?2, ?3)")?;
    for (key, value) in changes {
        let old = delete.query_row(params![job.as_str(), key], |row| row.get::<_, usize>(0)).optional()?;
        size = size.saturating_sub(old.map_or(0, |bytes| bytes + limits::STATE_ENTRY_BYTES));
        if let Some(value) = value {
            insert.execute(params![job.as_str(), key, value])?;
            size += limits::entry_bytes(key, value);
        }
    }
    connection
        .prepare_cached(
            "INSERT INTO state_size (job, bytes) VALUES (?1, ?2) ON CONFLICT (job) DO UPDATE SET bytes = ?2",
        )?
        .execute(params![job.as_str(), size])?;
    Ok(limits::check_whole(job, size))
}

/// Deletes all keys of a job.
pub(super) fn forget(connection: &Connection, job: &JobName) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM state WHERE job = ?1")?.execute([job.as_str()])?;
    connection.prepare_cached("DELETE FROM state_size WHERE job = ?1")?.execute([job.as_str()])?;
    Ok(())
}
