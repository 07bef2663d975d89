//! Events of contracts in a range of blocks, as one `eth_getLogs`. What comes back is checked against what was asked: a
//! node that ignores part of the filter must not have its events counted.

use alloy_primitives::{Address, B256, Bytes, Log};
use alloy_rpc_types_eth::Filter;
use serde::Deserialize;

use super::{Read, params, parse};
use crate::{
    decode::{Account, Data, Hash, Quantity},
    endpoint::Node,
    fault::Fault,
    methods,
};

/// Which events. An empty list matches all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// The contracts.
    pub addresses: Vec<Address>,
    /// For each of at most four places, the topics that may stand there.
    pub topics: Vec<Vec<B256>>,
    /// The first block.
    pub from_block: u64,
    /// The last block, included.
    pub to_block: u64,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The contract.
    pub address: Address,
    /// At most four.
    pub topics: Vec<B256>,
    /// What was not indexed.
    pub data: Bytes,
    /// Where it happened.
    pub block_number: u64,
    /// The hash of that block.
    pub block_hash: B256,
    /// The transaction.
    pub transaction_hash: B256,
    /// Its place among the block's events.
    pub log_index: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEntry {
    address: Account,
    topics: Vec<Hash>,
    data: Data,
    block_number: Quantity,
    block_hash: Hash,
    transaction_hash: Hash,
    log_index: Quantity,
    #[serde(default)]
    removed: bool,
}

pub(crate) struct ReadLogs {
    filter: Filter,
    from_block: u64,
    to_block: u64,
}

impl ReadLogs {
    /// Says what is wrong with a query.
    pub(crate) fn new(query: LogQuery) -> Result<Self, &'static str> {
        let LogQuery { addresses, topics, from_block, to_block } = query;
        if from_block > to_block {
            return Err("the range of blocks ends before it begins");
        }
        let mut filter = Filter::new().from_block(from_block).to_block(to_block).address(addresses);
        for (place, topics) in topics.into_iter().enumerate() {
            let slot = filter.topics.get_mut(place).ok_or("events have at most four topics")?;
            *slot = topics.into();
        }
        Ok(Self { filter, from_block, to_block })
    }

    fn entry(&self, raw: RawEntry) -> Result<Entry, Fault> {
        let topics = raw.topics.into_iter().map(|Hash(topic)| topic).collect();
        let log = Log::new(raw.address.0, topics, raw.data.0).ok_or_else(|| Fault::malformed("five topics"))?;
        let number = raw.block_number.0;
        if raw.removed || !self.filter.matches(&log) || !(self.from_block..=self.to_block).contains(&number) {
            return Err(Fault::malformed("an event that was not asked for"));
        }
        let (topics, data) = log.data.split();
        Ok(Entry {
            address: log.address,
            topics,
            data,
            block_number: number,
            block_hash: raw.block_hash.0,
            transaction_hash: raw.transaction_hash.0,
            log_index: u32::try_from(raw.log_index.0).map_err(Fault::malformed)?,
        })
    }
}

impl Read for ReadLogs {
    type Answer = Vec<Entry>;

    async fn attempt(&self, node: Node<'_>) -> Result<Vec<Entry>, Fault> {
        let answer = node.call(methods::GET_LOGS, params(&(&self.filter,))?).await?;
        let raw: Vec<RawEntry> = parse(&answer)?;
        raw.into_iter().map(|raw| self.entry(raw)).collect()
    }
}
