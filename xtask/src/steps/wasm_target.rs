//! A toolchain that compiles for `wasm32-unknown-unknown`: rustup's, or else Debian's.
//!
//! This only makes sure that there is one; `watchkeeper plugin build` finds it by itself. Debian's compiler stands
//! beside rustup's and builds the target's std from source, for machines that can't reach rustup's downloads.

use std::{path::Path, process::Command};

use anyhow::{Result, bail};

use super::{Done, apt_get, is_root};
use crate::{command, project::Project};

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];

/// Finds the target, or installs it.
///
/// # Errors
/// If neither way works here; the message holds the commands for a person who may run them.
pub(crate) fn ensure(project: &Project) -> Done<()> {
    if has_std(project)? {
        return Ok(((), format!("rustc has {TARGET}")));
    }
    if has_debian_packages() {
        return Ok(((), "Debian's rustc-web builds it".to_owned()));
    }
    eprintln!("    rustup target add {TARGET}");
    if command::run(Command::new("rustup").args(["target", "add", TARGET]).current_dir(project.root())).is_ok() {
        return Ok(((), "rustup added it".to_owned()));
    }
    install_debian_packages()?;
    Ok(((), "Debian's rustc-web builds it".to_owned()))
}

fn has_std(project: &Project) -> Result<bool> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(project.root());
    Ok(Path::new(command::capture(&mut rustc)?.trim()).is_dir())
}

fn has_debian_packages() -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${db:Status-Status}\n"]).args(DEBIAN_PACKAGES);
    command::capture(&mut query).is_ok_and(|states| states.lines().all(|state| state == "installed"))
}

fn install_debian_packages() -> Result<()> {
    let packages = DEBIAN_PACKAGES.join(" ");
    let install = format!("apt-get install --no-install-recommends {packages}");
    if command::find("apt-get").is_none() {
        bail!(
            "no way to compile for {TARGET}\nhint: run `rustup target add {TARGET}` where its downloads can be reached"
        );
    }
    if !is_root() {
        bail!("no way to compile for {TARGET}\nhint: run `rustup target add {TARGET}`, or as root `{install}`");
    }
    eprintln!("    rustup can't; installing Debian's packages {packages}, beside rustup's Rust");
    command::run(apt_get().arg("update"))?;
    command::run(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(DEBIAN_PACKAGES))
}
