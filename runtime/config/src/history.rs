//! Which of a job's runs the ledger keeps.

use std::str::FromStr;

use watchkeeper_model::UnknownWord;

/// Which ended runs of a job the ledger keeps, until they are too old or too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum History {
    /// All of them.
    All,
    /// Those that failed, and the last that succeeded; the others are only counted.
    Failures,
}

impl History {
    /// Every value, for messages that list them.
    pub const ALL: [Self; 2] = [Self::All, Self::Failures];

    /// The word of the job's file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Failures => "failures",
        }
    }
}

impl FromStr for History {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|history| history.as_str() == text).ok_or(UnknownWord)
    }
}
