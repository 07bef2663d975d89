//! Test plugins in Python: components of a toolchain that isn't ours, with imports of WASI 0.2.
//!
//! componentize-py is pinned by `tests/plugins-python/requirements.txt` and lives in a virtual environment under the
//! target directory, so that the machine's Python stays as it is.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::Done;
use crate::{command, project::Project};

const PINS: &str = "requirements.txt";

/// Builds each `NAME.py` of the folder as `NAME.wasm`, unless that is newer than all that it is made of. Does nothing
/// where there is no Python: the tests that need the components then fail and say so.
pub(crate) fn components(project: &Project) -> Done<()> {
    if command::find("python3").is_none() {
        return Ok(((), "MISSING: install python3, the tests of other toolchains will fail".to_owned()));
    }
    let sources = project.root().join("tests/plugins-python");
    let wit = project.root().join("wit");
    let common = [files(&wit, "wit")?, files(&wit.join("deps"), "wit")?, vec![sources.join(PINS)]].concat();
    let plugins = files(&sources, "py")?;
    let mut built = 0_usize;
    for plugin in &plugins {
        let component = project.components().join(plugin.with_extension("wasm").file_name().context("no name")?);
        if is_newer(&component, &[common.as_slice(), std::slice::from_ref(plugin)].concat())? {
            continue;
        }
        let compiler = install(project, &sources)?;
        build(&compiler, &wit, plugin, &component)?;
        built += 1;
    }
    Ok(((), format!("{built} built, {} up to date", plugins.len() - built)))
}

/// Installs the pinned componentize-py, unless it is there.
fn install(project: &Project, sources: &Path) -> Result<PathBuf> {
    let place = project.services().join("python");
    let compiler = place.join("bin/componentize-py");
    environment(&place, &sources.join(PINS), &compiler)?;
    Ok(compiler)
}

/// Makes a virtual environment with the packages of a pinned list and no others, unless the program that is wanted of it
/// is there and the list is still the same. Returns whether there was something to do.
pub(super) fn environment(place: &Path, wanted: &Path, program: &Path) -> Result<bool> {
    let installed = place.join(PINS);
    if program.is_file() && fs::read(&installed).ok() == Some(fs::read(wanted)?) {
        return Ok(false);
    }
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv", "--clear"]).arg(place);
    command::run(&mut environment)
        .context("can't make a virtual environment\nhint: Debian has `venv` in the package python3-venv")?;
    let mut pip = Command::new(place.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement"]).arg(wanted);
    command::run(&mut pip)?;
    fs::copy(wanted, &installed)?;
    Ok(true)
}

/// WASI stays imported, as it does by default: that a component of this kind runs is what it is for.
fn build(compiler: &Path, wit: &Path, plugin: &Path, component: &Path) -> Result<()> {
    let module = plugin.file_stem().context("no name")?;
    let folder = plugin.parent().context("no folder")?;
    let mut call = Command::new(compiler);
    call.arg("--quiet").arg("--wit-path").arg(wit).args(["--world", "plugin", "componentize", "--python-path"]);
    call.arg(folder).arg(module).arg("--output").arg(component);
    command::run(&mut call)
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("can't list {}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|found| found == extension)).collect())
}

fn is_newer(made: &Path, sources: &[PathBuf]) -> Result<bool> {
    let Ok(made) = fs::metadata(made) else { return Ok(false) };
    let made = made.modified()?;
    for source in sources {
        if fs::metadata(source)?.modified()? >= made {
            return Ok(false);
        }
    }
    Ok(true)
}
