//! The words of the house as types: jobs, plugins, runs, triggers, outcomes, digests. Every room speaks them, so
//! nothing here does I/O, reads a clock or knows a WebAssembly engine.

mod clock;
mod digest;
mod head;
mod name;
mod outcome;
mod payment;
mod read;
mod run;
mod skip;

pub use clock::{Clock, SystemClock};
pub use digest::{Digest, InvalidDigest};
pub use head::{BlockHash, Head, HeadFeed};
pub use name::{AccountName, InvalidName, JobName, PluginName, TokenName};
pub use outcome::{Failure, FailureKind, Outcome};
pub use payment::{PaymentState, UnknownState, Window};
pub use run::{InvalidRunId, LogLevel, LogLine, RunEnd, RunId, RunRecord, RunStart, Trigger};
pub use skip::{Skip, SkipReason, UnknownWord};
