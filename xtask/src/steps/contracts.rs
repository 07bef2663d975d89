//! What tests of contracts need: real contracts from npm, the tests' own compiled by solc, and `cast` as a client that isn't
//! ours. Pinned by `tests/contracts/package-lock.json`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{Done, npm};
use crate::{command, project::Project};

/// Where the contracts and the client are.
pub(crate) struct Contracts {
    /// With `node_modules/` of the pinned packages and `build/NAME.json` of what was compiled.
    pub(crate) folder: PathBuf,
    /// The binary of `cast`.
    pub(crate) cast: PathBuf,
}

/// Installs the pinned packages under the target directory and compiles the tests' own contracts, unless they are there.
pub(crate) fn install(project: &Project) -> Done<Contracts> {
    let folder = project.services().join("contracts");
    let sources = project.root().join("tests/contracts");
    let installed = npm::install(&sources, &folder).context("can't install the contracts")?;
    let cast = npm::foundry(&folder, "cast")?;
    if !cast.is_file() {
        bail!("npm installed no {}", cast.display());
    }
    let compiled = compile(&sources, &folder)?;
    let word = |done: bool, what: &str| if done { what.to_owned() } else { format!("already {what}") };
    let note = format!("{}, {}", word(installed, "installed"), word(compiled, "compiled"));
    Ok((Contracts { folder, cast }, note))
}

/// Compiles, unless just these sources were. Returns whether it had to.
fn compile(sources: &Path, folder: &Path) -> Result<bool> {
    let build = folder.join("build");
    let stamp = build.join("sources");
    let wanted = text_of(sources)?;
    if fs::read_to_string(&stamp).ok().as_deref() == Some(&*wanted) {
        return Ok(false);
    }
    let mut node = Command::new("node");
    node.arg(sources.join("compile.cjs")).arg(&build).env("NODE_PATH", folder.join("node_modules"));
    command::run(&mut node)?;
    fs::write(stamp, wanted)?;
    Ok(true)
}

/// Everything that is compiled, and what compiles it.
fn text_of(sources: &Path) -> Result<String> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(sources)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    paths.retain(|path| path.extension().is_some_and(|kind| ["sol", "cjs", "json"].iter().any(|known| kind == *known)));
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read_to_string(path).with_context(|| format!("can't read {}", path.display())))
        .collect()
}
