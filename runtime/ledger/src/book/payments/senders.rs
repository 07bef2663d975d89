//! What the journal knows of an account as a whole: its own time, the highest block, the next nonce, and where its books were
//! last balanced.

use alloy_primitives::U256;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Book, Stop};
use crate::{
    Balanced, EntryError, LedgerError, Sender, SenderRecord,
    sql::{Columns, amount, nanos, timestamp},
};

impl Book {
    /// What the journal knows of a sender; none where it never heard of it.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn sender(&self, sender: Sender) -> Result<Option<SenderRecord>, LedgerError> {
        let found = find(&self.connection, sender)?;
        Ok(found.map(|known| known.record(&self.connection)).transpose()?)
    }

    /// Goes on from this nonce, or from the one after the last that was signed, if that is higher, and forgets the highest
    /// block: the chain as it is now counts. It takes the place of what was adopted before.
    ///
    /// # Errors
    /// [`EntryError::InFlight`], [`EntryError::PaymentsFenced`]; and as [`Book::record`].
    pub fn adopt(&mut self, sender: Sender, next_nonce: u64, at: Timestamp) -> Result<SenderRecord, LedgerError> {
        self.write_payments(|connection| {
            let known = ensure(connection, sender)?;
            match in_flight(connection, known.id)? {
                0 => {}
                count => return Err(EntryError::InFlight(count).into()),
            }
            connection
                .prepare_cached("UPDATE senders SET adopted = ?2, adopted_at = ?3, highest_block = 0 WHERE id = ?1")?
                .execute(params![known.id, next_nonce, nanos(at)])?;
            Ok(ensure(connection, sender)?.record(connection)?)
        })
    }

    /// Where the sender's books were last balanced; none before the first time.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn balanced(&self, sender: Sender) -> Result<Option<Balanced>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT books_block, books_balance FROM senders
             WHERE chain_id = ?1 AND address = ?2 AND books_block IS NOT NULL",
        )?;
        let read =
            |row: &Row<'_>| Ok(Balanced { block: row.get("books_block")?, balance: row.amount("books_balance")? });
        Ok(statement.query_row(params![sender.chain_id, sender.address.as_slice()], read).optional()?)
    }

    /// Notes where the sender's books are balanced from now on.
    ///
    /// # Errors
    /// [`EntryError::PaymentsFenced`]; and as [`Book::record`].
    pub fn balance(&mut self, sender: Sender, balanced: Balanced) -> Result<(), LedgerError> {
        self.write_payments(|connection| {
            let known = ensure(connection, sender)?;
            connection
                .prepare_cached("UPDATE senders SET books_block = ?2, books_balance = ?3 WHERE id = ?1")?
                .execute(params![known.id, balanced.block, amount(balanced.balance)])?;
            Ok(())
        })
    }

    /// What left the sender by its payments in blocks after one and up to another, in the chain's smallest unit: the fees
    /// of all, and the values of those that succeeded.
    ///
    /// # Errors
    /// [`EntryError::Sum`]; [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn outflow(&self, sender: Sender, after_block: u64, up_to_block: u64) -> Result<U256, LedgerError> {
        let Some(known) = find(&self.connection, sender)? else { return Ok(U256::ZERO) };
        let number = |block| i64::try_from(block).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(OUTFLOW)?;
        let read = |row: &Row<'_>| {
            let value = if row.get("included_success")? { row.amount("value")? } else { U256::ZERO };
            Ok((row.amount("fee")?, value))
        };
        let mut sum = U256::ZERO;
        for left in statement.query_map(params![known.id, number(after_block), number(up_to_block)], read)? {
            let (fee, value) = left?;
            let more = sum.checked_add(fee).and_then(|sum| sum.checked_add(value));
            sum = more.ok_or(EntryError::Sum("what left the account"))?;
        }
        Ok(sum)
    }
}

pub(super) const OUTFLOW: &str = "SELECT included_success, value, fee FROM payments
    WHERE sender = ?1 AND included_block > ?2 AND included_block <= ?3";

