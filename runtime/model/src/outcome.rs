//! How a run ended, as the ledger, the metrics and people call it.

use std::{fmt, str::FromStr};

use crate::UnknownWord;

/// What a plugin said of a run that it could not finish; the contract's `failure`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Decides whether the run may be tried again.
    pub kind: FailureKind,
    /// For people.
    pub message: String,
}

/// The kinds of the contract's `failure`. A kind that this host doesn't know is [`FailureKind::Failed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The job's configuration can't work.
    InvalidConfig,
    /// A dependency didn't answer, or too late.
    Unavailable,
    /// A capability refused.
    Denied,
    /// An effect was begun and its fate isn't known.
    Indeterminate,
    /// The work was done and its result is bad.
    Failed,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The plugin returned ok, and its effects are settled.
    Success,
    /// The plugin returned `invalid-config`.
    InvalidConfig,
    /// The plugin returned `unavailable`.
    Unavailable,
    /// The plugin returned `denied`.
    Denied,
    /// The plugin returned `indeterminate`.
    Indeterminate,
    /// The plugin returned `failed`, or a kind that this host doesn't know.
    Failed,
    /// The host ended the run at its deadline.
    Timeout,
    /// The instance trapped: a panic, an engine trap, a broken contract.
    Trap,
    /// The run went over one of its limits.
    Limit,
    /// The host ended the run: somebody asked, a newer run took its place, the job was removed, its grants narrowed, or
    /// the process stopped.
    Cancelled,
    /// The process ended before the run did, and nobody knows how far it came.
    Lost,
}

impl Outcome {
    /// Every outcome, so that counters can be created at zero.
    pub const ALL: [Self; 11] = [
        Self::Success,
        Self::InvalidConfig,
        Self::Unavailable,
        Self::Denied,
        Self::Indeterminate,
        Self::Failed,
        Self::Timeout,
        Self::Trap,
        Self::Limit,
        Self::Cancelled,
        Self::Lost,
    ];

    /// The value of the label `outcome`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::InvalidConfig => "invalid_config",
            Self::Unavailable => "unavailable",
            Self::Denied => "denied",
            Self::Indeterminate => "indeterminate",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Trap => "trap",
            Self::Limit => "limit",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

impl FromStr for Outcome {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or(UnknownWord)
    }
}

impl From<FailureKind> for Outcome {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::InvalidConfig => Self::InvalidConfig,
            FailureKind::Unavailable => Self::Unavailable,
            FailureKind::Denied => Self::Denied,
            FailureKind::Indeterminate => Self::Indeterminate,
            FailureKind::Failed => Self::Failed,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Outcome {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
