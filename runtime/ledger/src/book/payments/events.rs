//! What happens to a payment after it was reserved, as one table: which event a state allows, and where it leads.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use watchkeeper_model::PaymentState;

use super::{Book, Stop, read, sign, totals, windows};
use crate::{
    EntryError, Inclusion, LedgerError, Payment, PaymentEvent, PaymentId, limits,
    sql::{amount, nanos},
};

impl Book {
    /// Notes what happened to a payment. What leads where the payment is already changes nothing; what its state doesn't
    /// allow is refused, and changes nothing either.
    ///
    /// # Errors
    /// [`EntryError::UnknownPayment`], [`EntryError::PaymentState`], [`EntryError::UnknownTransaction`],
    /// [`EntryError::PaymentsFenced`]; and as [`Book::record`].
    pub fn payment_event(
        &mut self,
        id: PaymentId,
        event: &PaymentEvent,
        at: Timestamp,
    ) -> Result<Payment, LedgerError> {
        self.write_payments(|connection| write(connection, id, event, at))
    }
}

/// What an event does.
enum Step {
    /// It leads to this state.
    To(PaymentState),
    /// The state stays, what is known of it changes.
    Stay,
    /// It is known already.
    Known,
}

/// The whole machine; none where a state doesn't allow an event.
fn step(payment: &Payment, event: &PaymentEvent) -> Option<Step> {
    use PaymentState::{Abandoned, Broadcast, Confirmed, Included, Intended, Refused, Reserved, Reverted, Signed};
    Some(match (event, payment.state) {
        (PaymentEvent::Refused { .. }, Intended | Reserved) => Step::To(Refused),
        (PaymentEvent::Refused { .. }, Refused) => Step::Known,

        (PaymentEvent::Broadcast, Signed) => Step::To(Broadcast),
        (PaymentEvent::Broadcast, Broadcast | Included | Confirmed | Reverted | Abandoned) => Step::Known,

        (PaymentEvent::Included(_), Signed | Broadcast) => Step::To(Included),
        (PaymentEvent::Included(found), Included) if payment.included == Some(*found) => Step::Known,
        (PaymentEvent::Included(_), Included) => Step::Stay,

        (PaymentEvent::Uncovered, Included) => Step::To(Broadcast),
        (PaymentEvent::Uncovered, Broadcast) => Step::Known,

        (PaymentEvent::Settled { .. }, Included) => {
            let success = payment.included.is_some_and(|inclusion| inclusion.success);
            Step::To(if success { Confirmed } else { Reverted })
        }
        (PaymentEvent::Settled { .. }, Confirmed | Reverted) => Step::Known,

        (PaymentEvent::Abandoned { .. }, Signed | Broadcast) => Step::To(Abandoned),
        (PaymentEvent::Abandoned { .. }, Abandoned) => Step::Known,

        (PaymentEvent::Undecided(why), _) if payment.undecided.as_ref().map(|(_, why)| why) == why.as_ref() => {
            Step::Known
        }
        (PaymentEvent::Undecided(_), state) if !state.is_final() => Step::Stay,

        _ => return None,
    })
}

fn write(connection: &Connection, id: PaymentId, event: &PaymentEvent, at: Timestamp) -> Result<Payment, Stop> {
    let payment = read::known(connection, id)?;
    let to = match step(&payment, event) {
        None => {
            return Err(EntryError::PaymentState { payment: id, state: payment.state, change: event.as_str() }.into());
        }
        Some(Step::Known) => return Ok(payment),
        Some(Step::Stay) => payment.state,
        Some(Step::To(state)) => state,
    };
    match event {
        PaymentEvent::Undecided(why) => undecided(connection, &payment, why.as_deref(), at)?,
        PaymentEvent::Included(inclusion) => included(connection, &payment, inclusion, at)?,
        PaymentEvent::Broadcast => moved(connection, id, to, at)?,
        PaymentEvent::Uncovered => uncovered(connection, id, at)?,
        PaymentEvent::Refused { reason } => {
            windows::give_back(connection, &payment)?;
            refused(connection, id, reason, at)?;
        }
        PaymentEvent::Settled { reason } => {
            let reason = reason.as_deref().filter(|_| to == PaymentState::Reverted);
            if to == PaymentState::Reverted {
                windows::give_back(connection, &payment)?;
            }
            ended(connection, id, to, reason, at)?;
        }
        PaymentEvent::Abandoned { reason } => {
            windows::give_back(connection, &payment)?;
            ended(connection, id, to, Some(reason), at)?;
        }
    }
    if to != payment.state {
        count(connection, &payment, to)?;
    }
    read::known(connection, id)
}