/// A sender as decisions need it.
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) time: Timestamp,
    pub(super) highest_block: u64,
    pub(super) next_nonce: u64,
    adopted: u64,
}

impl Known {
    fn record(&self, connection: &Connection) -> rusqlite::Result<SenderRecord> {
        Ok(SenderRecord {
            next_nonce: self.next_nonce,
            highest_block: self.highest_block,
            time: self.time,
            in_flight: in_flight(connection, self.id)?,
            overtaken: connection
                .prepare_cached(OVERTAKEN)?
                .query_row(params![self.id, self.adopted], |row| row.get(0))?,
        })
    }
}

pub(super) const FIND: &str = "SELECT id, time, highest_block, adopted, signed FROM senders
    WHERE chain_id = ?1 AND address = ?2";

pub(super) fn find(connection: &Connection, sender: Sender) -> rusqlite::Result<Option<Known>> {
    let read = |row: &Row<'_>| {
        let after_last = row.get::<_, Option<u64>>("signed")?.map_or(0, |signed| signed.saturating_add(1));
        Ok(Known {
            id: row.get("id")?,
            time: row.time("time")?,
            highest_block: row.get("highest_block")?,
            next_nonce: after_last.max(row.get("adopted")?),
            adopted: row.get("adopted")?,
        })
    };
    connection.prepare_cached(FIND)?.query_row(params![sender.chain_id, sender.address.as_slice()], read).optional()
}

/// A sender, new if need be.
pub(super) fn ensure(connection: &Connection, sender: Sender) -> rusqlite::Result<Known> {
    if let Some(known) = find(connection, sender)? {
        return Ok(known);
    }
    let id = connection
        .prepare_cached("INSERT INTO senders (chain_id, address) VALUES (?1, ?2) RETURNING id")?
        .query_row(params![sender.chain_id, sender.address.as_slice()], |row| row.get(0))?;
    Ok(Known { id, time: Timestamp::UNIX_EPOCH, highest_block: 0, next_nonce: 0, adopted: 0 })
}

pub(super) const IN_FLIGHT: &str = "SELECT count(*) FROM payments WHERE sender = ?1
    AND state IN ('reserved', 'signed', 'broadcast', 'included')";

pub(super) const OVERTAKEN: &str =
    "SELECT count(*) FROM payments WHERE sender = ?1 AND state = 'abandoned' AND nonce >= ?2";

fn in_flight(connection: &Connection, sender: i64) -> rusqlite::Result<u64> {
    connection.prepare_cached(IN_FLIGHT)?.query_row([sender], |row| row.get(0))
}

pub(super) const HEAR: &str = "UPDATE senders SET time = max(time, ?2) WHERE id = ?1 RETURNING time";

/// The journal's own time, now that a clock says `now`.
pub(super) fn hear(connection: &Connection, sender: i64, now: Timestamp) -> Result<Timestamp, Stop> {
    let time = connection.prepare_cached(HEAR)?.query_row(params![sender, nanos(now)], |row| row.get(0))?;
    Ok(timestamp(time)?)
}

pub(super) const SEE: &str = "UPDATE senders SET highest_block = max(highest_block, ?2) WHERE id = ?1";

/// A block that was seen.
pub(super) fn see(connection: &Connection, sender: i64, block: u64) -> rusqlite::Result<()> {
    connection.prepare_cached(SEE)?.execute(params![sender, block]).map(drop)
}

pub(super) const NEXT: &str = "UPDATE senders SET reservations = reservations + 1 WHERE id = ?1 RETURNING reservations";

/// The number of the sender's next reservation.
pub(super) fn next_reservation(connection: &Connection, sender: i64) -> rusqlite::Result<i64> {
    connection.prepare_cached(NEXT)?.query_row([sender], |row| row.get(0))
}

/// A nonce that is used from now on.
pub(super) fn signed(connection: &Connection, sender: i64, nonce: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE senders SET signed = max(coalesce(signed, ?2), ?2) WHERE id = ?1")?
        .execute(params![sender, nonce])
        .map(drop)
}
