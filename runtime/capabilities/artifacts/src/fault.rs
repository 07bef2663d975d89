//! What a plugin is told when something of its artifacts can't be done.

use watchkeeper_artifact_store::StoreError;

/// Why not; the kinds of the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// The grant doesn't allow it.
    #[error("{0}")]
    Denied(String),
    /// There is no such artifact.
    #[error("{0}")]
    NotFound(String),
    /// The store doesn't answer, or somebody else is at it.
    #[error("{0}")]
    Unavailable(String),
    /// What is stored is not what was stored.
    #[error("{0}")]
    Corrupt(String),
    /// The content isn't worth storing.
    #[error("{0}")]
    Aborted(String),
    /// Would have been done.
    #[error("{0}")]
    DryRun(String),
}

impl KeepError {
    /// The word of metrics.
    pub(crate) fn result(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::NotFound(_) => "not_found",
            Self::Unavailable(_) => "unavailable",
            Self::Corrupt(_) => "corrupt",
            Self::Aborted(_) => "aborted",
            Self::DryRun(_) => "dry_run",
        }
    }
}

impl From<StoreError> for KeepError {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::NotFound { .. } => Self::NotFound(text),
            StoreError::Corrupt { .. } | StoreError::Unsupported { .. } => Self::Corrupt(text),
            StoreError::Aborted { .. } => Self::Aborted(text),
            StoreError::Invalid(_) | StoreError::Locked { .. } => Self::Denied(text),
            StoreError::Settings { .. }
            | StoreError::Unavailable { .. }
            | StoreError::Denied { .. }
            | StoreError::Leased { .. }
            | StoreError::Fenced { .. } => Self::Unavailable(text),
        }
    }
}
