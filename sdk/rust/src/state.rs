//! What a job remembers between runs, as JSON under keys of its own. Writes count only if the run succeeds.

use serde::{Serialize, de::DeserializeOwned};

use crate::host;

/// Why state couldn't be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The key or value is larger than the host allows.
    #[error("state is too large: {0}")]
    TooLarge(String),
    /// The host's store didn't answer.
    #[error("state is unavailable: {0}")]
    Unavailable(String),
    /// The value isn't what the plugin reads or writes there. Never read as absent.
    #[error("state key `{key}`: {message}")]
    Malformed {
        /// Which key.
        key: String,
        /// What is wrong with its value.
        message: String,
    },
    /// A later contract's kind and message.
    #[error("state: {0}: {1}")]
    Other(String, String),
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(message) => Self::Unavailable(message),
            other => Self::failed(other),
        }
    }
}

/// Reads a value; none if this job never kept one.
///
/// # Errors
/// [`Error::Malformed`] if the value isn't a `T`; else what the host says.
pub async fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Error> {
    let Some(bytes) = host::state_get(key.to_owned()).await? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| malformed(key, &error))
}

/// Keeps a value.
///
/// # Errors
/// [`Error::Malformed`] if JSON can't hold the value; else what the host says.
pub async fn set<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<(), Error> {
    let bytes = serde_json::to_vec(value).map_err(|error| malformed(key, &error))?;
    host::state_set(key.to_owned(), bytes).await
}

/// Forgets a value.
///
/// # Errors
/// What the host says.
pub async fn delete(key: &str) -> Result<(), Error> {
    host::state_delete(key.to_owned()).await
}

fn malformed(key: &str, error: &serde_json::Error) -> Error {
    Error::Malformed { key: key.to_owned(), message: error.to_string() }
}
