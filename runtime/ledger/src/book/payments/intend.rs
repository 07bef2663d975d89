//! What a job asked for, by its key: written once, found again however often it is asked.

use rusqlite::{Connection, OptionalExtension, params};
use watchkeeper_model::PaymentState;

use super::{Book, Stop, read, senders, totals};
use crate::{
    EntryError, Intended, Intent, LedgerError, MAX_PAYMENT_KEY_BYTES, MAX_TEXT_BYTES, Payment, PaymentId,
    sql::{amount, bits, nanos},
};

impl Book {
    /// Records what a job asks for, unless its key is there already. A refused payment of the key is intended anew, with
    /// what is asked now.
    ///
    /// # Errors
    /// [`EntryError::PaymentText`], [`EntryError::PaymentsFenced`]; and as [`Book::record`].
    pub fn intend(&mut self, intent: &Intent) -> Result<Intended, LedgerError> {
        self.write_payments(|connection| write(connection, intent))
    }
}

fn write(connection: &Connection, intent: &Intent) -> Result<Intended, Stop> {
    fits("key", &intent.key, MAX_PAYMENT_KEY_BYTES)?;
    fits("target", &intent.target, MAX_TEXT_BYTES)?;
    let id = match read::by_key(connection, intent.sender, &intent.job, &intent.key)? {
        None => insert(connection, intent)?,
        Some(refused) if refused.state == PaymentState::Refused => anew(connection, &refused, intent)?,
        Some(known) if known.intent.content == intent.content => return Ok(Intended::Known(known)),
        Some(known) => return Ok(Intended::Conflict(known)),
    };
    totals::add(connection, intent, PaymentState::Intended, None)?;
    Ok(Intended::New(read::known(connection, id)?))
}

fn fits(what: &'static str, text: &str, limit: usize) -> Result<(), EntryError> {
    if text.len() > limit { Err(EntryError::PaymentText { what, bytes: text.len(), limit }) } else { Ok(()) }
}

fn insert(connection: &Connection, intent: &Intent) -> rusqlite::Result<PaymentId> {
    let sender = senders::ensure(connection, intent.sender)?;
    connection
        .prepare_cached(
            "INSERT INTO payments (sender, account, job, run, key, content, asset, target, asked, asked_at, state, changed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?10) RETURNING id",
        )?
        .query_row(
            params![
                sender.id,
                intent.account.as_str(),
                intent.job.as_str(),
                bits(intent.run),
                intent.key,
                intent.content.as_bytes(),
                intent.asset,
                intent.target,
                amount(intent.asked),
                nanos(intent.at),
                PaymentState::Intended.as_str()
            ],
            |row| row.get(0),
        )
}

fn anew(connection: &Connection, refused: &Payment, intent: &Intent) -> Result<PaymentId, Stop> {
    totals::take(connection, &refused.intent, refused.state, None)?;
    let id = connection
        .prepare_cached(
            "UPDATE payments SET account = ?2, run = ?3, content = ?4, asset = ?5, target = ?6, asked = ?7, asked_at = ?8,
             state = ?9, changed = ?8, reason = NULL WHERE id = ?1 RETURNING id",
        )?
        .query_row(
            params![
                refused.id,
                intent.account.as_str(),
                bits(intent.run),
                intent.content.as_bytes(),
                intent.asset,
                intent.target,
                amount(intent.asked),
                nanos(intent.at),
                PaymentState::Intended.as_str()
            ],
            |row| row.get(0),
        )
        .optional()?;
    id.ok_or_else(|| EntryError::UnknownPayment(refused.id).into())
}
