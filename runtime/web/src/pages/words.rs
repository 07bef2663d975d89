//! What states, outcomes and reasons are called on the pages, and how they look. The words are those of the API, the metrics
//! and the ledger, with spaces.

use watchkeeper_model::{LogLevel, Outcome, PaymentState, SkipReason};

use super::{html::Html, icon::Icon};
use crate::api::{EndpointState, JobState, RunSummary, RunTrigger};

/// A word with its shape and its colour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) icon: Icon,
    pub(super) class: &'static str,
    pub(super) text: &'static str,
}

impl Word {
    const fn new(icon: Icon, class: &'static str, text: &'static str) -> Self {
        Self { icon, class, text }
    }

    /// Shape and word, which stay together.
    pub(super) fn draw(self, page: &mut Html) {
        page.raw("<span class=\"state ").raw(self.class).raw("\">");
        self.icon.draw(page);
        page.raw(" ").raw(self.text).raw("</span>");
    }
}

/// How a job is.
pub(super) const fn state(state: JobState) -> Word {
    match state {
        JobState::Broken => Word::new(Icon::Broken, "bad", "broken"),
        JobState::Failing => Word::new(Icon::Bad, "bad", "failing"),
        JobState::Paused => Word::new(Icon::Pause, "odd", "paused"),
        JobState::Running => Word::new(Icon::Run, "busy", "running"),
        JobState::Waiting => Word::new(Icon::Wait, "idle", "waiting"),
        JobState::Ok => Word::new(Icon::Ok, "ok", "ok"),
    }
}

/// How a run ended, or that it is still going.
pub(super) const fn run(run: &RunSummary) -> Word {
    match run.outcome {
        Some(ended) => outcome(ended),
        None => Word::new(Icon::Run, "busy", "running"),
    }
}

/// How a run ended.
pub(super) const fn outcome(outcome: Outcome) -> Word {
    match outcome {
        Outcome::Success => Word::new(Icon::Ok, "ok", "success"),
        Outcome::Cancelled => Word::new(Icon::Stop, "idle", "cancelled"),
        Outcome::Lost => Word::new(Icon::Lost, "lost", "lost"),
        Outcome::InvalidConfig => Word::new(Icon::Bad, "bad", "invalid config"),
        Outcome::Unavailable => Word::new(Icon::Bad, "bad", "unavailable"),
        Outcome::Denied => Word::new(Icon::Bad, "bad", "denied"),
        Outcome::Indeterminate => Word::new(Icon::Bad, "bad", "indeterminate"),
        Outcome::Failed => Word::new(Icon::Bad, "bad", "failed"),
        Outcome::Timeout => Word::new(Icon::Bad, "bad", "timeout"),
        Outcome::Trap => Word::new(Icon::Bad, "bad", "trap"),
        Outcome::Limit => Word::new(Icon::Bad, "bad", "limit"),
    }
}

/// Where a payment stands.
pub(super) const fn payment(state: PaymentState) -> Word {
    match state {
        PaymentState::Intended => Word::new(Icon::Wait, "idle", "intended"),
        PaymentState::Refused => Word::new(Icon::Stop, "idle", "refused"),
        PaymentState::Reserved => Word::new(Icon::Run, "busy", "reserved"),
        PaymentState::Signed => Word::new(Icon::Run, "busy", "signed"),
        PaymentState::Broadcast => Word::new(Icon::Run, "busy", "broadcast"),
        PaymentState::Included => Word::new(Icon::Run, "busy", "included"),
        PaymentState::Confirmed => Word::new(Icon::Ok, "ok", "confirmed"),
        PaymentState::Reverted => Word::new(Icon::Bad, "bad", "reverted"),
        PaymentState::Abandoned => Word::new(Icon::Lost, "lost", "abandoned"),
    }
}

/// Of a payment whose fate can't be told for now.
pub(super) const UNDECIDED: Word = Word::new(Icon::Lost, "lost", "undecided");

/// Why a due time led to no run.
pub(super) const fn reason(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::Overlap => "the run before was still going",
        SkipReason::TooLate => "too late",
        SkipReason::Paused => "paused",
        SkipReason::Blackout => "blackout",
        SkipReason::SkipNext => "left out as asked",
        SkipReason::Rescheduled => "schedule changed",
        SkipReason::Removed => "job removed",
    }
}

/// How an endpoint is.
pub(super) const fn endpoint(state: EndpointState) -> Word {
    match state {
        EndpointState::Unknown => Word::new(Icon::Wait, "idle", "not asked yet"),
        EndpointState::Ok => Word::new(Icon::Ok, "ok", "ok"),
        EndpointState::Failing => Word::new(Icon::Bad, "bad", "failing"),
        EndpointState::Throttled => Word::new(Icon::Wait, "odd", "asked for a pause"),
        EndpointState::Stale => Word::new(Icon::Bad, "bad", "old head"),
        EndpointState::WrongChain => Word::new(Icon::Broken, "bad", "wrong chain"),
    }
}

/// A log level, and its colour.
pub(super) const fn level(level: LogLevel) -> (&'static str, &'static str) {
    match level {
        LogLevel::Trace => ("trace", "idle"),
        LogLevel::Debug => ("debug", "idle"),
        LogLevel::Info => ("info", "busy"),
        LogLevel::Warn => ("warn", "odd"),
        LogLevel::Error => ("error", "bad"),
    }
}

/// What started a run: `schedule`, `by token ops`.
pub(super) fn trigger(trigger: &RunTrigger) -> String {
    match trigger {
        RunTrigger::Schedule { .. } => "schedule".to_owned(),
        RunTrigger::Manual { by } => format!("by {by}"),
        RunTrigger::Probe { target } => format!("probe of {target}"),
        RunTrigger::Head { chain, number, .. } => format!("head {number} of {chain}"),
    }
}