/// Counts a payment where it stands now and no more where it stood.
pub(super) fn count(connection: &Connection, payment: &Payment, to: PaymentState) -> Result<(), Stop> {
    let reserved = payment.reserved.as_ref().map(|reserved| reserved.amount);
    totals::take(connection, &payment.intent, payment.state, reserved)?;
    totals::add(connection, &payment.intent, to, reserved.filter(|_| to != PaymentState::Refused))
}

fn moved(connection: &Connection, id: PaymentId, to: PaymentState, at: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE payments SET state = ?2, changed = ?3 WHERE id = ?1")?
        .execute(params![id, to.as_str(), nanos(at)])
        .map(drop)
}

fn refused(connection: &Connection, id: PaymentId, reason: &str, at: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE payments SET state = ?2, changed = ?3, reason = ?4, undecided_at = NULL, undecided = NULL,
             reservation = NULL, reserved_at = NULL, recipient = NULL, value = NULL, data = NULL, amount = NULL,
             max_fee = NULL, block = NULL, basis = NULL, total = NULL, job_total = NULL WHERE id = ?1",
        )?
        .execute(params![id, PaymentState::Refused.as_str(), nanos(at), limits::cut(reason)])
        .map(drop)
}

fn included(connection: &Connection, payment: &Payment, inclusion: &Inclusion, at: Timestamp) -> Result<(), Stop> {
    if sign::owner(connection, inclusion.hash)? != Some(payment.id) {
        return Err(EntryError::UnknownTransaction { payment: payment.id, hash: inclusion.hash }.into());
    }
    // In another block, it is included since it first was.
    let changed = if payment.state == PaymentState::Included { payment.changed } else { at };
    connection
        .prepare_cached(
            "UPDATE payments SET state = ?2, changed = ?3, included_hash = ?4, included_block = ?5,
             included_block_hash = ?6, included_success = ?7, fee = ?8, undecided_at = NULL, undecided = NULL WHERE id = ?1",
        )?
        .execute(params![
            payment.id,
            PaymentState::Included.as_str(),
            nanos(changed),
            inclusion.hash.as_slice(),
            inclusion.block_number,
            inclusion.block_hash.as_slice(),
            inclusion.success,
            amount(inclusion.fee)
        ])?;
    Ok(())
}

fn uncovered(connection: &Connection, id: PaymentId, at: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE payments SET state = ?2, changed = ?3, included_hash = NULL, included_block = NULL,
             included_block_hash = NULL, included_success = NULL, fee = NULL WHERE id = ?1",
        )?
        .execute(params![id, PaymentState::Broadcast.as_str(), nanos(at)])
        .map(drop)
}

fn ended(
    connection: &Connection,
    id: PaymentId,
    to: PaymentState,
    reason: Option<&str>,
    at: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE payments SET state = ?2, changed = ?3, reason = ?4, undecided_at = NULL, undecided = NULL WHERE id = ?1",
        )?
        .execute(params![id, to.as_str(), nanos(at), reason.map(limits::cut)])
        .map(drop)
}

/// A further reason keeps the time of the first.
fn undecided(connection: &Connection, payment: &Payment, why: Option<&str>, at: Timestamp) -> rusqlite::Result<()> {
    let since = payment.undecided.as_ref().map_or(at, |(since, _)| *since);
    connection
        .prepare_cached("UPDATE payments SET undecided_at = ?2, undecided = ?3 WHERE id = ?1")?
        .execute(params![payment.id, why.map(|_| nanos(since)), why.map(limits::cut)])
        .map(drop)
}
