//! Why a payment has no receipt.

/// Why a payment has no receipt, or an account didn't answer. `?` in a run keeps the kind; [`NotNeeded`](Self::NotNeeded) and
/// [`DryRun`](Self::DryRun) are outcomes that a plugin should look at before, because `?` makes a failure of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No grant for this account, recipient, function or argument; or the right to pay is held back until the operator
    /// approves. Nothing was signed.
    #[error("denied: {0}")]
    Denied(String),
    /// The spending policy says no. Nothing was signed.
    #[error("over budget: {0}")]
    OverBudget(String),
    /// The grant's condition doesn't hold, as the host itself read it. Nothing was signed.
    #[error("not needed: {0}")]
    NotNeeded(String),
    /// The same key with another content.
    #[error("conflict: {0}")]
    Conflict(String),
    /// Nothing was sent.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Sent, fate unknown. Ask again with the same key: it never pays twice.
    #[error("undecided: {0}")]
    Indeterminate(String),
    /// It is in a block and failed there: the fee is spent, the value is not. The key is used up.
    #[error("reverted: {0}")]
    Reverted(String),
    /// Would have paid.
    #[error("dry run: {0}")]
    DryRun(String),
    /// A later contract's kind and message. Today `abandoned`: another transaction used the nonce, nothing was paid, and the
    /// key is used up; and `malformed`: the host's answer isn't one.
    #[error("{0}: {1}")]
    Other(String, String),
}

impl Error {
    /// A word for labels of metrics. Later kinds are all `other`, so that there are only so many words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::OverBudget(_) => "over_budget",
            Self::NotNeeded(_) => "not_needed",
            Self::Conflict(_) => "conflict",
            Self::Unavailable(_) => "unavailable",
            Self::Indeterminate(_) => "indeterminate",
            Self::Reverted(_) => "reverted",
            Self::DryRun(_) => "dry_run",
            Self::Other(kind, _) if kind == "abandoned" => "abandoned",
            Self::Other(..) => "other",
        }
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(message) => Self::Denied(message),
            Error::Unavailable(message) => Self::Unavailable(message),
            Error::Indeterminate(message) => Self::Indeterminate(message),
            other => Self::failed(other),
        }
    }
}
