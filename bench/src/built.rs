//! What `cargo xtask bench` built before it started this program.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};

/// The release build of the host: it also compiles plugins, for it and for the house in this process.
///
/// # Errors
/// It isn't there.
pub(crate) fn watchkeeper() -> Result<PathBuf> {
    path("WATCHKEEPER_BINARY")
}

/// The bytes of a built component.
///
/// # Errors
/// It isn't there.
pub(crate) fn component(name: &str) -> Result<Vec<u8>> {
    let path = path("WATCHKEEPER_PLUGINS")?.join(name).with_extension("wasm");
    fs::read(&path).with_context(|| format!("can't read {}", path.display()))
}

fn path(variable: &str) -> Result<PathBuf> {
    let value = std::env::var_os(variable);
    value.map(PathBuf::from).with_context(|| format!("{variable} is not set: start this by `cargo xtask bench`"))
}
