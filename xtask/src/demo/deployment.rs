//! The demo's copy of `config/demo`: made anew each time, with free ports and the built plugins beside it.

use std::{
    fs::{self, File, Permissions},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::dev_chain;
use crate::{project::Project, steps::Done};

/// Watchkeeper's usual port, and the one that `config/demo` names.
const USUAL_PORT: u16 = 9464;
const ANSWER: Duration = Duration::from_secs(1);

/// A folder that `watchkeeper run` can run on.
pub(crate) struct Deployment {
    folder: PathBuf,
    port: u16,
    http: ureq::Agent,
    /// Held while the demo runs, so that a second one doesn't take the folder away.
    _lock: File,
}

impl Deployment {
    /// Lays out the copy, for a chain on the given port.
    pub(crate) fn lay(project: &Project, chain_port: u16) -> Done<Self> {
        let folder = project.demo();
        let lock = File::create(folder.with_extension("lock"))?;
        if lock.try_lock().is_err() {
            bail!("another demo runs on {}", folder.display());
        }
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let port = free_port(USUAL_PORT)?;
        let ports = [(dev_chain::USUAL_PORT, chain_port), (USUAL_PORT, port)];
        copy_configuration(&project.root().join("config/demo"), &folder, &ports)?;
        copy_plugins(project, &folder.join("plugins"))?;
        let note = format!("{}, a copy of config/demo", folder.display());
        let http = ureq::Agent::config_builder().timeout_global(Some(ANSWER)).proxy(None).build().into();
        Ok((Self { folder, port, http, _lock: lock }, note))
    }

    /// What `--config` takes.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.join("watchkeeper.toml")
    }

    /// Whether Watchkeeper says that it is ready.
    pub(crate) fn is_ready(&self) -> bool {
        self.http.get(self.url("/-/ready")).call().is_ok()
    }

    /// Where a person can look, and what to try.
    pub(crate) fn directions(&self, chain: &str) -> String {
        let rows = [
            ("page", self.url("/")),
            ("metrics", self.url("/metrics")),
            ("API", self.url("/api/v1/jobs")),
            ("chain", chain.to_owned()),
            ("jobs", format!("{} (edit, add or delete one: it applies at once)", self.folder.join("jobs.d").display())),
        ];
        let rows = rows.iter().map(|(what, place)| format!("  {what:<8} {place}\n"));
        format!("\nWatchkeeper is running. Ctrl-C ends it.\n{}", rows.collect::<String>())
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// The given port of the loopback address, or another if it is taken.
pub(crate) fn free_port(usual: u16) -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", usual)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?;
    Ok(listener.local_addr()?.port())
}

/// Copies a folder of configuration files, replacing the loopback ports that they name.
fn copy_configuration(from: &Path, to: &Path, ports: &[(u16, u16)]) -> Result<()> {
    make_folder(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("can't list {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_configuration(&entry.path(), &target, ports)?;
            continue;
        }
        let mut text = fs::read_to_string(entry.path())?;
        for (usual, port) in ports {
            text = text.replace(&format!("127.0.0.1:{usual}"), &format!("127.0.0.1:{port}"));
        }
        write_file(&target, text.as_bytes())?;
    }
    Ok(())
}

/// Copies the bundled plugins, and none of those that tests may have built beside them.
fn copy_plugins(project: &Project, to: &Path) -> Result<()> {
    make_folder(to)?;
    for plugin in project.crates_under("plugins")? {
        let component = project.component(&plugin)?;
        let name = component.file_name().context("a component has a name")?;
        let bytes = fs::read(&component).with_context(|| format!("can't read {}", component.display()))?;
        write_file(&to.join(name), &bytes)?;
    }
    Ok(())
}

/// Watchkeeper refuses folders and files that others may write, whatever the umask here is.
fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path)?;
    Ok(fs::set_permissions(path, Permissions::from_mode(0o755))?)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("can't write {}", path.display()))?;
    Ok(fs::set_permissions(path, Permissions::from_mode(0o644))?)
}
