//! One asker's `eth_call`s, all at one block: its header and the calls from the same endpoint.

use alloy_primitives::{Address, Bytes, hex};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    Header, Read, ReadHeader,
    header::common,
    parse,
    pinned::{Block, Pinned},
};
use crate::{
    At,
    decode::Data,
    endpoint::{Answer, Node},
    fault::Fault,
};

/// The most calls in one read.
pub(crate) const MAX_CALLS: usize = 1_000;
/// JSON-RPC's "invalid params": what a node says that doesn't know EIP-1898.
pub(super) const INVALID_PARAMS: i64 = -32_602;
/// Geth's code of a reverted call (`errors.go`, `revertError`).
const REVERTED: i64 = 3;

/// One call of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The contract.
    pub to: Address,
    /// The call's data.
    #[serde(rename = "input")]
    pub data: Bytes,
}

/// What a call gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It returned; empty where there is no contract.
    Returned(Bytes),
    /// It reverted, with the error's data; empty if the node doesn't tell.
    Reverted(Bytes),
}

pub(crate) struct ReadContracts {
    pub(crate) at: At,
    pub(crate) calls: Vec<Call>,
    pub(crate) max_bytes: usize,
}

impl Read for ReadContracts {
    type Answer = (Header, Vec<Reply>);

    fn is_of_a_block(&self) -> bool {
        true
    }

    fn same((one, replies): &Self::Answer, (other, others): &Self::Answer) -> bool {
        ReadHeader::same(one, other) && replies == others
    }

    fn common(&self, answers: &[&Self::Answer], rank: usize) -> Option<Self> {
        if matches!(self.at, At::Number(_)) {
            return None;
        }
        let numbers: Vec<u64> = answers.iter().map(|(header, _)| header.number).collect();
        let at = At::Number(common(&numbers, rank)?);
        Some(Self { at, calls: self.calls.clone(), max_bytes: self.max_bytes })
    }

    async fn attempt(&self, node: Node<'_>) -> Result<Self::Answer, Fault> {
        let header = ReadHeader { at: self.at }.attempt(node).await?;
        let block = Block { number: header.number, hash: header.hash };
        let pinned = Pinned { block, calls: &self.calls, together: None, max_bytes: self.max_bytes };
        let replies: Result<_, Fault> = pinned.read(node).await?.into_iter().collect();
        Ok((header, replies?))
    }
}

/// What a call's answer says, if it is one.
pub(crate) fn reply(answer: Answer) -> Result<Reply, Fault> {
    match answer {
        Ok(answer) => parse::<Data>(&answer).map(|Data(data)| Reply::Returned(data)),
        Err(Fault::Rpc(error)) if error.code == REVERTED || error.message.to_lowercase().contains("revert") => {
            let data = error.data.as_deref().and_then(revert_data).unwrap_or_default();
            Ok(Reply::Reverted(data))
        }
        Err(fault) => Err(fault),
    }
}

/// The revert's data where nodes put it: as the text itself (Geth, Erigon, Anvil), or after a word (Nethermind's
/// `Reverted 0x…`).
fn revert_data(data: &RawValue) -> Option<Bytes> {
    let text: String = serde_json::from_str(data.get()).ok()?;
    let digits = text.strip_prefix("Reverted ").unwrap_or(&text).strip_prefix("0x")?;
    hex::decode(digits).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use alloy_json_rpc::ErrorPayload;

    use super::*;

    fn error(json: &str) -> Answer {
        Err(Fault::Rpc(serde_json::from_str::<ErrorPayload>(json).unwrap()))
    }

    #[test]
    fn a_revert_is_told_from_other_errors() {
        let reverted = |json: &str| match reply(error(json)) {
            Ok(Reply::Reverted(data)) => Some(data.to_string()),
            _ => None,
        };
        for (json, data) in [
            (r#"{"code":3,"message":"execution reverted","data":"0xab"}"#, "0xab"),
            (r#"{"code":-32015,"message":"VM execution error: revert","data":"Reverted 0xab"}"#, "0xab"),
            (r#"{"code":-32000,"message":"execution reverted"}"#, "0x"),
            (r#"{"code":3,"message":"","data":{"deep":["0xab"]}}"#, "0x"),
        ] {
            assert_eq!(reverted(json).as_deref(), Some(data), "{json}");
        }
        assert_eq!(reverted(r#"{"code":-32000,"message":"out of gas"}"#), None);
    }

    #[test]
    fn a_reply_that_is_no_data_is_malformed() {
        for bad in ["null", "0", r#""""#, r#""0xabc""#, r#"["0x"]"#] {
            let answer = RawValue::from_string(bad.to_owned()).unwrap();
            assert!(matches!(reply(Ok(answer)), Err(Fault::Malformed(_))), "{bad}");
        }
    }
}
