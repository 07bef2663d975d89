//! `cargo xtask test`: all tests of host and plugins, with the real services that they use, and one sum at the end.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    project::{Build, Project},
    steps,
};

/// What the runs of test binaries added up to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Runs all tests, also after a failure, and fails if one failed or none ran.
pub(crate) fn run(project: &Project) -> Result<()> {
    let ready = steps::prepare(project, Build::Tests)?;
    let environment = steps::prepare_tests(project, &ready)?;
    let plugins = project.plugin_workspace();
    let mut host = project.cargo(&["test", "--workspace", "--no-fail-fast"]);
    let mut plugin = project.cargo(&["test", "--workspace", "--no-fail-fast", "--manifest-path"]);
    plugin.arg(plugins);

    let mut sum = Sum::default();
    eprintln!("==> tests of the plugins");
    let plugins_passed = test(&mut plugin, &environment, &mut sum)?;
    eprintln!("==> tests of the host");
    let host_passed = test(&mut host, &environment, &mut sum)?;
    println!("{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped);
    if !plugins_passed || !host_passed {
        bail!("tests failed");
    }
    if sum.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// Runs one `cargo test` with its output shown and counted; returns whether it succeeded.
fn test(cargo: &mut Command, environment: &[(&str, PathBuf)], sum: &mut Sum) -> Result<bool> {
    cargo.envs(environment.iter().map(|(name, value)| (name, value)));
    let mut child = cargo.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("can't run cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        sum.count(&line);
    }
    Ok(child.wait()?.success())
}

impl Sum {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; …`; others count nothing.
    fn count(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        for count in counts.split("; ") {
            let Some((number, word)) = count.split_once(' ') else {
                continue;
            };
            let number: u64 = number.parse().unwrap_or(0);
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn the_sum_counts_result_lines_only() {
        let mut sum = Sum::default();
        for line in [
            "running 4 tests",
            "test a ... ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.10s",
        ] {
            sum.count(line);
        }
        assert_eq!(sum, Sum { passed: 4, failed: 2, skipped: 1 });
    }
}
