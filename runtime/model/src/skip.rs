//! Due times that led to no run, and why: as the ledger, the metrics and people call it.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use crate::JobName;

/// Why a due time led to no run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// The job was still running.
    Overlap,
    /// The host came to it too late: a later due time had passed as well, or the catch-up window was over.
    TooLate,
    /// The job was paused.
    Paused,
    /// It lay in one of the job's blackouts.
    Blackout,
    /// Somebody asked to leave it out.
    SkipNext,
    /// The job's schedule was changed before the host came to it.
    Rescheduled,
    /// The job was removed before the host came to it.
    Removed,
}

impl SkipReason {
    /// Every reason, so that counters can be created at zero.
    pub const ALL: [Self; 7] =
        [Self::Overlap, Self::TooLate, Self::Paused, Self::Blackout, Self::SkipNext, Self::Rescheduled, Self::Removed];

    /// The value of the label `reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overlap => "overlap",
            Self::TooLate => "too_late",
            Self::Paused => "paused",
            Self::Blackout => "blackout",
            Self::SkipNext => "skip_next",
            Self::Rescheduled => "rescheduled",
            Self::Removed => "removed",
        }
    }
}

/// A text that is none of the words that a type knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown word")]
pub struct UnknownWord;

impl FromStr for SkipReason {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(UnknownWord)
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for SkipReason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Due times in a row that led to no run for one reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Skip {
    /// Whose.
    pub job: JobName,
    /// Of which of the job's schedules.
    pub generation: u64,
    /// Why.
    pub reason: SkipReason,
    /// The first due time.
    pub first: Timestamp,
    /// The last one; equal to the first where there is one only.
    pub last: Timestamp,
    /// How many there are.
    pub count: u64,
}
