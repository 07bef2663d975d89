//! The journal of payments. Each call is one transaction, on disk before it answers: the caller takes its next step outward
//! only then. What a state allows is decided here and in the tables' own rules, whoever asks; policies, chains and keys are
//! the caller's.

mod approvals;
mod events;
mod intend;
#[cfg(test)]
mod plans;
mod read;
mod reserve;
mod senders;
mod sign;
mod stop;
mod totals;
mod windows;

use rusqlite::{Connection, TransactionBehavior};

use super::{Book, Stop};
use crate::{EntryError, LedgerError};

impl Book {
    /// Does all of `write` or nothing of it, if no later process has joined.
    fn write_payments<T>(&mut self, write: impl FnOnce(&Connection) -> Result<T, Stop>) -> Result<T, LedgerError> {
        self.check_file()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        in_charge(&transaction, self.epoch)?;
        let written = write(&transaction)?;
        transaction.commit()?;
        self.check_file()?;
        Ok(written)
    }
}

const LATEST_EPOCH: &str = "SELECT max(epoch) FROM nodes";

fn in_charge(connection: &Connection, epoch: u64) -> Result<(), Stop> {
    let latest: u64 = connection.prepare_cached(LATEST_EPOCH)?.query_row([], |row| row.get(0))?;
    if latest > epoch { Err(EntryError::PaymentsFenced.into()) } else { Ok(()) }
}

impl From<Stop> for LedgerError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(error) => Self::Refused(error),
            Stop::Sql(error) => Self::from(error),
        }
    }
}
