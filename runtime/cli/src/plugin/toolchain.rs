//! Finds a Rust that compiles for `wasm32-unknown-unknown`. Installs nothing.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::failure::Failure;

/// What plugins are compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A way to compile for the target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The Rust on the path has the target's std.
    Ready,
    /// Debian's `rustc-web`, beside rustup's Rust, which builds the target's std from `rust-web-src`.
    Debian {
        /// The linker of the `lld` package.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Looks for one, as seen from a plugin's folder (which may pin a Rust of its own).
    ///
    /// # Errors
    /// There is none; says how to get one.
    pub(crate) fn find(folder: &Path) -> Result<Self, Failure> {
        if has_target(folder) {
            return Ok(Self::Ready);
        }
        let has_debian = Path::new("/usr/bin/rustc").exists() && Path::new("/usr/bin/cargo").exists();
        match linker().filter(|_| has_debian) {
            Some(linker) => Ok(Self::Debian { linker }),
            None => Err(Failure::failed(format!(
                "no Rust here compiles for {TARGET}\nhint: run `rustup target add {TARGET}`, or on Debian \
                 `apt-get install --no-install-recommends rustc-web cargo-web rust-web-src lld-22`"
            ))),
        }
    }

    /// A cargo that compiles for the target.
    pub(crate) fn cargo(&self) -> Command {
        match self {
            Self::Ready => Command::new("cargo"),
            Self::Debian { linker } => {
                let mut cargo = Command::new("/usr/bin/cargo");
                let path = std::env::var_os("PATH").unwrap_or_default();
                let paths = std::iter::once(PathBuf::from("/usr/bin")).chain(std::env::split_paths(&path));
                cargo
                    .env("PATH", std::env::join_paths(paths).unwrap_or(path.clone()))
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("RUSTFLAGS", format!("-Clinker={}", linker.display()))
                    .env_remove("RUSTUP_TOOLCHAIN");
                cargo
            }
        }
    }

    /// Arguments for `cargo build` beside the target.
    pub(crate) fn arguments(&self) -> &'static [&'static str] {
        match self {
            Self::Ready => &[],
            Self::Debian { .. } => &["-Zbuild-std=std,panic_abort"],
        }
    }
}

fn has_target(folder: &Path) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(folder);
    rustc.output().is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        output.status.success() && Path::new(folder.trim()).is_dir()
    })
}

/// The newest `wasm-ld-N`.
fn linker() -> Option<PathBuf> {
    let names = std::fs::read_dir("/usr/bin").ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let version = |path: &PathBuf| path.file_name()?.to_str()?.strip_prefix("wasm-ld-")?.parse::<u32>().ok();
    names.filter(|path| version(path).is_some()).max_by_key(version)
}
