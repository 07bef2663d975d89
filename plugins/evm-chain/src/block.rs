//! One block, as `eth_getBlockByNumber` tells it.

use serde::Deserialize;
use watchkeeper_sdk::{
    chain::{Amount, Error, Number},
    prelude::*,
    serde::de::IgnoredAny,
};

/// What this plugin reads of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) number: u64,
    pub(crate) hash: B256,
    pub(crate) parent_hash: B256,
    /// Seconds since the Unix epoch, by the block's maker.
    pub(crate) timestamp: u64,
    pub(crate) gas_used: u64,
    pub(crate) gas_limit: u64,
    /// None before EIP-1559.
    pub(crate) base_fee: Option<U256>,
    pub(crate) transactions: usize,
}

/// The newest block.
pub(crate) async fn latest(chain: &Chain) -> Result<Block, Error> {
    let answer: Option<Answer> = chain.request(METHOD, ("latest", false)).await?;
    answer.map(Block::from).ok_or_else(|| Error::Malformed(format!("chain `{}` has no latest block", chain.name())))
}

/// The canonical block of a height that the chain has reached. Nodes behind one name differ in how far they are: where one says
/// null, another may know, so that is unavailable and not absent.
pub(crate) async fn at(chain: &Chain, number: u64) -> Result<Block, Error> {
    let answer: Option<Answer> = chain.request(METHOD, (format!("{number:#x}"), false)).await?;
    match answer.map(Block::from) {
        Some(block) if block.number == number => Ok(block),
        Some(block) => Err(Error::Malformed(format!("asked for block {number}, got {}", block.number))),
        None => Err(Error::Unavailable(format!("the node that answers doesn't have block {number}"))),
    }
}

pub(crate) const METHOD: &str = "eth_getBlockByNumber";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    number: Number,
    hash: B256,
    parent_hash: B256,
    timestamp: Number,
    gas_used: Number,
    gas_limit: Number,
    base_fee_per_gas: Option<Amount>,
    transactions: Vec<IgnoredAny>,
}

impl From<Answer> for Block {
    fn from(answer: Answer) -> Self {
        Self {
            number: answer.number.0,
            hash: answer.hash,
            parent_hash: answer.parent_hash,
            timestamp: answer.timestamp.0,
            gas_used: answer.gas_used.0,
            gas_limit: answer.gas_limit.0,
            base_fee: answer.base_fee_per_gas.map(|fee| fee.0),
            transactions: answer.transactions.len(),
        }
    }
}
