//! `cargo xtask bench SUITE`: what Watchkeeper costs, each figure beside a peer or a limit of the machine that was
//! measured in the same run. This file holds the command line only; each suite is a folder or a file of its own, and
//! what is measured is always the product's code, never a copy of it.

mod bare;
mod built;
mod deployment;
mod disk;
mod house;
mod lanes;
mod machine;
mod node;
mod report;
mod stats;
mod suites;
mod watchkeeper;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};

use report::Report;

/// Measures a part of Watchkeeper, in release mode.
#[derive(Parser)]
struct Arguments {
    /// What to measure.
    suite: Suite,
    /// Print one JSON object a line in place of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Suite {
    /// What a run costs, and what runs do to each other.
    Run,
    /// How late runs start, how many can be recorded, and what many schedules cost.
    Schedule,
    /// What a scrape of many series costs.
    Metrics,
    /// What reading chains costs: requests and time, for many jobs at one head, and for scans of events.
    Chain,
    /// What payments cost: their rate, their latency, and the policy's checks as the journal grows.
    Pay,
    /// What backups cost: their rate and memory, encryption, restoring, and retention as they pile up.
    Backup,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match measure(arguments.suite) {
        Ok(report) => {
            report.print(arguments.json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(suite: Suite) -> Result<Report> {
    if cfg!(debug_assertions) {
        eprintln!("warning: a debug build; the figures mean nothing");
    }
    match suite {
        Suite::Run => suites::run::measure(),
        Suite::Schedule => suites::schedule::measure(),
        Suite::Metrics => suites::metrics::measure(),
        Suite::Chain => suites::chain::measure(),
        Suite::Pay => suites::pay::measure(),
        Suite::Backup => suites::backup::measure(),
    }
}
