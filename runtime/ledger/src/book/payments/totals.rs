//! How many payments are in each state, and what is reserved for them: kept with each change, so that telling it costs the
//! same however long the journal is.

use alloy_primitives::U256;
use rusqlite::{Connection, OptionalExtension, params};
use watchkeeper_model::{AccountName, PaymentState};

use super::{Book, Stop, windows::less};
use crate::{
    EntryError, Intent, LedgerError, PaymentTotal,
    sql::{Columns, amount},
};

impl Book {
    /// The counts of all payments, or of those from one account, by account, job, asset and state. A state that a job's
    /// payments have left stays, with zero.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn payment_totals(&self, account: Option<&AccountName>) -> Result<Vec<PaymentTotal>, LedgerError> {
        let account = account.map(AccountName::as_str);
        let condition = if account.is_some() { "WHERE account = ?1" } else { "" };
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT * FROM payment_totals {condition} ORDER BY account, job, asset, state"))?;
        let found = statement.query_map(rusqlite::params_from_iter(account), |row| {
            Ok(PaymentTotal {
                account: row.word("account")?,
                job: row.word("job")?,
                asset: row.get("asset")?,
                state: row.word("state")?,
                count: row.get("count")?,
                amount: row.amount("amount")?,
            })
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

/// Counts a payment in a state, with what is reserved for it.
pub(super) fn add(
    connection: &Connection,
    intent: &Intent,
    state: PaymentState,
    reserved: Option<U256>,
) -> Result<(), Stop> {
    let sum = sum(connection, intent, state)?.checked_add(reserved.unwrap_or_default());
    let sum = sum.ok_or(EntryError::Sum("payments in one state"))?;
    Ok(write(connection, intent, state, 1, sum)?)
}

/// Counts it there no more.
pub(super) fn take(
    connection: &Connection,
    intent: &Intent,
    state: PaymentState,
    reserved: Option<U256>,
) -> Result<(), Stop> {
    let sum = less(sum(connection, intent, state)?, reserved.unwrap_or_default())?;
    Ok(write(connection, intent, state, -1, sum)?)
}

pub(super) const SUM: &str =
    "SELECT amount FROM payment_totals WHERE account = ?1 AND job = ?2 AND asset = ?3 AND state = ?4";

fn sum(connection: &Connection, intent: &Intent, state: PaymentState) -> rusqlite::Result<U256> {
    let found = connection
        .prepare_cached(SUM)?
        .query_row(params![intent.account.as_str(), intent.job.as_str(), intent.asset, state.as_str()], |row| {
            row.amount("amount")
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

pub(super) const WRITE: &str = "INSERT INTO payment_totals (account, job, asset, state, count, amount)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (account, job, asset, state) DO UPDATE SET count = count + ?5, amount = ?6";

fn write(connection: &Connection, intent: &Intent, state: PaymentState, more: i64, sum: U256) -> rusqlite::Result<()> {
    connection
        .prepare_cached(WRITE)?
        .execute(params![intent.account.as_str(), intent.job.as_str(), intent.asset, state.as_str(), more, amount(sum)])
        .map(drop)
}
