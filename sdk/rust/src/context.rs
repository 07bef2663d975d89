//! The run that this instance was made for.

use std::time::Duration;

use alloy_primitives::B256;

use crate::host;

/// What started the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// The nominal time of a schedule, since the Unix epoch.
    Schedule(Duration),
    /// An operator asked.
    Manual,
    /// A chain has a new head.
    Head {
        /// The chain's name.
        chain: String,
        /// The head's number.
        number: u64,
        /// The head's hash.
        hash: B256,
        /// The number of the head that this job last ran for.
        previous: u64,
    },
    /// A scrape of `/probe`: its target.
    Probe(String),
    /// A later host's trigger, as JSON.
    Other(String),
}

/// The run's name: 26 letters and digits that sort by time.
pub fn run_id() -> String {
    host::run_id()
}

/// The job's name.
pub fn job() -> String {
    host::job()
}

/// Which try this is; 1 for the first.
pub fn attempt() -> u32 {
    host::attempt()
}

/// What started the run.
pub fn trigger() -> Trigger {
    host::trigger()
}

/// While this is true every effect answers "dry run"; reads work.
pub fn dry_run() -> bool {
    host::dry_run()
}

/// When the host ends the run, since the Unix epoch.
pub fn deadline() -> Duration {
    host::deadline()
}

/// Tells people how far a long run is. `total` is none while it isn't known.
pub fn progress(stage: &str, done: u64, total: Option<u64>) {
    host::progress(stage, done, total.unwrap_or(0));
}
