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

/// The dev chain's binary.
///
/// # Errors
/// It isn't there.
pub(crate) fn anvil() -> Result<PathBuf> {
    path("WATCHKEEPER_ANVIL")
}

/// The binary of `cast`, a client for scripts.
///
/// # Errors
/// It isn't there.
pub(crate) fn cast() -> Result<PathBuf> {
    path("WATCHKEEPER_CAST")
}

/// The byte code that creates a contract of the tests.
///
/// # Errors
/// It isn't there.
pub(crate) fn bytecode(name: &str) -> Result<String> {
    let path = path("WATCHKEEPER_CONTRACTS")?.join("build").join(name).with_extension("json");
    let text = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    let contract: serde_json::Value = serde_json::from_str(&text)?;
    let code = contract.get("bytecode").and_then(serde_json::Value::as_str);
    code.map(str::to_owned).with_context(|| format!("no byte code in {}", path.display()))
}

fn path(variable: &str) -> Result<PathBuf> {
    let value = std::env::var_os(variable);
    value.map(PathBuf::from).with_context(|| format!("{variable} is not set: start this by `cargo xtask bench`"))
}
