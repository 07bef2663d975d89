//! What the last reading of each file came to: the one place that the status, the metric and a reload's answer read.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use watchkeeper_model::Clock;
use watchkeeper_web::status::FileStatus;

use crate::{conductor::epoch_seconds, telemetry::Telemetry};

/// The result of each file's last reading.
pub(crate) struct Board {
    telemetry: Arc<Telemetry>,
    clock: Arc<dyn Clock>,
    files: Mutex<BTreeMap<PathBuf, FileStatus>>,
}

impl Board {
    pub(crate) fn new(telemetry: Arc<Telemetry>, clock: Arc<dyn Clock>) -> Self {
        Self { telemetry, clock, files: Mutex::default() }
    }

    /// What the file says is what runs now.
    pub(crate) fn loaded(&self, kind: &str, path: &Path, begun: Instant) {
        self.telemetry.file_loaded(kind, path, begun.elapsed());
        let mut files = self.files();
        let file = entry(&mut files, path);
        file.ok = true;
        file.error = None;
        file.loaded_at = Some(self.clock.now());
    }

    /// The file is wrong; the last good version stays. The same reason twice is told once.
    pub(crate) fn refused(&self, kind: &str, path: &Path, reason: &str) {
        let mut files = self.files();
        let file = entry(&mut files, path);
        if file.error.as_deref() != Some(reason) {
            self.telemetry.file_refused(kind, path, reason);
        }
        file.ok = false;
        file.error = Some(reason.to_owned());
    }

    /// Drops what was said of files that matter no more.
    pub(crate) fn keep(&self, matter: &BTreeSet<PathBuf>) {
        self.files().retain(|path, _| matter.contains(path));
    }

    /// What is wrong with a file.
    pub(crate) fn problem(&self, path: &Path) -> Option<String> {
        self.files().get(path).and_then(|file| file.error.clone())
    }

    /// A pass over all files is over: the metric tells how it went. Returns what is wrong.
    pub(crate) fn passed(&self) -> Vec<String> {
        let problems: Vec<String> = self.files().values().filter_map(|file| file.error.clone()).collect();
        self.telemetry.reloaded(problems.len(), epoch_seconds(self.clock.now()));
        problems
    }

    /// All files, by path.
    pub(crate) fn all(&self) -> Vec<FileStatus> {
        self.files().values().cloned().collect()
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<PathBuf, FileStatus>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry<'a>(files: &'a mut BTreeMap<PathBuf, FileStatus>, path: &Path) -> &'a mut FileStatus {
    files.entry(path.to_owned()).or_insert_with(|| FileStatus {
        path: path.display().to_string(),
        ok: false,
        error: None,
        loaded_at: None,
    })
}
