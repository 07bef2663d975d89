//! A headless Chromium and playwright-core, for the tests of the pages: npm packages pinned by `tests/pages/package-lock.json`.
//!
//! The Chromium in there is made for machines that have nothing but glibc: it brings its libraries and a font. It needs no
//! root, and leaves the machine's own browser alone. It is for Linux on x86-64; elsewhere the machine's own is taken.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{Done, npm};
use crate::{command, project::Project};

/// What the tests of the pages run.
pub(crate) struct Browser {
    /// The browser; none where there is neither a package for this machine nor a browser on it.
    pub(crate) chromium: Option<PathBuf>,
    /// The module that drives it.
    pub(crate) playwright: PathBuf,
}

/// Installs both under the target directory, unless they are there. Without a browser, the tests that need one fail and say
/// so.
pub(crate) fn install(project: &Project) -> Done<Browser> {
    let place = project.services().join("browser");
    let pins = project.root().join("tests/pages");
    let is_new = npm::install(&pins, &place).context("can't install the browser")?;
    let playwright = place.join("node_modules/playwright-core/index.js");
    if (env::consts::OS, env::consts::ARCH) == ("linux", "x86_64") {
        let chromium = place.join("chromium");
        let note = if is_new || !chromium.is_file() {
            unpack(&pins, &place, &chromium)?;
            "installed from npm"
        } else {
            "already installed"
        };
        return Ok((Browser { chromium: Some(chromium), playwright }, note.to_owned()));
    }
    let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(command::find);
    let note = match &chromium {
        Some(found) => format!("found {}", found.display()),
        None => {
            "MISSING: install Chromium, or name one in WATCHKEEPER_CHROMIUM; tests of the pages will fail".to_owned()
        }
    };
    Ok((Browser { chromium, playwright }, note))
}

/// Unpacks the browser, and last writes the program that starts it with what it brings along.
fn unpack(pins: &Path, place: &Path, chromium: &Path) -> Result<()> {
    let package = place.join("node_modules/@sparticuz/chromium/bin");
    command::run(Command::new("node").arg(pins.join("unpack.mjs")).arg(package).arg(place))?;
    let here = place.to_str().context("the target directory's path is not UTF-8")?;
    fs::write(place.join("fonts.conf"), FONTS.replace("HERE", here))?;
    fs::write(chromium, LAUNCHER)?;
    fs::set_permissions(chromium, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// The machine's fonts, if it has any, and the one that came along. It is also what stands in for a font that is missing:
/// this browser ends where there is none.
const FONTS: &str = r#"<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>HERE/fonts</dir>
  <cachedir>HERE/font-cache</cachedir>
  <match target="pattern"><edit name="family" mode="append" binding="same"><string>Open Sans</string></edit></match>
</fontconfig>
"#;

const LAUNCHER: &str = r#"#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="$here/lib" FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/headless-shell" "$@"
"#;
