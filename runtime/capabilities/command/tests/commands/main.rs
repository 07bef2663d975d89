//! Real programs, started, fed and ended as the runs of plugins do it. Everything that a program may do to who keeps it is done here:
//! it ignores signals, forks, fills and closes its pipes, or never ends.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed helper is a failed test")]

mod arguments;
mod children;
mod configurations;
mod ends;
mod input;
mod output;
mod recovery;
mod support;
