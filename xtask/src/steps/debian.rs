//! Programs out of Debian's packages, unpacked under the target directory.
//!
//! Unpacked, not installed: that needs no root and starts no service.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use super::apt_get;
use crate::command;

/// Whether this machine has Debian's packages.
pub(super) fn is_here() -> bool {
    command::find("apt-get").is_some()
}

/// Downloads the packages, without what they depend on, and unpacks them into `place`: programs are then in `usr/bin`.
pub(super) fn unpack(packages: &[&str], place: &Path) -> Result<()> {
    eprintln!("    unpacking Debian's {} into {}", packages.join(" and "), place.display());
    let downloads = place.join("apt");
    let files = download(packages, &downloads)?;
    if files.len() != packages.len() {
        bail!("apt-get downloaded {} of {} packages", files.len(), packages.len());
    }
    for file in files {
        command::run(Command::new("dpkg-deb").arg("--extract").arg(file).arg(place))?;
    }
    fs::remove_dir_all(downloads)?;
    Ok(())
}

/// Downloads with package lists of its own, so that the system's stay as they are.
fn download(packages: &[&str], place: &Path) -> Result<Vec<PathBuf>> {
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
    command::run(apt().arg("download").args(packages))?;
    let files = fs::read_dir(place)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    Ok(files.into_iter().filter(|file| file.extension().is_some_and(|end| end == "deb")).collect())
}
