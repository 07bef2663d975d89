//! Why an artifact wasn't stored, read or marked.

use crate::stream::Unread;

/// Why an artifact wasn't stored, read or marked. `?` in a run keeps the kind; [`DryRun`](Self::DryRun) is an outcome that a plugin
/// should look at before, because `?` makes a failure of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No grant for it.
    #[error("denied: {0}")]
    Denied(String),
    /// There is no such artifact.
    #[error("not found: {0}")]
    NotFound(String),
    /// The store doesn't answer. Nothing was stored, or nothing more is known.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// What is stored is not what was stored.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// The content isn't what it should be. Nothing was stored.
    #[error("nothing was stored: {0}")]
    Aborted(String),
    /// Who made the content failed: this is its error. Nothing was stored.
    #[error("nothing was stored: {0}")]
    Producer(crate::Error),
    /// Would have stored, marked or deleted.
    #[error("dry run: {0}")]
    DryRun(String),
    /// A later contract's kind and message.
    #[error("{0}: {1}")]
    Other(String, String),
}

impl Error {
    /// Why nothing was stored, by what the host and the producer say. A producer often fails because nobody reads it any more, so the
    /// host's words come first, and are left out only where they are the producer's.
    pub(crate) fn of_put(error: Self, produced: crate::Result<()>) -> Self {
        match (error, produced) {
            (Self::Aborted(host), Err(producer)) if producer != Unread.into() => {
                let said = producer.to_string();
                let text = match host.contains(&said) {
                    true => host,
                    false => format!("{host}; {said}"),
                };
                Self::Producer(producer.with(text))
            }
            (error, _) => error,
        }
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(message) => Self::Denied(message),
            Error::Unavailable(message) => Self::Unavailable(message),
            Error::Producer(error) => error,
            other => Self::failed(other),
        }
    }
}
