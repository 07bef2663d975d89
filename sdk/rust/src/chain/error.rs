//! Why a read of a chain failed.

/// Why a read of a chain failed. `?` in a run keeps the kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No grant for this chain or method.
    #[error("denied: {0}")]
    Denied(String),
    /// No endpoint answered in time.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The node's JSON-RPC error.
    #[error("the node answered error {code}: {message}")]
    Rpc {
        /// The JSON-RPC code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// An argument or an answer is malformed. Never read as zero.
    #[error("malformed: {0}")]
    Malformed(String),
    /// A later contract's kind and message.
    #[error("{0}: {1}")]
    Other(String, String),
}

impl Error {
    /// Whether the node says that it doesn't offer the method, which no retry changes.
    ///
    /// JSON-RPC 2.0 says -32601, and geth, Erigon, Reth and Anvil do; EIP-1474 has -32004; Besu says -32604 for a method
    /// of a disabled namespace; Nethermind and some providers say -32600 and only their words tell.
    pub fn is_method_not_found(&self) -> bool {
        let Self::Rpc { code, message } = self else {
            return false;
        };
        match code {
            -32601 | -32604 | -32004 => true,
            -32600 => {
                let words = message.to_ascii_lowercase();
                ["unsupported method", "not supported", "is disabled", "method not found"]
                    .iter()
                    .any(|phrase| words.contains(phrase))
            }
            _ => false,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::Error;

    fn rpc(code: i64, message: &str) -> Error {
        Error::Rpc { code, message: message.into() }
    }

    #[test]
    fn a_missing_method_is_told_from_a_failing_one() {
        for missing in [
            rpc(-32601, "the method txpool_status does not exist/is not available"),
            rpc(-32604, "Method not enabled"),
            rpc(-32004, "Method not supported"),
            rpc(-32600, "The method 'txpool_status' is found but the namespace 'TxPool' is disabled for http://node"),
            rpc(-32600, "Unsupported method: txpool_status on ETH_MAINNET"),
        ] {
            assert!(missing.is_method_not_found(), "{missing}");
        }
        for failing in [
            rpc(-32600, "Invalid Request"),
            rpc(-32602, "invalid argument 0"),
            rpc(-32000, "header not found"),
            Error::Unavailable("method not found".into()),
        ] {
            assert!(!failing.is_method_not_found(), "{failing}");
        }
    }

    #[test]
    fn an_error_keeps_its_kind_on_its_way_into_a_failure() {
        let kind = |error: Error| crate::Error::from(error);
        assert_eq!(kind(Error::Denied("no".into())), crate::Error::Denied("no".into()));
        assert_eq!(kind(Error::Unavailable("late".into())), crate::Error::Unavailable("late".into()));
        assert_eq!(kind(rpc(-32000, "gone")), crate::Error::Failed("the node answered error -32000: gone".into()));
    }
}
