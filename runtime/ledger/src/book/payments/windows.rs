//! What is spent over a window. Each reservation carries what its sender had reserved in its asset up to then, so a sum is
//! the difference of two rows, however long the journal is. Times are the journal's own, which never go back: reservations
//! in the order of their numbers are in the order of their times.

use alloy_primitives::U256;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params, types::Type};
use watchkeeper_model::{JobName, Window};

use super::{Book, Stop, senders};
use crate::{
    Barred, EntryError, Intent, LedgerError, Payment, Reservation, Sender, Spent,
    sql::{amount, nanos, unreadable},
};

impl Book {
    /// What the sender has spent and reserved in an asset, at `now` or the journal's own time if that is later; with a job
    /// only what was for it. A reservation counts for less than 24 hours or 7 days: exactly as old, it doesn't any more.
    ///
    /// # Errors
    /// [`LedgerError::Busy`] or [`LedgerError::Unavailable`].
    pub fn spent(
        &self,
        sender: Sender,
        asset: &str,
        job: Option<&JobName>,
        now: Timestamp,
    ) -> Result<Spent, LedgerError> {
        let snapshot = self.connection.unchecked_transaction()?;
        let Some(sender) = senders::find(&snapshot, sender)? else { return Ok(Spent::default()) };
        let of = Of { sender: sender.id, asset, job };
        let time = now.max(sender.time);
        let over = |window| spent(&snapshot, of, window, time);
        Ok(Spent { day: over(Window::Day)?, week: over(Window::Week)?, lifetime: over(Window::Lifetime)? })
    }
}

/// Which reservations are summed.
#[derive(Clone, Copy)]
struct Of<'a> {
    sender: i64,
    asset: &'a str,
    job: Option<&'a JobName>,
}

impl<'a> Of<'a> {
    fn all(sender: i64, intent: &'a Intent) -> Self {
        Self { sender, asset: &intent.asset, job: None }
    }

    fn job(sender: i64, intent: &'a Intent) -> Self {
        Self { job: Some(&intent.job), ..Self::all(sender, intent) }
    }
}

/// The first cap that has no room for a reservation.
pub(super) fn over_cap(
    connection: &Connection,
    sender: i64,
    intent: &Intent,
    time: Timestamp,
    reservation: &Reservation,
) -> rusqlite::Result<Option<Barred>> {
    for cap in &reservation.caps {
        let of = if cap.of_job { Of::job(sender, intent) } else { Of::all(sender, intent) };
        let left = cap.limit.saturating_sub(spent(connection, of, cap.window, time)?);
        if cap.limit.is_zero() || reservation.amount > left {
            return Ok(Some(Barred::OverCap { of_job: cap.of_job, window: cap.window, left, limit: cap.limit }));
        }
    }
    Ok(None)
}

fn spent(connection: &Connection, of: Of<'_>, window: Window, time: Timestamp) -> rusqlite::Result<U256> {
    let before = match window {
        Window::Payment => return Ok(U256::ZERO),
        Window::Day => Some(SignedDuration::from_hours(24)),
        Window::Week => Some(SignedDuration::from_hours(7 * 24)),
        Window::Lifetime => None,
    };
    let all = total(connection, of, None)?;
    match before {
        Some(length) => {
            let until = time.checked_sub(length).unwrap_or(Timestamp::MIN);
            less(all, total(connection, of, Some(until))?)
        }
        None => Ok(all),
    }
}

pub(super) const TOTAL: &str = "SELECT total FROM payments WHERE sender = ?1 AND asset = ?2
    AND reservation IS NOT NULL AND reserved_at <= ?3 ORDER BY reserved_at DESC, reservation DESC LIMIT 1";
pub(super) const JOB_TOTAL: &str = "SELECT job_total FROM payments WHERE sender = ?1 AND asset = ?2 AND job = ?4
    AND reservation IS NOT NULL AND reserved_at <= ?3 ORDER BY reserved_at DESC, reservation DESC LIMIT 1";

/// All that was reserved up to a time, that included, and not given back.
fn total(connection: &Connection, of: Of<'_>, until: Option<Timestamp>) -> rusqlite::Result<U256> {
    let until = until.map_or(i64::MAX, nanos);
    let read = |row: &rusqlite::Row<'_>| row.get::<_, [u8; 32]>(0);
    let found = match of.job {
        None => connection.prepare_cached(TOTAL)?.query_row(params![of.sender, of.asset, until], read),
        Some(job) => {
            connection.prepare_cached(JOB_TOTAL)?.query_row(params![of.sender, of.asset, until, job.as_str()], read)
        }
    };
    Ok(found.optional()?.map_or(U256::ZERO, U256::from_be_bytes))
}

/// The running totals of the next reservation: the sender's in the asset, and of that the job's.
pub(super) fn next_totals(
    connection: &Connection,
    sender: i64,
    intent: &Intent,
    added: U256,
) -> Result<(U256, U256), Stop> {
    let more = |of| {
        let sum = total(connection, of, None)?.checked_add(added);
        sum.ok_or(Stop::Refused(EntryError::Sum("what is reserved")))
    };
    Ok((more(Of::all(sender, intent))?, more(Of::job(sender, intent))?))
}

pub(super) const SINCE: &str = "SELECT id, total, job_total, job = ?3 FROM payments WHERE sender = ?1 AND asset = ?2
    AND reservation IS NOT NULL
    AND (reserved_at, reservation) >= (SELECT reserved_at, reservation FROM payments WHERE id = ?4)";

/// Takes a payment's reservation out of its running totals and those after it. There are few: what is given back is mostly
/// what was reserved last.
pub(super) fn give_back(connection: &Connection, payment: &Payment) -> Result<(), Stop> {
    let Some(reserved) = &payment.reserved else { return Ok(()) };
    let intent = &payment.intent;
    let sender = senders::ensure(connection, intent.sender)?;
    let mut since = connection.prepare_cached(SINCE)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let found = since
        .query_map(params![sender.id, intent.asset, intent.job.as_str(), payment.id], read)?
        .collect::<rusqlite::Result<Vec<(i64, [u8; 32], [u8; 32], bool)>>>()?;
    let mut update = connection.prepare_cached("UPDATE payments SET total = ?2, job_total = ?3 WHERE id = ?1")?;
    for (id, total, job_total, of_job) in found {
        let total = less(U256::from_be_bytes(total), reserved.amount)?;
        let back = if of_job { reserved.amount } else { U256::ZERO };
        let job_total = less(U256::from_be_bytes(job_total), back)?;
        update.execute(params![id, amount(total), amount(job_total)])?;
    }
    Ok(())
}

/// The rows contradict each other: somebody else wrote them.
#[derive(Debug, thiserror::Error)]
#[error("the journal's running totals contradict each other\nhint: restore the ledger from a backup")]
struct Contradiction;

/// A difference that can't be below zero.
pub(super) fn less(from: U256, what: U256) -> rusqlite::Result<U256> {
    from.checked_sub(what).ok_or_else(|| unreadable(Type::Blob, Contradiction))
}
