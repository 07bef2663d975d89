//! What can go wrong: a [`Fault`] is one endpoint's, a [`ReadError`] is what the plugin hears once no endpoint is left.
//! Both name endpoints by their names only.

use std::time::Duration;

use alloy_json_rpc::{ErrorPayload, RpcError};
use alloy_transport::{TransportError, TransportErrorKind};
use watchkeeper_contract::clean;

use crate::standing::Why;

/// Why a read gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The grant doesn't allow it.
    #[error("{0}")]
    Denied(String),
    /// No endpoint answered in time.
    #[error("{0}")]
    Unavailable(String),
    /// The node's JSON-RPC error.
    #[error("chain answered error {code}: {message}")]
    Rpc {
        /// JSON-RPC's code, as -32601 for a method that the node lacks.
        code: i64,
        /// The node's words, cleaned and at most 500 characters.
        message: String,
    },
    /// An argument, or each endpoint's answer, is malformed.
    #[error("{0}")]
    Malformed(String),
    /// The node answered, and has no such block: a number beyond its head, or a tag that it doesn't know.
    #[error("{0}")]
    NoBlock(String),
}

/// How much of a node's error message is kept, in characters.
pub(crate) const RPC_MESSAGE: usize = 500;

/// A hash has so many hexadecimal digits.
const LONGEST_RUN: usize = 64;

/// Why one endpoint gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0}")]
    Unreachable(String),
    #[error("no answer in time")]
    Timeout,
    #[error("HTTP status {0}")]
    Status(u16),
    #[error("an answer over the limit of {0} bytes")]
    TooLarge(usize),
    #[error("a malformed answer: {0}")]
    Malformed(String),
    #[error("asked for no requests for {} s", .0.as_secs())]
    Throttled(Duration),
    #[error("its newest block is {} s old", .0.as_secs())]
    Stale(Duration),
    #[error("has as many requests as it may have")]
    Busy,
    #[error("serves chain id {found}, not {wanted}")]
    WrongChain { found: u64, wanted: u64 },
    #[error("refuses batches")]
    BatchRefused,
    #[error("error {}: {}", .0.code, clean(&.0.message, RPC_MESSAGE))]
    Rpc(ErrorPayload),
    #[error("the block was replaced while it was read")]
    Replaced,
    #[error("no such block")]
    NoBlock,
    #[error("its newest block is {newest}, below block {seen} that was seen before")]
    Behind { newest: u64, seen: u64 },
}

impl Fault {
    /// A malformed answer, with what is wrong in words that may quote the node.
    pub(crate) fn malformed(problem: impl std::fmt::Display) -> Self {
        Self::Malformed(clean(&without_long_runs(&problem.to_string()), 200))
    }

    /// Whether this is the chain's answer, which another endpoint would repeat. An error that says "not now, not here" (rate
    /// limits, a block or header that this node of a pool lacks) is not; if nobody knows better, it is what the plugin hears.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Rpc(error) => !error.is_retry_err(),
            _ => false,
        }
    }

    /// Why the endpoint is out a while, if it is to blame. What a single request can bring about on its own
    /// (an answer too large, a body that the node refuses) must not cost other jobs the endpoint.
    pub(crate) fn blames_endpoint(&self) -> Option<Why> {
        match self {
            Self::Unreachable(_) | Self::Timeout | Self::Malformed(_) => Some(Why::Failing),
            Self::Throttled(wish) => Some(Why::Throttled(*wish)),
            Self::Stale(age) => Some(Why::Stale(*age)),
            Self::WrongChain { found, .. } => Some(Why::WrongChain(*found)),
            Self::Status(status) => (!is_about_the_request(*status)).then_some(Why::Failing),
            Self::TooLarge(_) | Self::BatchRefused | Self::Rpc(_) | Self::Replaced => None,
            Self::NoBlock | Self::Behind { .. } | Self::Busy => None,
        }
    }

    /// The value of the label `result`.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Timeout => "timeout",
            Self::Status(_) => "http_error",
            Self::TooLarge(_) => "too_large",
            Self::Malformed(_) => "malformed",
            Self::WrongChain { .. } => "wrong_chain",
            Self::Throttled(_) => "throttled",
            Self::Stale(_) => "stale",
            Self::Busy => "busy",
            Self::BatchRefused => "batch_refused",
            Self::Rpc(_) => "rpc_error",
            Self::Replaced => "replaced",
            Self::NoBlock => "no_block",
            Self::Behind { .. } => "behind",
        }
    }
}

/// A text without runs of hexadecimal digits that are longer than a hash: they may be a signed transaction, which no
/// error and no log may show.
pub(crate) fn without_long_runs(text: &str) -> String {
    let mut kept = String::with_capacity(text.len().min(4 * RPC_MESSAGE));
    let mut rest = text;
    while let Some(begin) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, run) = rest.split_at(begin);
        let (run, after) = run.split_at(run.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(run.len()));
        kept.push_str(before);
        kept.push_str(if run.len() > LONGEST_RUN { "[bytes]" } else { run });
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// Client errors that speak of the request; the others (unauthorised, not found, too many …) speak of the endpoint.
pub(crate) fn is_about_the_request(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 401..=404 | 407 | 408 | 421 | 429)
}

impl From<TransportError> for Fault {
    fn from(error: TransportError) -> Self {
        match error {
            RpcError::ErrorResp(error) => Self::Rpc(error),
            RpcError::Transport(TransportErrorKind::NonRetryable(inner)) => match inner.downcast::<Self>() {
                Ok(fault) => *fault,
                Err(other) => Self::malformed(other),
            },
            RpcError::Transport(other) => Self::malformed(other),
            RpcError::NullResp => Self::malformed("null"),
            RpcError::DeserError { err, .. } => Self::malformed(err),
            RpcError::UnsupportedFeature(what) => Self::malformed(what),
            RpcError::LocalUsageError(error) => Self::malformed(error),
            RpcError::SerError(error) => Self::malformed(error),
        }
    }
}

impl From<Fault> for TransportError {
    fn from(fault: Fault) -> Self {
        Self::Transport(TransportErrorKind::NonRetryable(Box::new(fault)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_of_digits_are_cut_out() {
        let (hash, long) = ("ab".repeat(32), "ab".repeat(33));
        let told = without_long_runs(&format!("no 0x{hash}, é 0x{long}: face"));
        assert_eq!(told, format!("no 0x{hash}, é 0x[bytes]: face"));
        assert_eq!(without_long_runs(&long.to_uppercase()), "[bytes]");
        assert_eq!(without_long_runs("replacement transaction underpriced"), "replacement transaction underpriced");
        assert_eq!(without_long_runs(""), "");
        let malformed = Fault::malformed(format!("{}0x{long}", "word ".repeat(30))).to_string();
        assert!(malformed.ends_with("0x[bytes]"), "cut before it is shortened: {malformed}");
    }
}
