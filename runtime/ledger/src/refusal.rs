//! Why an entry is not recorded although the store works: what it says doesn't fit to what is recorded already.

use alloy_primitives::B256;
use jiff::Timestamp;
use watchkeeper_model::{JobName, Outcome, PaymentState, RunId};

use crate::{PaymentId, StateError};

/// Why one entry was refused. Trying again doesn't help; the other entries of the transaction are recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The due time has its disposition, or belongs to a generation that is over.
    #[error("job `{job}`: the due time {nominal} is disposed of already")]
    AlreadyDisposed {
        /// Whose.
        job: JobName,
        /// Which; of a range, the first.
        nominal: Timestamp,
    },
    /// The job stands elsewhere than where this was to follow: due times would be left out.
    #[error("job `{job}`: all due times up to {cursor} are disposed of, and this doesn't follow on them")]
    NotNext {
        /// Whose.
        job: JobName,
        /// Where it stands.
        cursor: Timestamp,
    },
    /// The job last ran for another head than the one that this follows, or for this very one.
    #[error("job `{job}`: head {number} doesn't follow on the head that it last ran for")]
    HeadNotNext {
        /// Whose.
        job: JobName,
        /// The head's number.
        number: u64,
    },
    /// A later process is in charge of the job.
    #[error("job `{job}`: a later watchkeeper is in charge of it\nhint: let only one process work on a ledger")]
    Fenced {
        /// Which.
        job: JobName,
    },
    /// The job has no schedule in the ledger, or was removed.
    #[error("job `{0}` is not in force")]
    UnknownJob(JobName),
    /// No such run is recorded, or it was dropped again.
    #[error("run {0} is not recorded")]
    UnknownRun(RunId),
    /// Another run has this name.
    #[error("run {0} is recorded already, and is another one")]
    KnownRun(RunId),
    /// The run has another end.
    #[error("run {run} has ended already: {outcome}")]
    Ended {
        /// Which.
        run: RunId,
        /// How.
        outcome: Outcome,
    },
    /// The attempt before left no retry to take up, or it was taken up or dropped; or a retry is wanted of a run that is
    /// going, was tried again already, or whose job has no use for it any more.
    #[error("run {first} has no retry to come")]
    NoRetry {
        /// The first attempt, or the one that was to be tried again.
        first: RunId,
    },
    /// A later process works on the ledger: this one may start no program any more.
    #[error("a later watchkeeper is in charge of commands\nhint: let only one process work on a ledger")]
    ProcessesFenced,
    /// Runs for a probe have no row.
    #[error("run {0} answers a probe: such runs are not recorded")]
    Probe(RunId),
    /// What a run wants to remember can't be kept.
    #[error(transparent)]
    State(#[from] StateError),
    /// A later process works on the ledger: this one may write no payment any more.
    #[error("a later watchkeeper is in charge of payments\nhint: let only one process work on a ledger")]
    PaymentsFenced,
    /// Somebody stopped all payments: what isn't signed yet isn't signed now.
    #[error("payment {payment}: all payments were stopped by {by}: {note}")]
    PaymentsStopped {
        /// Which.
        payment: PaymentId,
        /// Who stopped them.
        by: String,
        /// Why.
        note: String,
    },
    /// No such payment is recorded.
    #[error("payment {0} is not recorded")]
    UnknownPayment(PaymentId),
    /// The payment stands where this can't happen to it.
    #[error("payment {payment} is {state}, and can't be {change} now")]
    PaymentState {
        /// Which.
        payment: PaymentId,
        /// Where it stands.
        state: PaymentState,
        /// What was to be noted: `signed`, `refused`, `broadcast` …
        change: &'static str,
    },
    /// A payment's first transaction has another nonce than the sender's next.
    #[error("payment {payment}: nonce {nonce} is not the sender's next, which is {next}")]
    NotNextNonce {
        /// Which.
        payment: PaymentId,
        /// What was signed.
        nonce: u64,
        /// What it should have been.
        next: u64,
    },
    /// A replacement has another nonce than what it replaces.
    #[error("payment {payment} has nonce {own}; a transaction with nonce {nonce} doesn't replace it")]
    OtherNonce {
        /// Which.
        payment: PaymentId,
        /// Its nonce.
        own: u64,
        /// What was signed.
        nonce: u64,
    },
    /// The transaction belongs to another payment.
    #[error("transaction {hash} belongs to payment {payment}")]
    KnownTransaction {
        /// Which.
        hash: B256,
        /// Whose it is.
        payment: PaymentId,
    },
    /// The payment has no such transaction.
    #[error("payment {payment} has no transaction {hash}")]
    UnknownTransaction {
        /// Which.
        payment: PaymentId,
        /// What was said to be in a block.
        hash: B256,
    },
    /// Payments of the sender are in flight, so its nonces can't be told by somebody else.
    #[error("{0} payments of the sender are in flight\nhint: wait until they have an end")]
    InFlight(u64),
    /// A sum of amounts would pass 256 bits.
    #[error("the sum of {0} doesn't fit in 256 bits")]
    Sum(&'static str),
    /// A text that tells payments apart can't be cut.
    #[error("the {what} of a payment has {bytes} bytes, the limit is {limit}")]
    PaymentText {
        /// Which text.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
}
