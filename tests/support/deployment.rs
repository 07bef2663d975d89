//! A deployment in a temporary folder: what an operator writes, and the ways in which files come and go.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::programs;

/// The shared part of every deployment: a free port. Everything else lies beside the file, where it is by default.
const BASE: &str = "[server]\nlisten = \"127.0.0.1:0\"\n";

/// A folder with `watchkeeper.toml`, `jobs.d/` and `plugins/`; removed when dropped.
pub(crate) struct Deployment {
    folder: TempDir,
}

impl Deployment {
    /// A deployment without jobs and plugins; `configuration` goes on after the table `server`.
    pub(crate) fn new(configuration: &str) -> Self {
        let deployment = Self { folder: TempDir::new().expect("a temporary folder") };
        for folder in ["jobs.d", "plugins", ASIDE] {
            let path = deployment.path(folder);
            fs::create_dir(&path).expect("a new folder");
            fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("our folder");
        }
        deployment.configure(configuration);
        deployment
    }

    /// A deployment with one chain, `dev`, read from the given endpoints in their order.
    pub(crate) fn on_chain(endpoints: &[&str]) -> Self {
        Self::new(&format!("[chains.dev]\nchain_id = 31337\nendpoints = {endpoints:?}\n"))
    }

    /// Replaces `watchkeeper.toml` after its table `server`.
    pub(crate) fn configure(&self, configuration: &str) {
        self.write("watchkeeper.toml", format!("{BASE}\n{configuration}").as_bytes());
    }

    /// A path in the folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// What `--config` takes.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.path("watchkeeper.toml")
    }

    /// Adds or replaces a job.
    pub(crate) fn job(&self, name: &str, text: &str) {
        self.write(&format!("jobs.d/{name}.toml"), text.as_bytes());
    }

    /// Removes a job.
    pub(crate) fn remove_job(&self, name: &str) {
        fs::remove_file(self.path(&format!("jobs.d/{name}.toml"))).expect("the job's file is there");
    }

    /// Adds a built plugin, under its own name.
    pub(crate) fn plugin(&self, name: &str) {
        self.plugin_as(name, name);
    }

    /// Adds or replaces the plugin `name` by the built component of `source`.
    pub(crate) fn plugin_as(&self, name: &str, source: &str) {
        self.plugin_bytes(name, &fs::read(programs::component(source)).expect("a built component"));
    }

    /// Adds or replaces a plugin by any bytes.
    pub(crate) fn plugin_bytes(&self, name: &str, bytes: &[u8]) {
        self.write(&format!("plugins/{name}.wasm"), bytes);
    }

    /// Writes a plugin in place, as a careless copy does: truncated first, then in pieces with a pause before each.
    pub(crate) fn plugin_in_pieces(&self, name: &str, bytes: &[u8], pieces: usize, pause: Duration) {
        let path = self.path(&format!("plugins/{name}.wasm"));
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).open(path).expect("a plugin's file");
        for piece in bytes.chunks(bytes.len().div_ceil(pieces.max(1)).max(1)) {
            thread::sleep(pause);
            file.write_all(piece).expect("space on the disk");
            file.sync_data().expect("a disk that works");
        }
    }

    /// Writes a file as a whole: aside, then renamed over the old one. Only its owner may write it.
    pub(crate) fn write(&self, relative: &str, bytes: &[u8]) {
        let aside = self.path(ASIDE).join("new");
        write_file(&aside, bytes);
        fs::rename(&aside, self.path(relative)).expect("a rename within one folder");
    }
}

/// Where files are before their rename: on the same file system, in no folder that is watched.
const ASIDE: &str = "aside";

fn write_file(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("space on the disk");
    fs::set_permissions(path, Permissions::from_mode(0o644)).expect("our file");
}
