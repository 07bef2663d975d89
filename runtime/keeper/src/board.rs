//! What the last reading of each file came to: the one place that the status, the metric and a reload's answer read.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use jiff::Timestamp;
use watchkeeper_model::Clock;
use watchkeeper_web::api::Reload;

use crate::{conductor::epoch_seconds, news::News, telemetry::Telemetry};

/// The result of each file's last reading.
pub(crate) struct Board {
    telemetry: Arc<Telemetry>,
    clock: Arc<dyn Clock>,
    news: News,
    files: Mutex<BTreeMap<PathBuf, FileStatus>>,
    last_pass: Mutex<Option<Reload>>,
}

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct FileStatus {
    /// Where it is.
    pub(crate) path: String,
    /// Whether what it says now is what runs.
    pub(crate) ok: bool,
    /// What is wrong with it.
    pub(crate) error: Option<String>,
    /// When it was last read without a problem.
    pub(crate) loaded_at: Option<Timestamp>,
}

impl Board {
    pub(crate) fn new(telemetry: Arc<Telemetry>, clock: Arc<dyn Clock>, news: News) -> Self {
        Self { telemetry, clock, news, files: Mutex::default(), last_pass: Mutex::default() }
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
        let now = self.clock.now();
        self.telemetry.reloaded(problems.len(), epoch_seconds(now));
        let ok = problems.is_empty();
        let before = self.last_pass().replace(Reload { at: now, ok });
        if before.is_none_or(|before| before.ok != ok) {
            self.news.reloaded(ok);
        }
        problems
    }

    /// The last pass over all files; none before the first.
    pub(crate) fn last_reload(&self) -> Option<Reload> {
        self.last_pass().clone()
    }

    fn last_pass(&self) -> MutexGuard<'_, Option<Reload>> {
        self.last_pass.lock().unwrap_or_else(PoisonError::into_inner)
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
