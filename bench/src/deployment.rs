//! What an operator would write, in a temporary folder.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::node;

/// A folder with `watchkeeper.toml`, `jobs.d/` and `plugins/`; removed when dropped.
pub(crate) struct Deployment {
    folder: TempDir,
    address: SocketAddr,
    url: String,
}

impl Deployment {
    /// A deployment without jobs, with the chain `bench`, whose node is at `url`.
    ///
    /// # Errors
    /// The folder can't be written.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let folder = TempDir::new().context("no temporary folder")?;
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?;
        let deployment = Self { folder, address, url: url.to_owned() };
        for folder in ["jobs.d", "plugins"] {
            let folder = deployment.folder.path().join(folder);
            fs::create_dir(&folder)?;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        }
        deployment.configure("")?;
        Ok(deployment)
    }

    /// Writes the configuration: what every deployment has, and more after it.
    ///
    /// # Errors
    /// The folder can't be written.
    pub(crate) fn configure(&self, more: &str) -> Result<()> {
        let (address, url, id) = (self.address, &self.url, node::CHAIN_ID);
        let text = format!(
            "[server]\nlisten = \"{address}\"\n\n[limits]\nconcurrent_runs = 64\n\n\
             [chains.bench]\nchain_id = {id}\nendpoints = [\"{url}\"]\n\n{more}"
        );
        self.write("watchkeeper.toml", text.as_bytes())
    }

    /// The folder of it all.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where a process on this deployment listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where such a process's log goes.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What `--config` takes.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("watchkeeper.toml")
    }

    /// Where such a process's ledger is.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("watchkeeper.db")
    }

    pub(crate) fn job(&self, name: &str, text: &str) -> Result<()> {
        self.write(&format!("jobs.d/{name}.toml"), text.as_bytes())
    }

    pub(crate) fn plugin(&self, name: &str, component: &[u8]) -> Result<()> {
        self.write(&format!("plugins/{name}.wasm"), component)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.path().join(path);
        fs::write(&path, bytes).with_context(|| format!("can't write {}", path.display()))?;
        Ok(fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?)
    }
}
