//! Why an entry is not recorded although the store works: what it says doesn't fit to what is recorded already.

use jiff::Timestamp;
use watchkeeper_model::{JobName, Outcome, RunId};

use crate::StateError;

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
    /// Runs for a probe have no row.
    #[error("run {0} answers a probe: such runs are not recorded")]
    Probe(RunId),
    /// What a run wants to remember can't be kept.
    #[error(transparent)]
    State(#[from] StateError),
}
