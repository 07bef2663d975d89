//! The API's words as they look in a table.

use watchkeeper_model::{LogLevel, Outcome, PaymentState};
use watchkeeper_web::api::{JobState, ProgressInfo, ProgressUnit, RunTrigger};

use super::{Cell, Tone, bytes, time};

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

/// How far a run is: `storing main: 1.2 GiB of 3.4 GiB (35%), 85.0 MiB/s`, `tables: 3 of 12 (25%)`.
pub(crate) fn progress(progress: &ProgressInfo) -> String {
    let &ProgressInfo { ref stage, done, total, unit, rate_per_second, percent } = progress;
    let figure = |count: u64| match unit {
        Some(ProgressUnit::Bytes) => bytes(Some(count)),
        None => count.to_string(),
    };
    let mut words = if stage.is_empty() { String::new() } else { format!("{stage}: ") };
    words.push_str(&figure(done));
    if let Some(total) = total {
        words.push_str(&format!(" of {}", figure(total)));
    }
    if let Some(percent) = percent {
        words.push_str(&format!(" ({:.0}%)", percent.floor()));
    }
    if let (Some(rate), Some(ProgressUnit::Bytes)) = (rate_per_second, unit) {
        // A rate isn't negative, and what it has behind the point is below a byte.
        words.push_str(&format!(", {}/s", bytes(Some(rate as u64))));
    }
    words
}
