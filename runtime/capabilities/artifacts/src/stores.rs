//! The stores of a configuration, made ready once.

use std::{collections::BTreeMap, sync::Arc};

use tokio::runtime::Handle;
use watchkeeper_artifact_store::{Store, StoreError};
use watchkeeper_config::Settings;
use watchkeeper_contract::{Grant, GrantError, Open};
use watchkeeper_model::{Clock, JobName};

use crate::{ArtifactMetrics, NAME, grant};

/// All stores, by the operator's names.
#[derive(Debug, Clone)]
pub struct Stores(Arc<House>);

/// What every grant needs.
pub(crate) struct House {
    pub(crate) stores: BTreeMap<String, Store>,
    pub(crate) metrics: ArtifactMetrics,
    pub(crate) runtime: Handle,
    pub(crate) clock: Arc<dyn Clock>,
    /// Who holds a lease, in words.
    pub(crate) holder: String,
}

/// Why a store can't be made ready; names it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct OpenError(#[from] StoreError);

impl Stores {
    /// Makes ready every store; asks nothing of them. What is stored and read is done by tasks of `runtime`.
    ///
    /// A lease for deleting goes to who has the ledger: one process at a time, so that the next one takes over at once from one that
    /// was killed.
    ///
    /// # Errors
    /// [`OpenError`] for a key, recipient or option that can't be used.
    pub fn open(
        settings: &Settings,
        metrics: &ArtifactMetrics,
        runtime: &Handle,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let stores = settings
            .artifacts
            .iter()
            .map(|(name, settings)| Ok((name.clone(), Store::open(name, settings)?)))
            .collect::<Result<_, OpenError>>()?;
        let host = rustix::system::uname();
        let holder =
            format!("watchkeeper on {} with ledger {}", host.nodename().to_string_lossy(), settings.store.display());
        Ok(Self(Arc::new(House {
            stores,
            metrics: metrics.clone(),
            runtime: runtime.clone(),
            clock: Arc::clone(clock),
            holder,
        })))
    }
}

impl Open for Stores {
    fn name(&self) -> &'static str {
        NAME
    }

    fn grant(&self, _job: &JobName, written: &toml::Value) -> Result<Arc<dyn Grant>, GrantError> {
        Ok(Arc::new(grant::parse(&self.0, written)?))
    }
}

impl std::fmt::Debug for House {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.stores.keys()).finish()
    }
}
