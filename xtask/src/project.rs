//! Where things are: the sources, and what is made from them.
//!
//! Everything made goes under cargo's target directory, so that a cached one (`CARGO_TARGET_DIR`) keeps it.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command;

/// The folders of a clone.
pub(crate) struct Project {
    root: PathBuf,
    target: PathBuf,
}

/// What the host is built for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// Running it.
    Demo,
    /// Running it and all tests: one build of the dependencies, with the features that the tests need.
    Tests,
    /// Measuring it: release mode.
    Bench,
}

impl Project {
    /// Asks cargo for the workspace that this program belongs to, and for its target directory.
    pub(crate) fn find() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let mut metadata = Command::new(cargo());
        metadata.args(["metadata", "--no-deps", "--format-version=1", "--manifest-path"]).arg(manifest);
        let answer: Value = serde_json::from_str(&command::capture(&mut metadata)?)?;
        let folder = |key: &str| {
            let path = answer.get(key).and_then(Value::as_str);
            path.map(PathBuf::from).with_context(|| format!("cargo metadata has no `{key}`"))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")? })
    }

    /// The clone.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The workspace of the bundled plugins.
    pub(crate) fn plugin_workspace(&self) -> PathBuf {
        self.root.join("plugins/Cargo.toml")
    }

    /// The folder of built components.
    pub(crate) fn components(&self) -> PathBuf {
        self.target.join("plugins")
    }

    /// The built component of the plugin in a folder: that folder's name, as `NAME.wasm`.
    pub(crate) fn component(&self, plugin: &Path) -> Result<PathBuf> {
        let name = plugin.file_name().context("a plugin's folder has no name")?;
        Ok(self.components().join(name).with_extension("wasm"))
    }

    /// Programs that the demo and the tests start, unpacked.
    pub(crate) fn services(&self) -> PathBuf {
        self.target.join("services")
    }

    /// The deployment that the demo runs on.
    pub(crate) fn demo(&self) -> PathBuf {
        self.target.join("demo")
    }

    /// The built host.
    pub(crate) fn watchkeeper(&self, build: Build) -> PathBuf {
        let folder = match build {
            Build::Demo | Build::Tests => "debug",
            Build::Bench => "release",
        };
        self.target.join(folder).join("watchkeeper")
    }

    /// A call of cargo in the clone.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut call = Command::new(cargo());
        call.args(arguments).current_dir(&self.root);
        call
    }

    /// The crates directly under a folder of the clone; none if there is no such folder.
    pub(crate) fn crates_under(&self, folder: &str) -> Result<Vec<PathBuf>> {
        let folder = self.root.join(folder);
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut crates = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("can't list {}", folder.display()))? {
            let path = entry?.path();
            if path.join("Cargo.toml").is_file() {
                crates.push(path);
            }
        }
        crates.sort();
        Ok(crates)
    }
}

/// The cargo that started this program.
fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
