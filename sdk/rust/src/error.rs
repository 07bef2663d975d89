//! Why a run failed. The kind decides whether the host tries again, so capability errors keep theirs on the way through `?`.

use std::fmt::Display;

/// What a plugin's function returns.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Why a run failed: the contract's `failure`, each with one line for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The job's configuration can't work. Never retried.
    #[error("{0}")]
    InvalidConfig(String),
    /// A dependency didn't answer, or too late. Retried by the job's policy.
    #[error("{0}")]
    Unavailable(String),
    /// A capability refused. Never retried.
    #[error("{0}")]
    Denied(String),
    /// An effect was begun and its fate isn't known. Never blindly repeated.
    #[error("{0}")]
    Indeterminate(String),
    /// The work was done, and its result is bad. Never retried.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// A bad result, from anything that can say what it is: `text.parse().map_err(Error::failed)?`.
    pub fn failed(message: impl Display) -> Self {
        Self::Failed(message.to_string())
    }

    /// A configuration that can't work, for what only the run can find out.
    pub fn invalid_config(message: impl Display) -> Self {
        Self::InvalidConfig(message.to_string())
    }

    /// The same kind with another text, such as one that says what it is about.
    #[must_use]
    pub fn with(&self, text: impl Into<String>) -> Self {
        let text = text.into();
        match self {
            Self::InvalidConfig(_) => Self::InvalidConfig(text),
            Self::Unavailable(_) => Self::Unavailable(text),
            Self::Denied(_) => Self::Denied(text),
            Self::Indeterminate(_) => Self::Indeterminate(text),
            Self::Failed(_) => Self::Failed(text),
        }
    }

    /// One error of all that went wrong, each with what it is about: of the worst one's kind, with `rest` after them. None where
    /// nothing went wrong. What is undecided is worse than what was denied, that is worse than what failed, and that worse than what a
    /// later try may change.
    pub(crate) fn of_all(problems: &[(String, Self)], rest: &str) -> Option<Self> {
        let worst = problems.iter().map(|(_, error)| error).max_by_key(|error| error.severity())?;
        let mut told: Vec<String> = problems.iter().map(|(what, error)| format!("{what}: {error}")).collect();
        if !rest.is_empty() {
            told.push(rest.to_owned());
        }
        Some(worst.with(told.join("; ")))
    }

    fn severity(&self) -> u8 {
        match self {
            Self::Indeterminate(_) => 4,
            Self::Denied(_) => 3,
            Self::InvalidConfig(_) => 2,
            Self::Failed(_) => 1,
            Self::Unavailable(_) => 0,
        }
    }
}

/// Ends the function with [`Error::Failed`]; takes what `format!` takes.
#[macro_export]
macro_rules! fail {
    ($($message:tt)+) => {
        return ::core::result::Result::Err($crate::Error::Failed(::std::format!($($message)+)))
    };
}
