//! The host, and plugins as components. Cargo shows the progress.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use super::Done;
use crate::{
    command,
    project::{Build, Project},
};

/// Builds `watchkeeper`, and with it what the purpose needs.
pub(crate) fn host(project: &Project, build: Build) -> Done<PathBuf> {
    let selection: &[&str] = match build {
        // As a part of the workspace: alone it would have other features, and every dependency would be compiled once more.
        Build::Demo => &["--workspace", "--bin", "watchkeeper"],
        Build::Tests => &["--workspace", "--bins", "--tests"],
        Build::Bench => &["--package", "watchkeeper", "--package", "watchkeeper-bench", "--release"],
    };
    command::run(project.cargo(&["build"]).args(selection))?;
    let binary = project.watchkeeper(build);
    let note = binary.display().to_string();
    Ok((binary, note))
}

/// Builds the plugins under a folder of the clone as components, with the host's own command.
pub(crate) fn components(project: &Project, watchkeeper: &Path, folder: &str) -> Done<()> {
    let components = project.components();
    fs::create_dir_all(&components).with_context(|| format!("can't make {}", components.display()))?;
    let plugins = project.crates_under(folder)?;
    for plugin in &plugins {
        let mut build = Command::new(watchkeeper);
        build.args(["plugin", "build"]).arg(plugin).arg("-o").arg(project.component(plugin)?);
        command::run(&mut build)?;
    }
    Ok(((), format!("{} in {}", plugins.len(), components.display())))
}
