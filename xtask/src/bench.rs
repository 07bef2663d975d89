//! `cargo xtask bench`: the suites of `watchkeeper-bench`, in release mode, against release builds of host and plugins.

use anyhow::Result;

use crate::{
    command,
    project::{Build, Project},
    steps,
};

/// Runs one suite.
pub(crate) fn run(project: &Project, suite: &str, json: bool) -> Result<()> {
    let ready = steps::prepare(project, Build::Bench)?;
    let mut bench = project.cargo(&["run", "--release", "--package", "watchkeeper-bench", "--", suite]);
    if json {
        bench.arg("--json");
    }
    bench.env("WATCHKEEPER_PLUGINS", project.components());
    bench.env("WATCHKEEPER_ANVIL", ready.anvil).env("WATCHKEEPER_BINARY", ready.watchkeeper);
    command::run(&mut bench)
}
