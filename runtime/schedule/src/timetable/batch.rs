//! What goes in and out of a timetable: jobs as it sees them, where they stand, and what is to be recorded. Plain data
//! without behaviour.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use watchkeeper_model::{Digest, Head, JobName, Outcome, PluginName, RunId, RunStart, Skip};

use crate::{HeadTrigger, Policy, Schedule};

/// What a timetable asks of a job.
pub trait Timed {
    /// What it runs.
    fn plugin(&self) -> &PluginName;
    /// The bytes that it runs.
    fn digest(&self) -> Digest;
    /// When it falls due; none if it runs only when somebody asks.
    fn schedule(&self) -> Option<&Schedule>;
    /// The heads that it runs for; none if it runs for none.
    fn heads(&self) -> Option<&HeadTrigger>;
    /// What is done about due times that were missed, overlap, or fail.
    fn policy(&self) -> &Policy;
}

/// Where a job stands in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number of its schedule.
    pub generation: u64,
    /// All due times up to here are disposed of.
    pub cursor: Timestamp,
    /// The head that it last ran for; all before it are covered.
    pub head: Option<Head>,
    /// Due times that somebody asked to leave out.
    pub skip_next: u32,
    /// Runs that failed since the last success.
    pub failures: u32,
    /// Whether somebody paused it.
    pub paused: bool,
}

impl Place {
    /// How many runs failed since the last success once one more has ended so.
    #[must_use]
    pub const fn failures_after(&self, outcome: Outcome) -> u32 {
        match outcome {
            Outcome::Success => 0,
            Outcome::Cancelled => self.failures,
            _ => self.failures.saturating_add(1),
        }
    }
}

/// What is to be recorded for one job, in this order and as one transaction.
#[derive(Debug)]
pub struct Batch<J> {
    /// Whose.
    pub job: JobName,
    /// The cursor that it follows.
    pub after: Timestamp,
    /// Due times that lead to no run.
    pub skips: Vec<Skip>,
    /// The run to claim.
    pub claim: Option<Claim<J>>,
    /// Where the job stands once this is recorded.
    pub then: Place,
}

/// A run that starts once it is recorded.
#[derive(Debug)]
pub struct Claim<J> {
    /// What the ledger records.
    pub start: RunStart,
    /// The job as it is now: the run goes on under it whatever becomes of the job.
    pub under: Arc<J>,
}

/// What a tick leads to.
#[derive(Debug)]
pub struct Tick<J> {
    /// To be recorded.
    pub batches: Vec<Batch<J>>,
    /// Runs to be cancelled, since a newer one takes their place.
    pub cancel: Vec<(JobName, RunId)>,
    /// How long nothing falls due, unless something is answered or ends.
    pub sleep: Duration,
}

/// Why a run can't be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unable {
    /// There is no such job.
    Unknown,
    /// Its run goes, and its policy is to skip what overlaps.
    Running,
    /// Somebody asked already, and that run waits.
    Asked,
    /// No run begins any more.
    Draining,
}
