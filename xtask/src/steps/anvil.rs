//! Anvil, the EVM chain of the demo and the tests: its npm package, pinned by `tests/services/package-lock.json`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::Done;
use crate::{command, project::Project};

const PINS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Installs the pinned package under the target directory, unless it is there. Runs none of its scripts.
pub(crate) fn install(project: &Project) -> Done<PathBuf> {
    let pins = project.root().join("tests/services");
    let place = project.services().join("npm");
    let binary = binary(&place)?;
    if binary.is_file() && is_same(&pins, &place)? {
        return Ok((binary, "already installed".to_owned()));
    }
    fs::create_dir_all(&place)?;
    for pin in PINS {
        fs::copy(pins.join(pin), place.join(pin)).with_context(|| format!("can't copy {pin}"))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&place);
    command::run(&mut npm).context("can't install Anvil\nhint: npm comes with Node.js 20 or later")?;
    if !binary.is_file() {
        bail!("npm installed no {}", binary.display());
    }
    Ok((binary, "installed from npm".to_owned()))
}

fn is_same(pins: &Path, place: &Path) -> Result<bool> {
    for pin in PINS {
        let wanted = fs::read(pins.join(pin)).with_context(|| format!("can't read {pin}"))?;
        if fs::read(place.join(pin)).ok() != Some(wanted) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Where npm puts the binary of this machine's kind.
fn binary(place: &Path) -> Result<PathBuf> {
    let machine = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => "linux-amd64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-amd64",
        ("macos", "aarch64") => "darwin-arm64",
        (system, processor) => bail!("Anvil has no package for {system} on {processor}"),
    };
    Ok(place.join("node_modules/@foundry-rs").join(format!("anvil-{machine}/bin/anvil")))
}
