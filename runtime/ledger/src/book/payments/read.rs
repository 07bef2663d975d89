//! Questions about payments. Signed bytes leave by [`Book::payment_transactions`] alone.

use alloy_primitives::Bytes;
use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row, params, params_from_iter, types::Value};
use watchkeeper_model::{Digest, JobName};

use super::{Book, Stop, senders};
use crate::{
    EntryError, Inclusion, Intent, LedgerError, Payment, PaymentFilter, PaymentId, Reserved, Sender, SignedTransaction,
    sql::{Columns, bits, rows},
};

impl Book {
    /// A payment; none where no such is recorded.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn payment(&self, id: PaymentId) -> Result<Option<Payment>, LedgerError> {
        Ok(by_id(&self.connection, id)?)
    }

    /// The payment that a job asked by this key.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn payment_by_key(&self, sender: Sender, job: &JobName, key: &str) -> Result<Option<Payment>, LedgerError> {
        Ok(by_key(&self.connection, sender, job, key)?)
    }

    /// Payments, the newest first.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn payments(&self, filter: &PaymentFilter) -> Result<Vec<Payment>, LedgerError> {
        let (condition, values) = conditions(filter);
        collect(select(&self.connection, &condition)?, params_from_iter(values))
    }

    /// All payments of a sender that have no end yet, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn open_payments(&self, sender: Sender) -> Result<Vec<Payment>, LedgerError> {
        match senders::find(&self.connection, sender)? {
            Some(sender) => collect(select(&self.connection, OPEN)?, [sender.id]),
            None => Ok(Vec::new()),
        }
    }

    /// What was signed for a payment, in order. The bytes are money: only endpoints may see them.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn payment_transactions(&self, id: PaymentId) -> Result<Vec<SignedTransaction>, LedgerError> {
        let Ok(id) = i64::try_from(id) else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(
            "SELECT payment_transactions.*, nonce FROM payment_transactions JOIN payments ON payments.id = payment
             WHERE payment = ?1 ORDER BY number",
        )?;
        let found = statement.query_map([id], read_transaction)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

pub(super) const BY_ID: &str = "WHERE payments.id = ?1";
pub(super) const BY_KEY: &str = "WHERE payments.sender = ?1 AND job = ?2 AND key = ?3";
pub(super) const OPEN: &str = "WHERE payments.sender = ?1
    AND state IN ('intended', 'reserved', 'signed', 'broadcast', 'included') ORDER BY payments.id";

fn by_id(connection: &Connection, id: PaymentId) -> rusqlite::Result<Option<Payment>> {
    let Ok(id) = i64::try_from(id) else { return Ok(None) };
    select(connection, BY_ID)?.query_row([id], read).optional()
}

/// A payment that must be there.
pub(super) fn known(connection: &Connection, id: PaymentId) -> Result<Payment, Stop> {
    by_id(connection, id)?.ok_or_else(|| EntryError::UnknownPayment(id).into())
}

pub(super) fn by_key(
    connection: &Connection,
    sender: Sender,
    job: &JobName,
    key: &str,
) -> rusqlite::Result<Option<Payment>> {
    let Some(sender) = senders::find(connection, sender)? else { return Ok(None) };
    select(connection, BY_KEY)?.query_row(params![sender.id, job.as_str(), key], read).optional()
}

/// What follows `FROM`, and the values of its places.
pub(super) fn conditions(filter: &PaymentFilter) -> (String, Vec<Value>) {
    let before = filter.before.map(|before| i64::try_from(before).unwrap_or(i64::MAX));
    let given: [(_, Option<Value>); 5] = [
        ("account = ?", filter.account.as_ref().map(|account| account.to_string().into())),
        ("job = ?", filter.job.as_ref().map(|job| job.to_string().into())),
        ("run = ?", filter.run.map(|run| bits(run).to_vec().into())),
        ("state = ?", filter.state.map(|state| state.to_string().into())),
        ("payments.id < ?", before.map(Value::from)),
    ];
    let (conditions, mut values): (Vec<_>, Vec<_>) =
        given.into_iter().filter_map(|(condition, value)| Some((condition, value?))).unzip();
    values.push(rows(filter.limit).into());
    let conditions = if conditions.is_empty() { "1".to_owned() } else { conditions.join(" AND ") };
    (format!("WHERE {conditions} ORDER BY payments.id DESC LIMIT ?"), values)
}

pub(super) fn query(condition: &str) -> String {
    format!(
        "SELECT payments.*, chain_id, address FROM payments JOIN senders ON senders.id = payments.sender {condition}"
    )
}

fn select<'a>(connection: &'a Connection, condition: &str) -> rusqlite::Result<CachedStatement<'a>> {
    connection.prepare_cached(&query(condition))
}

fn collect(mut statement: CachedStatement<'_>, values: impl Params) -> Result<Vec<Payment>, LedgerError> {
    Ok(statement.query_map(values, read)?.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Payment> {
    let noted = |since| Ok::<_, rusqlite::Error>((since, row.get("undecided")?));
    Ok(Payment {
        id: row.get("id")?,
        intent: Intent {
            account: row.word("account")?,
            sender: Sender { chain_id: row.get("chain_id")?, address: row.address("address")? },
            job: row.word("job")?,
            run: row.run("run")?,
            key: row.get("key")?,
            content: Digest::new(row.get("content")?),
            asset: row.get("asset")?,
            target: row.get("target")?,
            asked: row.amount("asked")?,
            at: row.time("asked_at")?,
        },
        state: row.word("state")?,
        changed: row.time("changed")?,
        reason: row.get("reason")?,
        undecided: row.time_if_any("undecided_at")?.map(noted).transpose()?,
        reserved: row.time_if_any("reserved_at")?.map(|at| read_reserved(row, at)).transpose()?,
        nonce: row.get("nonce")?,
        included: row.hash_if_any("included_hash")?.map(|hash| read_inclusion(row, hash)).transpose()?,
        transactions: row.get("transactions")?,
        hash: row.hash_if_any("hash")?,
    })
}

fn read_reserved(row: &Row<'_>, at: Timestamp) -> rusqlite::Result<Reserved> {
    Ok(Reserved {
        at,
        to: row.address("recipient")?,
        value: row.amount("value")?,
        data: Bytes::from(row.get::<_, Vec<u8>>("data")?),
        amount: row.amount("amount")?,
        max_fee: row.amount("max_fee")?,
        block: row.get("block")?,
        reason: row.get("basis")?,
    })
}

fn read_inclusion(row: &Row<'_>, hash: alloy_primitives::B256) -> rusqlite::Result<Inclusion> {
    Ok(Inclusion {
        hash,
        block_number: row.get("included_block")?,
        block_hash: row.hash("included_block_hash")?,
        success: row.get("included_success")?,
        fee: row.amount("fee")?,
    })
}

fn read_transaction(row: &Row<'_>) -> rusqlite::Result<SignedTransaction> {
    Ok(SignedTransaction {
        nonce: row.get("nonce")?,
        hash: row.hash("hash")?,
        raw: Bytes::from(row.get::<_, Vec<u8>>("raw")?),
        max_fee_per_gas: row.amount("max_fee_per_gas")?,
        priority_fee_per_gas: row.amount("priority_fee_per_gas")?,
        gas_limit: row.get("gas_limit")?,
        at: row.time("signed_at")?,
    })
}
