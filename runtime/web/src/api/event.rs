//! What changes, as it changes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchkeeper_model::JobName;

use super::{RunSummary, words};

/// One event of the stream. Its `event` is also the name of the server-sent event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run was claimed and begins.
    RunStarted {
        /// The run.
        run: RunSummary,
    },
    /// A run is over.
    RunFinished {
        /// The run.
        run: RunSummary,
    },
    /// A job came, went, was paused or resumed, skipped a due time, or found a problem.
    JobChanged {
        /// The job.
        #[schema(value_type = words::JobName)]
        job: JobName,
    },
    /// All files were read again.
    Reloaded {
        /// Whether everything that they say is in force.
        ok: bool,
    },
    /// The store went away or came back.
    Store {
        /// Whether it answers.
        up: bool,
    },
    /// This reader was too slow: events were left out, and it had better ask anew for what it shows.
    Lagged {
        /// How many.
        missed: u64,
    },
}

impl Event {
    /// The name of the server-sent event.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run_started",
            Self::RunFinished { .. } => "run_finished",
            Self::JobChanged { .. } => "job_changed",
            Self::Reloaded { .. } => "reloaded",
            Self::Store { .. } => "store",
            Self::Lagged { .. } => "lagged",
        }
    }
}
