//! The words of the house as types: jobs, plugins, runs, triggers, outcomes, digests. Every room speaks them, so
//! nothing here does I/O, reads a clock or knows a WebAssembly engine.

mod clock;
mod digest;
mod name;
mod outcome;
mod run;

pub use clock::{Clock, SystemClock};
pub use digest::Digest;
pub use name::{InvalidName, JobName, PluginName};
pub use outcome::{Failure, FailureKind, Outcome};
pub use run::{LogLevel, LogLine, RunEnd, RunId, RunRecord, RunStart, Trigger};
