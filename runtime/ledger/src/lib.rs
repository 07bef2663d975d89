//! Durable truth in one SQLite file: which due times became runs and which were skipped and why, how runs ended and what
//! they said, what jobs remember between runs, which payments they made, which programs they started, and who did what.
//!
//! [`Book`] is the ledger without threads, all SQL behind it; [`Ledger`] puts it behind one writing thread, which records
//! everything that waits in one transaction (one fsync for many runs), and reading threads. Here is no schedule and no
//! plugin: what is due, and what is done about it, is decided by callers, who bring times and names. Nothing outside this
//! crate speaks SQL.

mod book;
mod entry;
mod error;
mod file;
mod ledger;
mod limits;
mod open;
mod payments;
mod records;
mod refusal;
mod schema;
mod sql;
mod stats;
mod thread;
mod worker;

#[cfg(test)]
mod tests;

pub use book::{Book, Retention};
pub use entry::{Action, Entry, History};
pub use error::{LedgerError, StateError, StatePart};
pub use ledger::Ledger;
pub use limits::{
    MAX_JOB_STATE_BYTES, MAX_KEY_BYTES, MAX_LOG_BYTES, MAX_LOG_LINES, MAX_PAYMENT_KEY_BYTES, MAX_ROWS, MAX_TEXT_BYTES,
    MAX_VALUE_BYTES, STATE_ENTRY_BYTES, check_entry,
};
pub use payments::{
    Approval, Balanced, Barred, Cap, Inclusion, Intended, Intent, Payment, PaymentEvent, PaymentFilter, PaymentId,
    PaymentTotal, Reservation, Reserved, Sender, SenderRecord, SignedTransaction, Spent, StoppedPayments,
    WantedApproval,
};
pub use records::{
    ActionRecord, Bucket, JobRecord, LogFilter, LogRecord, Node, NodeStart, Pause, PendingRetry, Process, ProcessId,
    Recovery, RunDetail, RunFilter, TriggerKind,
};
pub use refusal::EntryError;
pub use stats::{COMMIT_BOUNDS, CommitTimes, LedgerStats};

/// What a run changes in its job's state, in order: a key with its new value, or with none to delete it.
pub type StateChanges = Vec<(String, Option<Vec<u8>>)>;
