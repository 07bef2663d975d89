//! Why nothing was paid, or why it can't be told. The kinds are the contract's; texts are for people, and name the account,
//! the rule and the key that says so. No text holds signed bytes.

use watchkeeper_chain::ReadError;
use watchkeeper_ledger::LedgerError;

/// Why a payment has no receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayError {
    /// No rule allows it, or the right to pay is held back.
    #[error("{0}")]
    Denied(String),
    /// A limit says no.
    #[error("{0}")]
    OverBudget(String),
    /// The condition doesn't hold.
    #[error("{0}")]
    NotNeeded(String),
    /// The key is used for something else.
    #[error("{0}")]
    Conflict(String),
    /// Nothing was sent.
    #[error("{0}")]
    Unavailable(String),
    /// It is under way, and its fate isn't known yet.
    #[error("{0}")]
    Indeterminate(String),
    /// It is in a block, and failed there.
    #[error("{0}")]
    Reverted(String),
    /// It would have been paid.
    #[error("{0}")]
    DryRun(String),
    /// Another transaction used its nonce.
    #[error("{0}")]
    Abandoned(String),
}

impl PayError {
    /// The value of the label `reason`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::OverBudget(_) => "over_budget",
            Self::NotNeeded(_) => "not_needed",
            Self::Conflict(_) => "conflict",
            Self::Unavailable(_) => "unavailable",
            Self::Indeterminate(_) => "indeterminate",
            Self::Reverted(_) => "reverted",
            Self::DryRun(_) => "dry_run",
            Self::Abandoned(_) => "abandoned",
        }
    }
}

impl From<ReadError> for PayError {
    /// What the chain doesn't say clearly is unknown, and nothing is paid.
    fn from(error: ReadError) -> Self {
        Self::Unavailable(format!("nothing was paid: {error}"))
    }
}

impl From<LedgerError> for PayError {
    fn from(error: LedgerError) -> Self {
        Self::Unavailable(format!("the journal: {error}"))
    }
}
