//! Many `eth_call`s at one block. The block is pinned by its hash (EIP-1898), so that a reorganisation between two calls
//! is an error and not a mixture; a node that refuses hashes is asked by number, and the hash is checked again
//! afterwards.

use alloy_primitives::{Address, B256, Bytes, hex};
use serde::Serialize;
use serde_json::{json, value::RawValue};

use super::{Header, Read, ReadHeader, header::common, params, parse};
use crate::{
    At,
    decode::Data,
    endpoint::{Answer, Node},
    fault::Fault,
    methods,
};

/// The most calls in one read.
pub(crate) const MAX_CALLS: usize = 1_000;
/// The most calls in one batch: providers allow from 100 up.
const BATCH: usize = 100;
/// JSON-RPC's "invalid params": what a node says that doesn't know EIP-1898.
const INVALID_PARAMS: i64 = -32_602;
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

#[derive(Clone, Copy)]
enum Pin {
    Hash(B256),
    Number(u64),
}

impl Read for ReadContracts {
    type Answer = (Header, Vec<Reply>);
    const AGREED: bool = true;

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
        match self.pinned(node, Pin::Hash(header.hash)).await {
            Ok(replies) => Ok((header, replies)),
            Err(Fault::Rpc(error)) if error.code == INVALID_PARAMS => {
                let replies = self.pinned(node, Pin::Number(header.number)).await?;
                let after = ReadHeader { at: At::Number(header.number) }.attempt(node).await?;
                if after.hash != header.hash {
                    return Err(Fault::Replaced);
                }
                Ok((header, replies))
            }
            Err(fault) => Err(fault),
        }
    }
}

impl ReadContracts {
    async fn pinned(&self, node: Node<'_>, pin: Pin) -> Result<Vec<Reply>, Fault> {
        let block = match pin {
            Pin::Hash(hash) => json!({ "blockHash": hash }),
            Pin::Number(number) => json!(At::Number(number)),
        };
        let mut replies = Vec::with_capacity(self.calls.len());
        let mut bytes = 0;
        for calls in self.calls.chunks(BATCH) {
            let asked: Result<Vec<_>, Fault> = calls.iter().map(|call| params(&(call, &block))).collect();
            for answer in node.calls(methods::CALL, asked?).await? {
                let reply = reply(answer)?;
                let (Reply::Returned(data) | Reply::Reverted(data)) = &reply;
                bytes += data.len();
                if bytes > self.max_bytes {
                    return Err(Fault::TooLarge(self.max_bytes));
                }
                replies.push(reply);
            }
        }
        Ok(replies)
    }
}

fn reply(answer: Answer) -> Result<Reply, Fault> {
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
