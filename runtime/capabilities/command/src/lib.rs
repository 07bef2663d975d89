//! The command capability: programs that the operator named, with arguments that are fixed but for typed holes. There is no shell.
//! A process and its whole group belong to a run: it is in the ledger before the program does anything, what is left of it when the
//! run settles is ended, and what a killed keeper left is ended by the next one. Nothing here knows what a program is for.
//!
//! A command travels so: `bindings` → `programs` (grant, holes, dry run, its place) → `spawn` (launcher, ledger, go) → `launch` (in the
//! child: becomes the program) → `watched` (its pipes until its end) → `leader` (the end of its group).

mod bindings;
mod command;
mod commands;
mod exit;
mod fault;
mod grant;
mod launch;
mod leader;
mod pipes;
mod programs;
mod recover;
mod spawn;
mod stat;
mod telemetry;
mod watched;

use wasmtime::component::Linker;
use watchkeeper_contract::{Capability, Run};

pub use commands::{Commands, OpenError, Parts, Places};
pub use exit::{Ended, Exit};
pub use fault::CommandError;
pub use launch::{SUBCOMMAND, launch};
pub use programs::{Asker, Programs, Running};
pub use telemetry::CommandMetrics;

const NAME: &str = "command";

/// The power to run programs.
#[derive(Debug, Clone, Copy)]
pub struct Command;

impl Capability for Command {
    fn name(&self) -> &'static str {
        NAME
    }

    fn package(&self) -> &'static str {
        "watchkeeper:command"
    }

    fn power(&self) -> &'static str {
        "run named programs with the operator's arguments"
    }

    fn example(&self) -> &'static str {
        r#"command = ["NAME"]"#
    }

    fn link(&self, linker: &mut Linker<Run>) -> wasmtime::Result<()> {
        bindings::link(linker)
    }
}
