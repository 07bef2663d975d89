//! Prometheus and promtool, for the tests: the machine's own, or Debian's package unpacked under the target directory.
//!
//! Unpacked, not installed: that needs no root and starts no service.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{Done, apt_get};
use crate::{command, project::Project};

/// The two programs.
pub(crate) struct Prometheus {
    pub(crate) server: PathBuf,
    pub(crate) promtool: PathBuf,
}

/// Finds or unpacks them. None where neither is possible: the tests that need them then fail and say so.
pub(crate) fn install(project: &Project) -> Done<Option<Prometheus>> {
    if let (Some(server), Some(promtool)) = (command::find("prometheus"), command::find("promtool")) {
        return Ok((Some(Prometheus { server, promtool }), "found on PATH".to_owned()));
    }
    let place = project.services().join("prometheus");
    let programs = place.join("usr/bin");
    let unpacked = Prometheus { server: programs.join("prometheus"), promtool: programs.join("promtool") };
    if unpacked.server.is_file() && unpacked.promtool.is_file() {
        return Ok((Some(unpacked), "already unpacked".to_owned()));
    }
    if command::find("apt-get").is_none() {
        return Ok((None, "MISSING: install prometheus and promtool, the tests that need them will fail".to_owned()));
    }
    eprintln!("    unpacking Debian's package into {}", place.display());
    let package = download(&place.join("apt"))?;
    command::run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(&place))?;
    fs::remove_dir_all(place.join("apt"))?;
    Ok((Some(unpacked), "unpacked".to_owned()))
}

/// Downloads the package with package lists of its own, so that the system's stay as they are.
fn download(place: &Path) -> Result<PathBuf> {
    for folder in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(place.join(folder))?;
    }
    let apt = || {
        let mut apt = apt_get();
        apt.current_dir(place).args(["-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=true"]);
        apt.arg("-o").arg(format!("Dir::State::lists={}", place.join("lists").display()));
        apt.arg("-o").arg(format!("Dir::Cache={}", place.join("cache").display()));
        apt
    };
    command::run(apt().arg("update"))?;
    command::run(apt().args(["download", "prometheus"]))?;
    let mut files = fs::read_dir(place)?.filter_map(|entry| Some(entry.ok()?.path()));
    files.find(|file| file.extension().is_some_and(|end| end == "deb")).context("apt-get downloaded no package")
}
