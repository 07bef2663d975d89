//! What every command needs first. Each step says what it does, leaves what is done alone, and says how long it took.

mod age_and_zstd;
mod anvil;
mod browser;
mod build;
mod contracts;
mod debian;
mod moto;
mod npm;
mod prometheus;
mod python;
mod schemathesis;
mod seaweedfs;
mod wasm_target;

use std::{path::PathBuf, process::Command, time::Instant};

use anyhow::{Context, Result};

use crate::project::{Build, Project};

/// What the steps made ready.
pub(crate) struct Ready {
    /// The host's binary.
    pub(crate) watchkeeper: PathBuf,
    /// Anvil's binary.
    pub(crate) anvil: PathBuf,
}

/// The wasm target, Anvil, the host, the components of the bundled plugins.
pub(crate) fn prepare(project: &Project, build: Build) -> Result<Ready> {
    step("wasm target", || wasm_target::ensure(project))?;
    let anvil = step("Anvil (the dev chain)", || anvil::install(project))?;
    let watchkeeper = step("host", || build::host(project, build))?;
    step("plugins", || build::components(project, &watchkeeper, "plugins"))?;
    Ok(Ready { watchkeeper, anvil })
}

/// What only benchmarks need on top: the components of test plugins, some of which are measured with, contracts, and the
/// tools that backups are measured beside. Returns the environment in which the benchmarks find them.
pub(crate) fn prepare_bench(project: &Project, ready: &Ready) -> Result<Vec<(&'static str, PathBuf)>> {
    step("test plugins", || build::components(project, &ready.watchkeeper, "tests/plugins"))?;
    let contracts = step("contracts", || contracts::install(project))?;
    let mut environment = step("age and zstd", || age_and_zstd::install(project))?;
    environment.extend([
        ("WATCHKEEPER_ANVIL", ready.anvil.clone()),
        ("WATCHKEEPER_CONTRACTS", contracts.folder),
        ("WATCHKEEPER_CAST", contracts.cast),
    ]);
    Ok(environment)
}

/// What only tests need on top: the components of test plugins, those of another toolchain too, contracts, Prometheus, a
/// browser, what makes requests up, AWS KMS, and what backups are stored in and undone with. Returns the environment in
/// which the tests find all of it.
pub(crate) fn prepare_tests(project: &Project, ready: &Ready) -> Result<Vec<(&'static str, PathBuf)>> {
    step("test plugins", || build::components(project, &ready.watchkeeper, "tests/plugins"))?;
    step("test plugins in Python", || python::components(project))?;
    let mut environment =
        vec![("WATCHKEEPER_PLUGINS", project.components()), ("WATCHKEEPER_ANVIL", ready.anvil.clone())];
    let contracts = step("contracts", || contracts::install(project))?;
    environment.push(("WATCHKEEPER_CONTRACTS", contracts.folder));
    environment.push(("WATCHKEEPER_CAST", contracts.cast));
    if let Some(found) = step("Prometheus", || prometheus::install(project))? {
        environment.push(("WATCHKEEPER_PROMETHEUS", found.server));
        environment.push(("WATCHKEEPER_PROMTOOL", found.promtool));
    }
    let browser = step("Chromium", || browser::install(project))?;
    environment.push(("WATCHKEEPER_PLAYWRIGHT", browser.playwright));
    environment.extend(browser.chromium.map(|chromium| ("WATCHKEEPER_CHROMIUM", chromium)));
    if let Some(program) = step("Schemathesis (made-up requests)", || schemathesis::install(project))? {
        environment.push(("WATCHKEEPER_SCHEMATHESIS", program));
    }
    if let Some(python) = step("moto (AWS KMS)", || moto::install(project))? {
        environment.push(("WATCHKEEPER_MOTO", python));
    }
    if let Some(program) = step("SeaweedFS (S3)", || seaweedfs::install(project))? {
        environment.push(("WATCHKEEPER_WEED", program));
    }
    environment.extend(step("age and zstd", || age_and_zstd::install(project))?);
    Ok(environment)
}

/// A step's result, and one line about it.
pub(crate) type Done<T> = Result<(T, String)>;

/// Runs one step, with its title before and its line and time after.
pub(crate) fn step<T>(title: &str, work: impl FnOnce() -> Done<T>) -> Result<T> {
    eprintln!("==> {title}");
    let start = Instant::now();
    let (result, note) = work().with_context(|| format!("step `{title}` failed"))?;
    eprintln!("    {note} ({:.1} s)", start.elapsed().as_secs_f64());
    Ok(result)
}

/// Whether this process may install Debian's packages.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// apt without questions, and patient while another one holds its lock.
fn apt_get() -> Command {
    let mut apt = Command::new("apt-get");
    apt.args(["-qq", "-o", "DPkg::Lock::Timeout=300"]).env("DEBIAN_FRONTEND", "noninteractive");
    apt
}
