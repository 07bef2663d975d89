//! Anvil, the EVM chain of the demo and the tests: its npm package, pinned by `tests/services/package-lock.json`.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::{Done, npm};
use crate::project::Project;

/// Installs the pinned package under the target directory, unless it is there.
pub(crate) fn install(project: &Project) -> Done<PathBuf> {
    let place = project.services().join("npm");
    let binary = binary(&place)?;
    let pins = project.root().join("tests/services");
    let note = match npm::install(&pins, &place).context("can't install Anvil")? {
        true => "installed from npm",
        false => "already installed",
    };
    if !binary.is_file() {
        bail!("npm installed no {}", binary.display());
    }
    Ok((binary, note.to_owned()))
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
