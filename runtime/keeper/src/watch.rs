//! Notices that something in the operator's folders changed. Only wakes the loader, which looks for itself; what a
//! notification misses, a rescan finds.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// Watches folders until it is dropped.
pub(crate) struct Watch {
    watcher: Option<RecommendedWatcher>,
    /// Device and inode of each folder as it was when its watch began.
    watched: BTreeMap<PathBuf, Option<(u64, u64)>>,
}

impl Watch {
    /// Wakes `wake` at each change. Where the system has no notifications left, only rescans find changes, and that is
    /// logged.
    pub(crate) fn new(wake: Arc<Notify>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                wake.notify_one();
            }
        });
        match watcher {
            Ok(watcher) => Self { watcher: Some(watcher), watched: BTreeMap::new() },
            Err(reason) => {
                tracing::warn!(%reason, "no notifications of changed files: they are found by rescans");
                Self { watcher: None, watched: BTreeMap::new() }
            }
        }
    }

    /// Watches these folders. One that was replaced by another since the last call is watched anew.
    pub(crate) fn follow(&mut self, folders: &[PathBuf]) {
        for folder in folders {
            let found = fs::metadata(folder).ok().map(|metadata| (metadata.dev(), metadata.ino()));
            let before = self.watched.insert(folder.clone(), found);
            if before != Some(found) && found.is_some() {
                self.begin(folder);
            }
        }
    }

    fn begin(&mut self, folder: &Path) {
        let Some(watcher) = &mut self.watcher else { return };
        // It fails where the path wasn't watched before.
        let _unknown = watcher.unwatch(folder);
        if let Err(reason) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            tracing::warn!(folder = %folder.display(), %reason, "not watched: changes are found by rescans");
        }
    }
}
