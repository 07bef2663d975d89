//! The last gate before a signature: what is reserved counts against every cap from the same transaction on in which the
//! caps were looked at.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use watchkeeper_model::PaymentState;

use super::{Book, Stop, read, senders, stop, totals, windows};
use crate::{
    Barred, LedgerError, Payment, PaymentId, Reservation, limits,
    sql::{Columns, amount, nanos},
};

impl Book {
    /// Reserves for an intended payment, or says what bars it: the stop, its state, another payment to its target in
    /// flight, the time since the last one, an old block, a cap; the first of these that does. What is learned on the way,
    /// the sender's time and its highest block, is kept also where one of the last three bars it.
    ///
    /// # Errors
    /// [`crate::EntryError::UnknownPayment`], [`crate::EntryError::Sum`], [`crate::EntryError::PaymentsFenced`]; and as
    /// [`Book::record`].
    pub fn reserve(
        &mut self,
        id: PaymentId,
        reservation: &Reservation,
    ) -> Result<Result<Payment, Barred>, LedgerError> {
        self.write_payments(|connection| decide(connection, id, reservation))
    }
}

fn decide(connection: &Connection, id: PaymentId, reservation: &Reservation) -> Result<Result<Payment, Barred>, Stop> {
    let payment = read::known(connection, id)?;
    if let Some(stop) = stop::read(connection)? {
        return Ok(Err(Barred::Stopped { by: stop.by, note: stop.note }));
    }
    if payment.state != PaymentState::Intended {
        return Ok(Err(Barred::NotIntended(payment.state)));
    }
    let sender = senders::ensure(connection, payment.intent.sender)?;
    if let Some((other, state)) = in_flight(connection, sender.id, &payment.intent.target)? {
        return Ok(Err(Barred::InFlight { other, state }));
    }
    let time = senders::hear(connection, sender.id, reservation.now)?;
    if let Some(last) = last_held(connection, sender.id, &payment.intent.target)? {
        let next = last.checked_add(reservation.min_interval).unwrap_or(Timestamp::MAX);
        if time < next {
            return Ok(Err(Barred::TooSoon { last, next }));
        }
    }
    if reservation.block < sender.highest_block {
        return Ok(Err(Barred::OldBlock { block: reservation.block, seen: sender.highest_block }));
    }
    senders::see(connection, sender.id, reservation.block)?;
    if let Some(barred) = windows::over_cap(connection, sender.id, &payment.intent, time, reservation)? {
        return Ok(Err(barred));
    }
    write(connection, &payment, sender.id, time, reservation)?;
    Ok(Ok(read::known(connection, id)?))
}

pub(super) const IN_FLIGHT: &str = "SELECT id, state FROM payments WHERE sender = ?1 AND target = ?2
    AND state IN ('reserved', 'signed', 'broadcast', 'included')";

fn in_flight(
    connection: &Connection,
    sender: i64,
    target: &str,
) -> rusqlite::Result<Option<(PaymentId, PaymentState)>> {
    connection
        .prepare_cached(IN_FLIGHT)?
        .query_row(params![sender, target], |row| Ok((row.get("id")?, row.word("state")?)))
        .optional()
}

pub(super) const LAST_HELD: &str = "SELECT reserved_at FROM payments WHERE sender = ?1 AND target = ?2
    AND state IN ('reserved', 'signed', 'broadcast', 'included', 'confirmed') ORDER BY reservation DESC LIMIT 1";

/// When the last reservation for the target was made that wasn't given back.
fn last_held(connection: &Connection, sender: i64, target: &str) -> rusqlite::Result<Option<Timestamp>> {
    connection.prepare_cached(LAST_HELD)?.query_row(params![sender, target], |row| row.time("reserved_at")).optional()
}

pub(super) const WRITE: &str = "UPDATE payments
    SET state = ?2, changed = ?3, reservation = ?4, reserved_at = ?3, recipient = ?5, value = ?6, data = ?7, amount = ?8,
        max_fee = ?9, block = ?10, basis = ?11, total = ?12, job_total = ?13
    WHERE id = ?1";

fn write(
    connection: &Connection,
    payment: &Payment,
    sender: i64,
    time: Timestamp,
    reservation: &Reservation,
) -> Result<(), Stop> {
    let (total, job_total) = windows::next_totals(connection, sender, &payment.intent, reservation.amount)?;
    let number = senders::next_reservation(connection, sender)?;
    connection.prepare_cached(WRITE)?.execute(params![
        payment.id,
        PaymentState::Reserved.as_str(),
        nanos(time),
        number,
        reservation.to.as_slice(),
        amount(reservation.value),
        &reservation.data[..],
        amount(reservation.amount),
        amount(reservation.max_fee),
        reservation.block,
        limits::cut(&reservation.reason),
        amount(total),
        amount(job_total)
    ])?;
    totals::take(connection, &payment.intent, PaymentState::Intended, None)?;
    totals::add(connection, &payment.intent, PaymentState::Reserved, Some(reservation.amount))
}
