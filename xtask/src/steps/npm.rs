//! Packages from npm, pinned by a folder's `package-lock.json`. None of their scripts is run.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::command;

const PINS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Installs what `pins` names into `place/node_modules`, unless just that is there. Returns whether it had to.
pub(super) fn install(pins: &Path, place: &Path) -> Result<bool> {
    if place.join(INSTALLED).is_file() && is_same(pins, place)? {
        return Ok(false);
    }
    fs::create_dir_all(place)?;
    for pin in PINS {
        fs::copy(pins.join(pin), place.join(pin)).with_context(|| format!("can't copy {pin}"))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(place);
    command::run(&mut npm).context("hint: npm comes with Node.js 20 or later")?;
    Ok(true)
}

/// Where npm puts the binary of one of Foundry's programs for this machine's kind.
pub(super) fn foundry(place: &Path, program: &str) -> Result<PathBuf> {
    let machine = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => "linux-amd64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-amd64",
        ("macos", "aarch64") => "darwin-arm64",
        (system, processor) => bail!("{program} has no package for {system} on {processor}"),
    };
    Ok(place.join("node_modules/@foundry-rs").join(format!("{program}-{machine}/bin/{program}")))
}

/// What npm writes last.
const INSTALLED: &str = "node_modules/.package-lock.json";

fn is_same(pins: &Path, place: &Path) -> Result<bool> {
    for pin in PINS {
        let wanted = fs::read(pins.join(pin)).with_context(|| format!("can't read {pin}"))?;
        if fs::read(place.join(pin)).ok() != Some(wanted) {
            return Ok(false);
        }
    }
    Ok(true)
}
