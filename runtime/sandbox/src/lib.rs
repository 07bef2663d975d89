//! Runs untrusted components: reads what one asks for, refuses what its job wasn't granted, compiles it in a limited
//! child process, and runs one fresh instance per run until it ends or meets a limit. Must not know schedules,
//! metrics stores or particular capabilities.

mod compile;
mod cpu;
mod engine;
mod inspect;
mod instance;
mod load;
mod trap;

pub use compile::{CompileLimits, SUBCOMMAND, compile_child};
pub use inspect::{Component, Import, Refused, inert_imports};
pub use instance::{Ended, RunOrder};
pub use load::{Described, LoadError, Plugin, Sandbox, Schema, Settings};
