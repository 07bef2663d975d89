//! What is read: jobs, runs, log lines, skips and actions as the ledger has them, and the questions that bring them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_model::{Head, JobName, LogLevel, LogLine, Outcome, RunId, RunRecord, RunStart, SkipReason};

use crate::Action;

/// A process as it starts; the ledger gives it the next epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStart {
    /// The machine's name.
    pub host: String,
    /// The program's version.
    pub version: String,
    /// When.
    pub started: Timestamp,
}

/// A process that the ledger knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// One more than that of the process before.
    pub epoch: u64,
    /// How it started.
    pub start: NodeStart,
}

/// A job and its current generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Its name.
    pub job: JobName,
    /// The number of its current schedule: 1 for its first.
    pub generation: u64,
    /// That schedule as text.
    pub schedule: String,
    /// Since when it is in force.
    pub began: Timestamp,
    /// All due times of this generation up to here have their disposition.
    pub cursor: Timestamp,
    /// The head that this generation last ran for; none before the first, and for jobs that follow no chain.
    pub head: Option<Head>,
    /// When the job was removed, if it is.
    pub retired: Option<Timestamp>,
    /// Who paused it, if it is paused.
    pub paused: Option<Pause>,
    /// How many due times are to be left out.
    pub skip_next: u32,
    /// Runs, attempts counted each, that ended in neither success nor cancellation since the last success.
    pub failures: u32,
    /// When its last successful run was over.
    pub last_success: Option<Timestamp>,
    /// Due times of this generation that got a run.
    pub runs: u64,
    /// Due times of this generation that were skipped.
    pub skips: u64,
}

/// Why a job starts nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub at: Timestamp,
    /// Who paused it.
    pub by: String,
    /// What they said about it.
    pub note: String,
}

/// What a process that starts finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// Runs of earlier processes that had no end, and are lost now.
    pub lost: Vec<RunRecord>,
    /// Every job that the ledger knows, removed ones too, by name.
    pub jobs: Vec<JobRecord>,
    /// Retries that are still to come, the earliest first.
    pub retries: Vec<PendingRetry>,
}

/// A retry that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRetry {
    /// The attempt that failed.
    pub run: RunStart,
    /// Whether it was lost: then its job's policy is still to be asked.
    pub lost: bool,
    /// When the next one is due.
    pub retry_at: Timestamp,
}

/// One run with what is around it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunDetail {
    /// The run, with its log lines.
    pub run: RunRecord,
    /// When it is tried again, if that is still to come.
    pub retry_at: Option<Timestamp>,
    /// The process that claimed it; none where retention dropped it.
    pub node: Option<Node>,
    /// All attempts, this one among them, in order; without log lines.
    pub attempts: Vec<RunRecord>,
}

/// Which runs to tell of, newest claim first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Of this job.
    pub job: Option<JobName>,
    /// That ended this way.
    pub outcome: Option<Outcome>,
    /// That were started this way.
    pub trigger: Option<TriggerKind>,
    /// Claimed at or after this millisecond.
    pub after: Option<Timestamp>,
    /// Claimed before this millisecond.
    pub before: Option<Timestamp>,
    /// Older than this run: the last one of the page before.
    pub before_id: Option<RunId>,
    /// At most so many, and never more than [`crate::MAX_ROWS`].
    pub limit: usize,
}

/// A trigger without what belongs to one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerKind {
    /// A due time.
    Schedule,
    /// A person.
    Manual,
    /// A chain's new head.
    Head,
}

/// Which log lines to tell of, in the order in which they were recorded: the lines of a run when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    /// Of this job.
    pub job: Option<JobName>,
    /// Of this run.
    pub run: Option<RunId>,
    /// At least of this level.
    pub level: LogLevel,
    /// The first ones after this [`LogRecord::position`]; where none is given, the last ones.
    pub after: Option<u64>,
    /// At most so many, and never more than [`crate::MAX_ROWS`].
    pub limit: usize,
}

impl Default for LogFilter {
    fn default() -> Self {
        Self { job: None, run: None, level: LogLevel::Trace, after: None, limit: 0 }
    }
}

/// A log line and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// Grows from line to line.
    pub position: u64,
    /// Whose run.
    pub job: JobName,
    /// Which run.
    pub run: RunId,
    /// When the run was over.
    pub finished: Timestamp,
    /// What it said.
    pub line: LogLine,
}

/// A program of a run's as the ledger tells it from all others, also across boots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessId {
    /// The machine's boot, as its kernel names it.
    pub boot: String,
    /// The number of the process, and of the group that it leads.
    pub pid: i32,
    /// When it began, in clock ticks since the boot.
    pub ticks: u64,
}

/// A program that was started for a run, and whose group isn't known to be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Which.
    pub id: ProcessId,
    /// The session that its group is in.
    pub session: i32,
    /// For which run. It may have no row, and the job may be gone.
    pub run: RunId,
    /// The run's job.
    pub job: JobName,
    /// The operator's name for the program.
    pub command: String,
    /// When.
    pub started: Timestamp,
}

/// An action and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRecord {
    /// Grows from action to action.
    pub id: u64,
    /// What was done.
    pub action: Action,
}

/// A job's counts in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Whose.
    pub job: JobName,
    /// Its beginning: a multiple of the buckets' length since the epoch.
    pub start: Timestamp,
    /// Runs claimed in it that have ended.
    pub runs: BTreeMap<Outcome, u64>,
    /// Due times in it that were skipped. A row over several buckets is shared out evenly.
    pub skips: BTreeMap<SkipReason, u64>,
}
