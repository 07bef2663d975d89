//! The API's words as they look in a table.

use watchkeeper_model::{LogLevel, Outcome, PaymentState};
use watchkeeper_web::api::{JobState, RunTrigger};

use super::{Cell, Tone, time};

pub(crate) fn of_state(state: JobState) -> Cell {
    match state {
        JobState::Broken => Cell::new("broken", Tone::Bad),
        JobState::Failing => Cell::new("failing", Tone::Bad),
        JobState::Paused => Cell::new("paused", Tone::Odd),
        JobState::Running => Cell::new("running", Tone::Busy),
        JobState::Waiting => Cell::new("waiting", Tone::Quiet),
        JobState::Ok => Cell::new("ok", Tone::Good),
    }
}

/// How a run ended; none while it goes.
pub(crate) fn of_outcome(outcome: Option<Outcome>) -> Cell {
    let Some(outcome) = outcome else { return Cell::new("running", Tone::Busy) };
    let tone = match outcome {
        Outcome::Success => Tone::Good,
        Outcome::Cancelled => Tone::Quiet,
        Outcome::InvalidConfig
        | Outcome::Unavailable
        | Outcome::Denied
        | Outcome::Indeterminate
        | Outcome::Failed
        | Outcome::Timeout
        | Outcome::Trap
        | Outcome::Limit
        | Outcome::Lost => Tone::Bad,
    };
    Cell::new(outcome.as_str(), tone)
}

/// Where a payment stands, and that its fate can't be told where that is so.
pub(crate) fn of_payment(state: PaymentState, undecided: bool) -> Cell {
    let tone = match state {
        PaymentState::Confirmed => Tone::Good,
        PaymentState::Reverted | PaymentState::Abandoned => Tone::Bad,
        PaymentState::Intended | PaymentState::Refused => Tone::Quiet,
        PaymentState::Reserved | PaymentState::Signed | PaymentState::Broadcast | PaymentState::Included => Tone::Busy,
    };
    if undecided { Cell::new(format!("{state}, undecided"), Tone::Odd) } else { Cell::new(state.as_str(), tone) }
}

pub(crate) fn of_level(level: LogLevel) -> Cell {
    match level {
        LogLevel::Trace => Cell::new("TRACE", Tone::Quiet),
        LogLevel::Debug => Cell::new("DEBUG", Tone::Quiet),
        LogLevel::Info => Cell::new("INFO", Tone::Good),
        LogLevel::Warn => Cell::new("WARN", Tone::Odd),
        LogLevel::Error => Cell::new("ERROR", Tone::Bad),
    }
}

pub(crate) fn trigger(trigger: &RunTrigger) -> String {
    match trigger {
        RunTrigger::Schedule { nominal } => format!("due {}", time(*nominal)),
        RunTrigger::Manual { by } => format!("asked by {by}"),
        RunTrigger::Probe { target } => format!("probe of {target}"),
        RunTrigger::Head { chain, number, .. } => format!("head {number} of {chain}"),
    }
}
