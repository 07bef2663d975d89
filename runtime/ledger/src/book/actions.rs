//! Who did what.

use rusqlite::{Connection, params};

use super::Book;
use crate::{
    Action, ActionRecord, LedgerError, limits,
    sql::{Columns, bits, nanos, rows},
};

impl Book {
    /// Actions, the latest first; only those before the number `before` where it is given. At most `limit` and
    /// [`crate::MAX_ROWS`].
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn actions(&self, before: Option<u64>, limit: usize) -> Result<Vec<ActionRecord>, LedgerError> {
        let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
        let mut statement =
            self.connection.prepare_cached("SELECT * FROM actions WHERE id < ?1 ORDER BY id DESC LIMIT ?2")?;
        let found = statement.query_map(params![before, rows(limit)], |row| {
            let action = Action {
                at: row.time("at")?,
                by: row.get("by")?,
                verb: row.get("verb")?,
                job: row.word_if_any("job")?,
                run: row.run_if_any("run")?,
                note: row.get("note")?,
            };
            Ok(ActionRecord { id: row.get("id")?, action })
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

/// The same again is the same action, brought a second time because the first answer was lost.
pub(super) fn insert(connection: &Connection, action: &Action) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO actions (at, by, verb, job, run, note) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS
             (SELECT 1 FROM actions WHERE at = ?1 AND by = ?2 AND verb = ?3 AND job IS ?4 AND run IS ?5 AND note = ?6)",
        )?
        .execute(params![
            nanos(action.at),
            limits::cut(&action.by),
            limits::cut(&action.verb),
            action.job.as_ref().map(|job| job.as_str()),
            action.run.map(bits),
            limits::cut(&action.note)
        ])
        .map(drop)
}
