//! The whole process at one glance.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{JobOverview, Text};

/// Everything that the first page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// Of the program.
    pub version: Text,
    /// The machine that it runs on.
    pub host: Text,
    /// When the process began.
    pub started: Timestamp,
    /// When this was put together.
    pub now: Timestamp,
    /// Whether work is being done.
    pub phase: Phase,
    /// The store. While it is away nothing runs.
    pub store: StoreInfo,
    /// How the process looks after itself.
    pub watch: SelfWatch,
    /// The last reading of all files; none before the first.
    pub last_reload: Option<Reload>,
    /// Files that say something else than what runs, or that can't be read.
    pub problems: Vec<FileProblem>,
    /// All jobs: those with something wrong first, then by name.
    pub jobs: Vec<JobOverview>,
    /// How long each stretch of the jobs' timelines is.
    pub bucket_seconds: u32,
}

/// What the process is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Plugins are being loaded.
    Starting,
    /// Runs begin when they are due.
    Ready,
    /// It ends: no run begins any more.
    Draining,
}

/// The store that claims and runs are kept in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreInfo {
    /// Whether it answers.
    pub up: bool,
    /// Since when it doesn't; none while it does.
    pub away_since: Option<Timestamp>,
    /// What it said last; none while it answers.
    pub problem: Option<Text>,
    /// What it takes on disk.
    pub size_bytes: Option<u64>,
}

/// What the process says of its own loops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SelfWatch {
    /// When the scheduler last looked for due jobs; none before the first time.
    pub last_tick: Option<Timestamp>,
    /// When the invariants were last looked at; none before the first time.
    pub last_scan: Option<Timestamp>,
    /// What must never be and was, since the start, by invariant; those that held are left out.
    pub violations: BTreeMap<Text, u64>,
}

/// One reading of all files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reload {
    /// When it was over.
    pub at: Timestamp,
    /// Whether everything that the files say is in force.
    pub ok: bool,
}

/// A file that isn't in force as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileProblem {
    /// Where it is.
    pub path: Text,
    /// What is wrong, and after `hint: ` on a line of its own what to do.
    pub problem: Text,
    /// When what runs in its place was read; none where nothing does.
    pub in_force_since: Option<Timestamp>,
}
