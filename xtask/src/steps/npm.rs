//! Packages from npm, pinned by a folder's `package-lock.json`. None of their scripts is run.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

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
