//! A store as it is configured: where it is, for whom it encrypts, what it can open.

use std::sync::Arc;

use watchkeeper_config::ArtifactStoreSettings;

use crate::{Identities, StoreError, backend::Backend, key::Recipients};

/// A store of artifacts. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) backend: Arc<Backend>,
    pub(crate) recipients: Recipients,
    pub(crate) identities: Identities,
}

/// Told of bytes done, and of how many there are in all; 0 where that isn't known. Called often, from any thread: be quick.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Tells nobody.
pub fn no_progress() -> Progress {
    Arc::new(|_, _| {})
}

impl Store {
    /// Makes ready the store `name` of the settings. Reads the identity file, and touches neither network nor store.
    ///
    /// # Errors
    /// [`StoreError::Settings`].
    pub fn open(name: &str, settings: &ArtifactStoreSettings) -> Result<Self, StoreError> {
        let wrong = |why: String| StoreError::Settings { store: name.to_owned(), why };
        let recipients = Recipients::parse(&settings.recipients).map_err(wrong)?;
        let identities = match &settings.identity_file {
            Some(file) => Identities::read(file).map_err(wrong)?,
            None => Identities::default(),
        };
        let backend = Backend::open(name, &settings.url, &settings.options).map_err(wrong)?;
        Ok(Self { backend: Arc::new(backend), recipients, identities })
    }

    /// The same store with these identities in place of those of its settings.
    #[must_use]
    pub fn with_identities(self, identities: Identities) -> Self {
        Self { identities, ..self }
    }

    /// Its name in the settings.
    pub fn name(&self) -> &str {
        self.backend.name()
    }

    /// Whether what it stores is encrypted.
    pub fn encrypts(&self) -> bool {
        !self.recipients.is_empty()
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "artifact store {}", self.name())
    }
}
