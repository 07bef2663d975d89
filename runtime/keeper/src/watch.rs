//! Notices that something in the operator's folders changed. Only wakes the loader, which looks for itself; what a
//! notification misses, a rescan finds.

use std::{path::Path, sync::Arc};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// Watches folders until it is dropped.
pub(crate) struct Watch {
    watcher: Option<RecommendedWatcher>,
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
            Ok(watcher) => Self { watcher: Some(watcher) },
            Err(reason) => {
                tracing::warn!(%reason, "no notifications of changed files: they are found by rescans");
                Self { watcher: None }
            }
        }
    }

    /// Adds a folder.
    pub(crate) fn add(&mut self, folder: &Path) {
        let Some(watcher) = &mut self.watcher else { return };
        if let Err(reason) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            tracing::warn!(folder = %folder.display(), %reason, "not watched: changes are found by rescans");
        }
    }
}
