//! Signed transactions: kept before anybody sees them. A nonce belongs to one payment, and follows on the last.

use alloy_primitives::B256;
use rusqlite::{Connection, OptionalExtension, params};
use watchkeeper_model::PaymentState;

use super::{Book, Stop, events, read, senders, stop};
use crate::{
    EntryError, LedgerError, Payment, PaymentId, SignedTransaction,
    sql::{amount, nanos},
};

impl Book {
    /// Keeps a transaction that was signed for a payment. The first makes a reserved payment signed, and must have the
    /// sender's next nonce; while payments are stopped it is refused. A further one, of the same nonce, replaces the one
    /// before and leaves the state as it is. The same again changes nothing.
    ///
    /// # Errors
    /// [`EntryError::UnknownPayment`], [`EntryError::PaymentState`], [`EntryError::NotNextNonce`],
    /// [`EntryError::OtherNonce`], [`EntryError::KnownTransaction`], [`EntryError::PaymentsStopped`],
    /// [`EntryError::PaymentsFenced`]; and as [`Book::record`].
    pub fn sign(&mut self, id: PaymentId, transaction: &SignedTransaction) -> Result<Payment, LedgerError> {
        self.write_payments(|connection| write(connection, id, transaction))
    }
}

fn write(connection: &Connection, id: PaymentId, transaction: &SignedTransaction) -> Result<Payment, Stop> {
    let payment = read::known(connection, id)?;
    match owner(connection, transaction.hash)? {
        Some(owner) if owner == id => return Ok(payment),
        Some(owner) => return Err(EntryError::KnownTransaction { hash: transaction.hash, payment: owner }.into()),
        None => {}
    }
    match (payment.state, payment.nonce) {
        (PaymentState::Reserved, _) => first(connection, &payment, transaction)?,
        (PaymentState::Signed | PaymentState::Broadcast, Some(own)) if own == transaction.nonce => {}
        (PaymentState::Signed | PaymentState::Broadcast, Some(own)) => {
            return Err(EntryError::OtherNonce { payment: id, own, nonce: transaction.nonce }.into());
        }
        (state, _) => return Err(EntryError::PaymentState { payment: id, state, change: "signed" }.into()),
    }
    let number = insert(connection, &payment, transaction)?;
    connection.prepare_cached("UPDATE payments SET hash = ?2, transactions = ?3 WHERE id = ?1")?.execute(params![
        id,
        transaction.hash.as_slice(),
        number
    ])?;
    read::known(connection, id)
}

pub(super) const OWNER: &str = "SELECT payment FROM payment_transactions WHERE hash = ?1";

/// Whose transaction this is.
pub(super) fn owner(connection: &Connection, hash: B256) -> rusqlite::Result<Option<PaymentId>> {
    connection.prepare_cached(OWNER)?.query_row([hash.as_slice()], |row| row.get(0)).optional()
}

fn first(connection: &Connection, payment: &Payment, transaction: &SignedTransaction) -> Result<(), Stop> {
    if let Some(stop) = stop::read(connection)? {
        return Err(EntryError::PaymentsStopped { payment: payment.id, by: stop.by, note: stop.note }.into());
    }
    let sender = senders::ensure(connection, payment.intent.sender)?;
    let (nonce, next) = (transaction.nonce, sender.next_nonce);
    if nonce != next {
        return Err(EntryError::NotNextNonce { payment: payment.id, nonce, next }.into());
    }
    senders::signed(connection, sender.id, nonce)?;
    connection
        .prepare_cached(
            "UPDATE payments SET state = ?2, changed = ?3, nonce = ?4, hash = ?5, transactions = 1 WHERE id = ?1",
        )?
        .execute(params![
            payment.id,
            PaymentState::Signed.as_str(),
            nanos(transaction.at),
            nonce,
            transaction.hash.as_slice()
        ])?;
    events::count(connection, payment, PaymentState::Signed)
}

/// Returns the transaction's number among the payment's.
fn insert(connection: &Connection, payment: &Payment, transaction: &SignedTransaction) -> rusqlite::Result<u32> {
    let number = payment.transactions.saturating_add(1);
    connection
        .prepare_cached(
            "INSERT INTO payment_transactions (payment, number, hash, raw, max_fee_per_gas, priority_fee_per_gas, gas_limit,
                                               signed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            payment.id,
            number,
            transaction.hash.as_slice(),
            &transaction.raw[..],
            amount(transaction.max_fee_per_gas),
            amount(transaction.priority_fee_per_gas),
            transaction.gas_limit,
            nanos(transaction.at)
        ])?;
    Ok(number)
}
