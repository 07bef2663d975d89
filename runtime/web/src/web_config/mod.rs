//! The web configuration file of Prometheus' exporter-toolkit: TLS, users with passwords, and headers, in the form that
//! operators have for their exporters. A key that is unknown or can't be honoured is an error: a setting that is silently
//! left out would be a hole.
//!
//! The file and those that it names are read again when they change, so that a renewed certificate needs no restart. What is
//! wrong then is logged, and what was right before stays.

mod headers;
mod load;
mod shape;
mod tls;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Mutex as Turn;

use crate::access::AccessError;

pub(crate) use load::Loaded;
use load::Stamps;

/// How long files are taken to be as they were.
const REST: Duration = Duration::from_secs(1);

/// A web configuration file, and what it says.
pub(crate) struct WebConfig {
    path: PathBuf,
    loaded: Mutex<Arc<Loaded>>,
    looked: Turn<Looked>,
}

/// The last look at the files.
struct Looked {
    at: Instant,
    stamps: Stamps,
}

impl WebConfig {
    /// Reads the file and those that it names.
    ///
    /// # Errors
    /// [`AccessError::WebConfig`], naming file and key.
    pub(crate) fn open(path: PathBuf) -> Result<Self, AccessError> {
        let (loaded, stamps) = load::load(&path)?;
        let looked = Turn::new(Looked { at: Instant::now(), stamps });
        Ok(Self { path, loaded: Mutex::new(Arc::new(loaded)), looked })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the files said when they were last looked at and right.
    pub(crate) fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.current())
    }

    /// Looks at the files, where the last look is a while ago, and reads them if they changed.
    pub(crate) async fn look(&self) {
        // Somebody else is looking: what is known will do.
        let Ok(mut looked) = self.looked.try_lock() else { return };
        if looked.at.elapsed() < REST {
            return;
        }
        looked.at = Instant::now();
        let (path, files) = (self.path.clone(), looked.stamps.clone());
        let read = move || Some(files.now()).filter(|now| *now != files).map(|now| (now, load::load(&path)));
        let work = tokio::task::spawn_blocking(read);
        match work.await {
            Ok(Some((_, Ok((loaded, stamps))))) => {
                looked.stamps = stamps;
                let path = self.path.display();
                if loaded.guard() == self.loaded().guard() {
                    *self.current() = Arc::new(loaded);
                    tracing::info!(%path, "the web configuration was read again");
                } else {
                    tracing::error!(%path, "TLS, users and clients' certificates come and go with a restart only: the old stays");
                }
            }
            Ok(Some((stamps, Err(error)))) => {
                looked.stamps = stamps;
                tracing::error!(%error, "the web configuration is wrong: the old stays");
            }
            Ok(None) | Err(_) => {}
        }
    }

    fn current(&self) -> MutexGuard<'_, Arc<Loaded>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use super::{REST, WebConfig};

    const USERS: &str = "basic_auth_users:\n  alice: $2b$04$GtbHO3UpmnLn1h.1aFPcXuXMe1nQ0m1sHTWHlyjiZJTk7ZwNkCkqy\n";

    /// Looks, however short ago the last look was.
    async fn look(config: &WebConfig) {
        let earlier = config.looked.lock().await.at.checked_sub(REST).unwrap();
        config.looked.lock().await.at = earlier;
        config.look().await;
    }

    #[tokio::test]
    async fn a_change_is_taken_a_mistake_is_not_and_no_edit_opens_what_was_guarded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.yml");
        fs::write(&path, USERS).unwrap();
        let config = WebConfig::open(path.clone()).unwrap();
        let first = config.loaded();
        look(&config).await;
        assert!(Arc::ptr_eq(&first, &config.loaded()), "nothing changed");

        for wrong in ["basic_auth_users: 1", "unknown: 1", "", "http_server_config: {}"] {
            fs::write(&path, wrong).unwrap();
            look(&config).await;
            assert!(Arc::ptr_eq(&first, &config.loaded()), "{wrong:?}");
        }
        fs::write(&path, USERS.replace("alice", "bob")).unwrap();
        config.look().await;
        assert!(config.loaded().password("alice").unwrap().1, "it looks once a second only");
        look(&config).await;
        assert!(!config.loaded().password("alice").unwrap().1 && config.loaded().password("bob").unwrap().1);
    }
}
