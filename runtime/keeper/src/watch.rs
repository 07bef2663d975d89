//! Notices that something in the operator's folders changed. Only wakes the loader, which looks for itself; what a
//! notification misses, a rescan finds.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
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
    /// Wakes `wake` at each change, but not at those of `store` and the files beside it: the ledger may lie in a watched
    /// folder, and each run writes it. Where the system has no notifications left, only rescans find changes, and that is
    /// logged.
    pub(crate) fn new(wake: Arc<Notify>, store: &Path) -> Self {
        let store = store.file_name().map(ToOwned::to_owned);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_)) || is_of(store.as_deref(), &event)) {
                return;
            }
            wake.notify_one();
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

/// Whether an event is about nothing but the store: the names of its files begin with its own.
fn is_of(store: Option<&OsStr>, event: &Event) -> bool {
    let Some(store) = store else { return false };
    let of_store = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_bytes().starts_with(store.as_bytes()));
    !event.paths.is_empty() && event.paths.iter().all(of_store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_ledger_writes_is_no_change_of_a_file() {
        let store = Some(OsStr::new("watchkeeper.db"));
        let event = |names: &[&str]| names.iter().fold(Event::default(), |event, name| event.add_path(name.into()));
        for name in ["/srv/watchkeeper.db", "/srv/watchkeeper.db-wal", "/srv/watchkeeper.db-shm"] {
            assert!(is_of(store, &event(&[name])), "{name}");
        }
        assert!(!is_of(store, &event(&["/srv/watchkeeper.toml"])));
        assert!(!is_of(store, &event(&["/srv/watchkeeper.db-wal", "/srv/jobs.d/head.toml"])));
        assert!(!is_of(store, &event(&[])), "what names no file may be any");
    }
}
