//! The data of a chain, in alloy's types.

use alloy_primitives::{Address, B256, Bytes};

/// Which block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// The newest.
    Latest,
    /// The newest that a majority attested; reorganisations of it are rare.
    Safe,
    /// The newest that can't be reorganised.
    Finalized,
    /// By number.
    Number(u64),
}

/// A block's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The block's number.
    pub number: u64,
    /// The block's hash.
    pub hash: B256,
    /// The hash of the block before.
    pub parent_hash: B256,
    /// The block's own time, in seconds since the Unix epoch.
    pub timestamp: u64,
    /// When the host first saw the block, in nanoseconds since the Unix epoch.
    pub seen: u64,
}

/// One `eth_call`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The contract.
    pub to: Address,
    /// Selector and arguments.
    pub data: Bytes,
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The contract's answer.
    Returned(Bytes),
    /// The contract reverted, with this data.
    Reverted(Bytes),
}

/// Which events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Contracts; empty for any.
    pub addresses: Vec<Address>,
    /// Per place the accepted topics; an empty list accepts any.
    pub topics: Vec<Vec<B256>>,
    /// The first block.
    pub from_block: u64,
    /// The last block, included.
    pub to_block: u64,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The contract that emitted it.
    pub address: Address,
    /// The signature's hash, and the indexed arguments.
    pub topics: Vec<B256>,
    /// The other arguments.
    pub data: Bytes,
    /// The block's number.
    pub block_number: u64,
    /// The block's hash.
    pub block_hash: B256,
    /// The transaction's hash.
    pub transaction_hash: B256,
    /// Its place among the block's events.
    pub log_index: u32,
}
