//! `cargo xtask bench`: the suites of `watchkeeper-bench`, in release mode, against release builds of host and plugins.

use std::process::Command;

use anyhow::Result;

use crate::{
    command,
    project::{Build, Project},
    steps,
};

/// Runs one suite.
pub(crate) fn run(project: &Project, suite: &str, json: bool) -> Result<()> {
    let ready = steps::prepare(project, Build::Bench)?;
    let environment = steps::prepare_bench(project, &ready)?;
    let mut bench = Command::new(ready.watchkeeper.with_file_name("watchkeeper-bench"));
    bench.arg(suite);
    if json {
        bench.arg("--json");
    }
    bench
        .env("WATCHKEEPER_PLUGINS", project.components())
        .env("WATCHKEEPER_BINARY", ready.watchkeeper)
        .envs(environment);
    command::run(&mut bench)
}
