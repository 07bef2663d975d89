//! Keeper, schedule and ledger under a simulated clock: the real [`Timetable`](watchkeeper_schedule::timetable::Timetable),
//! the real `decide` and `retry_at`, and the real [`Book`](watchkeeper_ledger::Book) on a real SQLite file, driven by one
//! thread in simulated time. Processes are killed at every step, clocks are set, machines stall and sleep for a year, the
//! store is full, busy or gone, two processes work on one store, and people change everything meanwhile.
//!
//! What comes of it is judged by [`oracle::judge`], which is written apart from the code: it has its own due times
//! ([`times`]) and its own rules, and asks nothing of the crates that it judges. A [`seed`](play) decides everything, so that
//! a failing one replays. No WebAssembly, no threads and no sleeping belong here.

#![expect(clippy::indexing_slicing, reason = "a simulation picks from lists by a number below their length")]

pub mod history;
pub mod oracle;
pub mod rules;
pub mod times;
mod world;

use std::fmt;

pub use world::play;

/// Why a simulation can't go on: an error of the simulation or of a part that it drives, not a broken promise.
#[derive(Debug)]
pub struct Trouble(String);

impl Trouble {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Trouble {}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<watchkeeper_model::InvalidName> for Trouble {
    fn from(error: watchkeeper_model::InvalidName) -> Self {
        Self(error.to_string())
    }
}

impl From<watchkeeper_schedule::ScheduleError> for Trouble {
    fn from(error: watchkeeper_schedule::ScheduleError) -> Self {
        Self(error.to_string())
    }
}
