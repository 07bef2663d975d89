//! Anvil, the EVM chain of the demo and the tests: its npm package, pinned by `tests/services/package-lock.json`.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::{Done, npm};
use crate::project::Project;

/// Installs the pinned package under the target directory, unless it is there.
pub(crate) fn install(project: &Project) -> Done<PathBuf> {
    let place = project.services().join("npm");
    let binary = npm::foundry(&place, "anvil")?;
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
