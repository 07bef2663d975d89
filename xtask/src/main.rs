//! Everything a contributor runs: `cargo xtask demo`, `test`, `bench`, `check`, `docs`.
//!
//! This file holds the command line only. `steps/` brings in what a fresh machine lacks and builds the host and its
//! plugins; each command is one file. Nothing here links the host's crates, so that the first command on a fresh
//! clone starts within seconds.

use std::{ffi::OsString, process::ExitCode, time::Duration};

use anyhow::Result;
use clap::{Parser, Subcommand};

mod bench;
mod check;
mod command;
mod demo;
mod docs;
mod project;
mod service;
mod steps;
mod test;

use project::Project;

/// What a contributor to Watchkeeper runs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything, start a dev chain with traffic, and run Watchkeeper on config/demo.
    Demo {
        /// End by itself after this time, such as 20s; otherwise Ctrl-C ends it.
        #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
        duration: Option<Duration>,
    },
    /// Build everything and run all tests, those against real services included.
    Test,
    /// Measure, in release mode.
    Bench {
        /// What to measure.
        #[arg(default_value = "run")]
        suite: String,
        /// Print one JSON object a line in place of a table.
        #[arg(long)]
        json: bool,
    },
    /// Formatting, lints, licences: what a change must pass beside the tests.
    Check,
    /// Write the pages about the bundled plugins anew, from the plugins themselves.
    Docs,
    #[command(hide = true)]
    Tether {
        parent: i32,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        program: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Demo { duration } => demo::run(&Project::find()?, duration),
        Task::Test => test::run(&Project::find()?),
        Task::Bench { suite, json } => bench::run(&Project::find()?, &suite, json),
        Task::Check => check::run(&Project::find()?),
        Task::Docs => docs::run(&Project::find()?),
        Task::Tether { parent, program } => service::tether(parent, &program),
    }
}
