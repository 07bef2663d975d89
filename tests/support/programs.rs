//! Where the programs and components that tests use are. `cargo xtask test` makes them ready and names them in the
//! environment; without it they are looked for where it puts them.
//!
//! A missing one is a failure that says what to do: a test never passes because something wasn't there.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Anvil's binary.
pub(crate) fn anvil() -> PathBuf {
    find("anvil", "WATCHKEEPER_ANVIL", &foundry("npm", "anvil"))
}

/// The client `cast`, which isn't ours.
pub(crate) fn cast() -> PathBuf {
    find("cast", "WATCHKEEPER_CAST", &foundry("contracts", "cast"))
}

/// A file of the tests' contracts, such as `build/Emitter.json`.
pub(crate) fn contract(file: &str) -> PathBuf {
    let folder =
        env::var_os("WATCHKEEPER_CONTRACTS").map_or_else(|| target().join("services/contracts"), PathBuf::from);
    let path = folder.join(file);
    assert!(path.is_file(), "there is no {}\nhint: run `cargo xtask test`, which makes it", path.display());
    path
}

/// Prometheus' server.
pub(crate) fn prometheus() -> PathBuf {
    find("prometheus", "WATCHKEEPER_PROMETHEUS", &target().join("services/prometheus/usr/bin/prometheus"))
}

/// Prometheus' checking tool.
pub(crate) fn promtool() -> PathBuf {
    find("promtool", "WATCHKEEPER_PROMTOOL", &target().join("services/prometheus/usr/bin/promtool"))
}

/// SeaweedFS, an object store that speaks S3.
pub(crate) fn weed() -> PathBuf {
    find("weed", "WATCHKEEPER_WEED", &target().join("services/seaweedfs/bin/weed"))
}

/// The reference tool for files that are encrypted to age recipients. `age-keygen` lies beside it.
pub(crate) fn age() -> PathBuf {
    find("age", "WATCHKEEPER_AGE", &target().join("services/age-and-zstd/usr/bin/age"))
}

/// The reference tool for Zstandard.
pub(crate) fn zstd() -> PathBuf {
    find("zstd", "WATCHKEEPER_ZSTD", &target().join("services/age-and-zstd/usr/bin/zstd"))
}

/// A program of the newest PostgreSQL on this machine, such as `pg_dump`: Debian's by its version, or what is on `PATH`.
pub(crate) fn postgres(name: &str) -> PathBuf {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = installed.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let newest = versions.max().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin/{name}")));
    let mut places = newest.into_iter().chain(on_path(name));
    places.find(|place| place.is_file()).unwrap_or_else(|| {
        panic!("{name} is needed and was not found\nhint: install PostgreSQL, such as Debian's package postgresql")
    })
}

/// The program that makes requests up from an OpenAPI document.
pub(crate) fn schemathesis() -> PathBuf {
    find("schemathesis", "WATCHKEEPER_SCHEMATHESIS", &target().join("services/schemathesis/bin/schemathesis"))
}

/// A headless Chromium.
pub(crate) fn chromium() -> PathBuf {
    find("chromium", "WATCHKEEPER_CHROMIUM", &target().join("services/browser/chromium"))
}

/// The npm package `playwright-core`, by its module.
pub(crate) fn playwright() -> PathBuf {
    let module = "services/browser/node_modules/playwright-core/index.js";
    find("playwright-core", "WATCHKEEPER_PLAYWRIGHT", &target().join(module))
}

/// The built component of a plugin.
pub(crate) fn component(plugin: &str) -> PathBuf {
    let folder = env::var_os("WATCHKEEPER_PLUGINS").map_or_else(|| target().join("plugins"), PathBuf::from);
    let file = folder.join(format!("{plugin}.wasm"));
    assert!(file.is_file(), "there is no {}\nhint: run `cargo xtask test`, which builds the plugins", file.display());
    file
}

fn find(name: &str, variable: &str, usual: &Path) -> PathBuf {
    let named = env::var_os(variable).map(PathBuf::from);
    let mut places = named.into_iter().chain([usual.to_owned()]).chain(on_path(name));
    places.find(|place| place.is_file()).unwrap_or_else(|| {
        panic!("{name} is needed and was not found\nhint: run `cargo xtask test`, install it, or set {variable}")
    })
}

fn on_path(name: &str) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(name)).collect()
}

/// Cargo's target directory: test binaries lie in `target/PROFILE/deps`.
fn target() -> PathBuf {
    let binary = env::current_exe().expect("this program has a file");
    binary.ancestors().nth(3).expect("tests run below cargo's target directory").to_owned()
}

/// Where `cargo xtask test` puts one of Foundry's programs.
fn foundry(place: &str, program: &str) -> PathBuf {
    let package = format!("services/{place}/node_modules/@foundry-rs/{program}-{}/bin/{program}", machine());
    target().join(package)
}

/// This machine's kind as Anvil's npm packages call it.
fn machine() -> &'static str {
    match (env::consts::OS, env::consts::ARCH) {
        ("macos", "aarch64") => "darwin-arm64",
        ("macos", _) => "darwin-amd64",
        (_, "aarch64") => "linux-arm64",
        _ => "linux-amd64",
    }
}
