//! The stop of all payments: while it is there nothing is reserved and nothing gets its first signature.

use rusqlite::{Connection, OptionalExtension, params};

use super::Book;
use crate::{
    LedgerError, StoppedPayments, limits,
    sql::{Columns, nanos},
};

impl Book {
    /// Stops all payments, or lets them go on with none. Of stopped ones: a new name and note.
    ///
    /// # Errors
    /// [`crate::EntryError::PaymentsFenced`]; and as [`Book::record`].
    pub fn stop_payments(&mut self, stop: Option<&StoppedPayments>) -> Result<(), LedgerError> {
        self.write_payments(|connection| {
            match stop {
                Some(StoppedPayments { by, note, at }) => connection
                    .prepare_cached("INSERT OR REPLACE INTO payments_stop (id, by, note, at) VALUES (1, ?1, ?2, ?3)")?
                    .execute(params![limits::cut(by), limits::cut(note), nanos(*at)])?,
                None => connection.prepare_cached("DELETE FROM payments_stop")?.execute([])?,
            };
            Ok(())
        })
    }

    /// Who stopped all payments, if somebody did.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn stopped_payments(&self) -> Result<Option<StoppedPayments>, LedgerError> {
        Ok(read(&self.connection)?)
    }
}

pub(super) const STOPPED: &str = "SELECT by, note, at FROM payments_stop";

pub(super) fn read(connection: &Connection) -> rusqlite::Result<Option<StoppedPayments>> {
    connection
        .prepare_cached(STOPPED)?
        .query_row([], |row| Ok(StoppedPayments { by: row.get("by")?, note: row.get("note")?, at: row.time("at")? }))
        .optional()
}
