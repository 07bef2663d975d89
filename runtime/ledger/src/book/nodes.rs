//! Processes: each start is a node with an epoch of its own, so that what an earlier one left can be told apart.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::Book;
use crate::{
    LedgerError, Node, NodeStart,
    sql::{Columns, nanos},
};

impl Book {
    /// Joins as a process that starts: what is recorded from now on carries its epoch.
    ///
    /// # Errors
    /// As [`Book::record`].
    pub fn join(&mut self, node: &NodeStart) -> Result<(), LedgerError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let epoch = transaction.query_row(
            "INSERT INTO nodes (epoch, host, version, started)
             VALUES ((SELECT coalesce(max(epoch), 0) + 1 FROM nodes), ?1, ?2, ?3) RETURNING epoch",
            params![node.host, node.version, nanos(node.started)],
            |row| row.get(0),
        )?;
        transaction.commit()?;
        self.epoch = epoch;
        Ok(())
    }
}

/// The process of an epoch; none where retention dropped it.
pub(super) fn read(connection: &Connection, epoch: u64) -> rusqlite::Result<Option<Node>> {
    connection
        .prepare_cached("SELECT * FROM nodes WHERE epoch = ?1")?
        .query_row([epoch], |row| {
            let start =
                NodeStart { host: row.get("host")?, version: row.get("version")?, started: row.time("started")? };
            Ok(Node { epoch, start })
        })
        .optional()
}
