//! What an address has at one block: balance, count of transactions, code. The block is pinned by its hash (EIP-1898); a node
//! that refuses that is asked by number, and then for the block's hash. Decoded strictly: nothing becomes a zero.

use alloy_primitives::{Address, Bytes, U256};
use serde_json::{Value, json, value::RawValue};

use crate::{
    At,
    decode::{Amount, Data},
    endpoint::Node,
    fault::Fault,
    read::{Block, Read, params, parse},
};

pub(super) struct ReadAt<T> {
    pub(super) block: Block,
    pub(super) method: &'static str,
    pub(super) of: Address,
    pub(super) decode: fn(&RawValue) -> Result<T, Fault>,
}

impl<T: PartialEq + Send + 'static> Read for ReadAt<T> {
    type Answer = T;

    fn is_of_a_block(&self) -> bool {
        true
    }

    fn same(one: &T, other: &T) -> bool {
        one == other
    }

    async fn attempt(&self, node: Node<'_>) -> Result<T, Fault> {
        match self.ask(node, &by_hash(self.block)).await {
            Err(fault) if may_take_numbers(&fault) => {
                let answer = self.ask(node, &by_number(self.block)).await?;
                self.block.check(node).await?;
                Ok(answer)
            }
            answer => answer,
        }
    }
}

impl<T> ReadAt<T> {
    async fn ask(&self, node: Node<'_>, block: &Value) -> Result<T, Fault> {
        (self.decode)(&node.call(self.method, params(&(self.of, block))?).await?)
    }
}

pub(super) fn by_hash(block: Block) -> Value {
    json!({ "blockHash": block.hash })
}

pub(super) fn by_number(block: Block) -> Value {
    json!(At::Number(block.number))
}

/// Whether a node that answered so may answer to the block's number: those without EIP-1898 have no error in common.
pub(super) fn may_take_numbers(fault: &Fault) -> bool {
    matches!(fault, Fault::Rpc(error) if !error.is_retry_err())
}

pub(super) fn amount(answer: &RawValue) -> Result<U256, Fault> {
    parse(answer).map(|Amount(amount)| amount)
}

pub(super) fn count(answer: &RawValue) -> Result<u64, Fault> {
    parse::<Amount>(answer)?.to_u64()
}

pub(super) fn bytes(answer: &RawValue) -> Result<Bytes, Fault> {
    parse(answer).map(|Data(bytes)| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn what_is_no_quantity_is_no_balance_and_no_count() {
        for bad in [r#""0x""#, r#""""#, "null", "0", "7", r#""0x00""#, r#""0x07""#, r#""7""#, "{}", r#"["0x7"]"#] {
            assert!(matches!(amount(&json(bad)), Err(Fault::Malformed(_))), "{bad}");
            assert!(matches!(count(&json(bad)), Err(Fault::Malformed(_))), "{bad}");
        }
        let word = json(&format!("\"0x{:064x}\"", 7));
        assert!(amount(&word).is_err(), "a word is no quantity");
        assert_eq!(count(&json(r#""0xffffffffffffffff""#)).unwrap(), u64::MAX);
        assert!(count(&json(r#""0x10000000000000000""#)).is_err());
        assert_eq!(amount(&json(r#""0x10000000000000000""#)).unwrap(), U256::from(1_u128 << 64));
    }

    #[test]
    fn no_code_is_empty_and_nothing_else_is() {
        assert_eq!(bytes(&json(r#""0x""#)).unwrap(), Bytes::new());
        for bad in ["null", r#""""#, r#""0x1""#, "0", "[]"] {
            assert!(matches!(bytes(&json(bad)), Err(Fault::Malformed(_))), "{bad}");
        }
    }
}
