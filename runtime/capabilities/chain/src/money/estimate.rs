//! How much gas a transaction would take now, as one endpoint says.

use alloy_primitives::{Address, Bytes, U256};
use serde::Serialize;

use super::{Money, at::count};
use crate::{
    ReadError,
    endpoint::Node,
    fault::Fault,
    methods,
    read::{Read, params},
};

/// Codes of a call that failed: Geth's (`errors.go`, `revertError`) and OpenEthereum's, which Nethermind has too.
const REVERTED: [i64; 2] = [3, -32_015];

/// Why there is no estimate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EstimateError {
    /// It would fail; the node's words, cleaned and at most 500 characters.
    #[error("{0}")]
    Reverted(String),
    /// The read failed. What else a node refuses for (too little balance, too much gas) is [`ReadError::Rpc`].
    #[error(transparent)]
    Read(ReadError),
}

impl Money {
    /// How much gas a transaction would take on top of what is known now, as one endpoint says; not to be trusted.
    ///
    /// # Errors
    /// [`EstimateError`].
    pub async fn estimate_gas(
        &self,
        from: Address,
        to: Address,
        value: U256,
        data: Bytes,
    ) -> Result<u64, EstimateError> {
        self.chain.read(&ReadEstimate { from, to, value, data }).await.map_err(|error| match error {
            ReadError::Rpc { code, message } if is_revert(code, &message) => EstimateError::Reverted(message),
            other => EstimateError::Read(other),
        })
    }
}

fn is_revert(code: i64, message: &str) -> bool {
    REVERTED.contains(&code) || message.to_lowercase().contains("revert")
}

#[derive(Serialize)]
struct ReadEstimate {
    from: Address,
    to: Address,
    value: U256,
    #[serde(rename = "input")]
    data: Bytes,
}

impl Read for ReadEstimate {
    type Answer = u64;

    async fn attempt(&self, node: Node<'_>) -> Result<u64, Fault> {
        count(&node.call(methods::ESTIMATE_GAS, params(&[self])?).await?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_revert_is_told_from_other_refusals() {
        assert!(is_revert(3, "execution reverted: no"));
        assert!(is_revert(-32_015, "VM execution error."));
        assert!(is_revert(-32_000, "Execution Reverted"));
        assert!(!is_revert(-32_000, "insufficient funds for transfer"));
    }

    #[test]
    fn what_is_estimated_is_written_as_the_execution_api_has_it() {
        let (from, to) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let estimate = ReadEstimate { from, to, value: U256::from(16), data: Bytes::new() };
        let wanted = json!({ "from": from, "to": to, "value": "0x10", "input": "0x" });
        assert_eq!(serde_json::to_value(&estimate).unwrap(), wanted);
    }
}
