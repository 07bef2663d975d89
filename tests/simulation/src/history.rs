//! What happened in a simulation, in the order in which it really happened: what the oracle reads. A fact of the ledger is
//! here from the moment of its commit, whether or not anybody was told.

use std::sync::Arc;

use watchkeeper_ledger::JobRecord;
use watchkeeper_model::{JobName, Outcome, RunId, RunRecord, RunStart, Skip};

use crate::rules::Rules;

/// A moment: milliseconds of true time, milliseconds since the epoch as the clock showed them, and how many lines there
/// were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// True time.
    pub at: i64,
    /// What the clock showed.
    pub clock: i64,
    /// The number of the line that comes next.
    pub line: usize,
}

/// One fact and its moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// When.
    pub at: Moment,
    /// What.
    pub fact: Fact,
}

/// What may happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A keeper took charge of the ledger.
    Started {
        /// Its number, one more than that of the one before.
        keeper: u32,
    },
    /// A keeper's process ended, and what it ran with it.
    Gone {
        /// Which.
        keeper: u32,
    },
    /// The clock was set.
    ClockSet,
    /// A job has a new schedule, from the clock's `began` on.
    Generation {
        /// Its rules.
        rules: Arc<Rules>,
        /// What the ledger calls it.
        number: u64,
        /// From when on.
        began: i64,
    },
    /// A job has new rules and the same schedule.
    Exchanged {
        /// Its rules.
        rules: Arc<Rules>,
    },
    /// A job is gone.
    Retired {
        /// Which.
        job: JobName,
        /// When, by the clock.
        at: i64,
    },
    /// The ledger has a claim.
    Claimed {
        /// By whom.
        keeper: u32,
        /// What.
        run: RunStart,
        /// The job when it was decided.
        rules: Arc<Rules>,
        /// When it was decided.
        decided: Moment,
    },
    /// The ledger has a skip.
    Skipped {
        /// By whom.
        keeper: u32,
        /// What.
        skip: Skip,
        /// When it was decided.
        decided: Moment,
    },
    /// A run begins, in truth.
    Began {
        /// Of which keeper.
        keeper: u32,
        /// Which.
        run: RunId,
    },
    /// A run is over, in truth.
    Over {
        /// Which.
        run: RunId,
        /// How.
        outcome: Outcome,
    },
    /// The ledger has a run's end.
    Finished {
        /// Which.
        run: RunId,
        /// How.
        outcome: Outcome,
        /// When, by the clock.
        finished: i64,
        /// When it is tried again.
        retry_at: Option<i64>,
        /// Whether it pauses its job.
        pause: bool,
    },
    /// The keeper knows that a run's end is in the ledger.
    Settled {
        /// Which.
        run: RunId,
    },
    /// The ledger has it that a run was lost.
    Lost {
        /// Which.
        run: RunId,
        /// When that was noticed, by the clock.
        finished: i64,
    },
    /// The ledger has it that a job is paused.
    Paused {
        /// Which.
        job: JobName,
    },
    /// The ledger has it that a job goes on.
    Resumed {
        /// Which.
        job: JobName,
    },
    /// The ledger has it that due times are to be left out.
    LeaveOut {
        /// Whose.
        job: JobName,
        /// How many.
        count: u32,
    },
    /// Somebody asked for a run.
    Asked {
        /// Its name.
        run: RunId,
    },
    /// The ledger refused something.
    Refused {
        /// Whose.
        keeper: u32,
        /// Why.
        why: String,
    },
}

/// All that the oracle judges.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// What happened.
    pub lines: Vec<Line>,
    /// What the ledger holds in the end.
    pub ledger: Vec<Kept>,
    /// The end, when nothing was wrong for a while.
    pub end: Option<Moment>,
    /// How many runs may go at once, and how many of one plugin.
    pub turns: (usize, usize),
    /// Whether history was dropped by age or number.
    pub retained: bool,
}

/// What the ledger holds of a job.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Where it stands.
    pub job: JobRecord,
    /// Its runs, of all generations.
    pub runs: Vec<RunRecord>,
    /// Its skips, of all generations; none where they are more than the ledger tells of at once.
    pub skips: Option<Vec<Skip>>,
}
