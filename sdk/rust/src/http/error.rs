//! Why a request failed.

/// Why a request failed. `?` in a run keeps the kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No grant allows it.
    #[error("denied: {0}")]
    Denied(String),
    /// No answer, no whole answer, or none in time.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The service's JSON-RPC error.
    #[error("the service answered error {code}: {message}")]
    Rpc {
        /// The JSON-RPC code.
        code: i64,
        /// The service's words.
        message: String,
    },
    /// The request can't be sent, or the answer isn't what was asked for. Never read as zero.
    #[error("malformed: {0}")]
    Malformed(String),
    /// A later contract's kind and message.
    #[error("{0}: {1}")]
    Other(String, String),
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(message) => Self::Denied(message),
            Error::Unavailable(message) => Self::Unavailable(message),
            other => Self::failed(other),
        }
    }
}
