//! The header of one block.

use alloy_primitives::B256;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Read, params, parse};
use crate::{
    At,
    decode::{Hash, Quantity},
    endpoint::Node,
    fault::Fault,
    methods,
};

/// A block, as far as reads depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Its height.
    pub number: u64,
    /// Its hash, as the node says: chains hash their headers in different ways, so it isn't computed here.
    pub hash: B256,
    /// The hash of the block before.
    pub parent_hash: B256,
    /// The block's own time, in seconds since the Unix epoch.
    pub timestamp: u64,
    /// When this host first saw the hash, in nanoseconds since the Unix epoch.
    pub seen: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    number: Quantity,
    hash: Hash,
    parent_hash: Hash,
    timestamp: Quantity,
}

pub(crate) struct ReadHeader {
    pub(crate) at: At,
}

impl Read for ReadHeader {
    type Answer = Header;

    fn is_of_a_block(&self) -> bool {
        true
    }

    async fn attempt(&self, node: Node<'_>) -> Result<Header, Fault> {
        let header = self.header(&node.call(methods::GET_BLOCK, params(&(self.at, false))?).await?)?;
        if self.at == At::Latest {
            node.heard(&header)?;
        }
        Ok(header)
    }

    fn same(one: &Header, other: &Header) -> bool {
        (one.number, one.hash) == (other.number, other.hash)
    }

    fn common(&self, answers: &[&Header], rank: usize) -> Option<Self> {
        if matches!(self.at, At::Number(_)) {
            return None;
        }
        let numbers: Vec<u64> = answers.iter().map(|header| header.number).collect();
        common(&numbers, rank).map(|number| Self { at: At::Number(number) })
    }
}

/// The newest block that `rank` endpoints have, where they differ in how far they are.
pub(super) fn common(numbers: &[u64], rank: usize) -> Option<u64> {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
    let common = numbers.get(rank.checked_sub(1)?).copied()?;
    numbers.iter().any(|number| *number != common).then_some(common)
}

impl ReadHeader {
    /// The header in a block as nodes write it.
    pub(crate) fn header(&self, answer: &RawValue) -> Result<Header, Fault> {
        let Some(block) = parse::<Option<Block>>(answer)? else {
            return Err(Fault::NoBlock);
        };
        if let At::Number(asked) = self.at
            && asked != block.number.0
        {
            return Err(Fault::malformed(format!("block {} where {asked} was asked for", block.number.0)));
        }
        if block.hash.0.is_zero() {
            return Err(Fault::malformed("a block without a hash"));
        }
        Ok(Header {
            number: block.number.0,
            hash: block.hash.0,
            parent_hash: block.parent_hash.0,
            timestamp: block.timestamp.0,
            seen: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn block() -> Value {
        let hash = |digits: &str| format!("0x{}", digits.repeat(32));
        json!({ "number": "0x10", "hash": hash("ab"), "parentHash": hash("cd"), "timestamp": "0x20", "extra": [1] })
    }

    fn read(at: At, answer: &str) -> Result<Header, Fault> {
        ReadHeader { at }.header(&RawValue::from_string(answer.to_owned()).unwrap())
    }

    /// JSON that is no string that begins with `0x`.
    fn junk() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[^0]?[^x]?.{0,70}".prop_map(Value::from),
            Just(Value::from("0x")),
        ];
        leaf.prop_recursive(3, 8, 3, |inner| prop::collection::vec(inner, 0..3).prop_map(Value::from))
    }

    #[test]
    fn a_block_is_read() {
        let header = read(At::Latest, &block().to_string()).unwrap();
        assert_eq!((header.number, header.timestamp), (16, 32));
        assert!(matches!(read(At::Finalized, "null"), Err(Fault::NoBlock)));
    }

    #[test]
    fn another_block_than_asked_is_malformed() {
        assert!(read(At::Number(16), &block().to_string()).is_ok());
        assert!(matches!(read(At::Number(17), &block().to_string()), Err(Fault::Malformed(_))));
    }

    proptest! {
        #[test]
        fn a_block_with_one_field_wrong_or_missing_is_malformed(
            field in prop::sample::select(vec!["number", "hash", "parentHash", "timestamp"]),
            wrong in prop::option::of(junk()),
        ) {
            let mut block = block();
            match wrong {
                Some(wrong) => block[field] = wrong,
                None => { block.as_object_mut().unwrap().remove(field); }
            }
            prop_assert!(matches!(read(At::Latest, &block.to_string()), Err(Fault::Malformed(_))));
        }
    }
}
