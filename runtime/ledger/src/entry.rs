//! What is written: every entry is one fact, recorded whole or refused whole. What is read is in [`crate::records`].

use jiff::Timestamp;
use watchkeeper_model::{JobName, RunEnd, RunId, RunStart, Skip};

use crate::{Process, ProcessId, StateChanges};

/// One fact for the ledger. Times come from the caller.
///
/// What disposes of due times, or ends the generation that they belong to, says by `after` which cursor it follows, and is
/// refused where the job stands elsewhere: so dispositions join, and no due time is left out between two of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A job's schedule is in force from `began` on: the job's next generation, whose cursor is `began`. A removed job is
    /// back by it. Retries that the former generation still had to come are dropped.
    Generation {
        /// Whose.
        job: JobName,
        /// The schedule as text; the ledger only keeps it.
        schedule: String,
        /// When.
        began: Timestamp,
        /// Where the generation before stands; none where the job is new or was removed.
        after: Option<Timestamp>,
    },
    /// A job is gone. Its pause, counts and state stay for the case that it comes back.
    Retire {
        /// Which.
        job: JobName,
        /// When.
        at: Timestamp,
        /// Where it stands.
        after: Timestamp,
    },
    /// A run is about to start. The first attempt of a due time moves the cursor there and drops the retries that the job
    /// still had to come; a later attempt takes up the retry that its predecessor left.
    Claim {
        /// Its beginning.
        run: RunStart,
        /// Where its job stands before it; looked at where the cursor moves.
        after: Timestamp,
    },
    /// Due times that lead to no run; moves the cursor to the last of them.
    Skip {
        /// Which, and why.
        skip: Skip,
        /// Where their job stands before them.
        after: Timestamp,
    },
    /// A run is over.
    Finish {
        /// Which.
        run: RunId,
        /// How.
        end: RunEnd,
        /// What its job remembers from now on; kept only with [`watchkeeper_model::Outcome::Success`].
        state: StateChanges,
        /// When to try again; nothing comes of it where the job was removed or got another schedule meanwhile.
        retry_at: Option<Timestamp>,
        /// Pauses the job in the name of the house, with this note.
        pause: Option<String>,
        /// Which rows its job keeps.
        history: History,
    },
    /// A run is not tried again after all: what its job's policy says of a lost one.
    DropRetry {
        /// The run that ended.
        run: RunId,
    },
    /// A job starts nothing by its schedule until it is resumed. Of a paused job: a new name and note.
    Pause {
        /// Which.
        job: JobName,
        /// Who said so.
        by: String,
        /// Why.
        note: String,
        /// When.
        at: Timestamp,
    },
    /// A job starts again by its schedule.
    Resume {
        /// Which.
        job: JobName,
        /// The due times that fell into the pause and have no disposition yet.
        skip: Option<Skip>,
        /// Where the job stands before them.
        after: Timestamp,
    },
    /// The next due times of a job are to be left out; 0 takes that back.
    SkipNext {
        /// Whose.
        job: JobName,
        /// How many.
        count: u32,
    },
    /// Somebody did something.
    Action(Action),
    /// A job forgets what it remembers.
    ForgetState {
        /// Which.
        job: JobName,
    },
    /// A program is about to do its work for a run.
    ProcessStarted(Process),
    /// A program is gone, with its whole group.
    ProcessEnded(ProcessId),
}

/// Which runs of a job have a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum History {
    /// All.
    #[default]
    All,
    /// Those that failed and the last success: it takes the row of the success before. The counts go on.
    Failures,
}

/// Who did what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What, as the command line calls it: `run`, `pause`, `cancel` …
    pub verb: String,
    /// With which job.
    pub job: Option<JobName>,
    /// With which run.
    pub run: Option<RunId>,
    /// What they said about it.
    pub note: String,
}
