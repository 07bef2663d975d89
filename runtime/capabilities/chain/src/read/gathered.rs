//! Calls of many askers at one block, each with its own outcome.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use alloy_primitives::Address;

use super::{
    Call, Read, Reply, may_be_of_the_request,
    pinned::{Block, Pinned, Together},
};
use crate::{endpoint::Node, fault::Fault, gather::Known};

pub(crate) struct ReadGathered {
    pub(crate) block: Block,
    pub(crate) calls: Vec<Call>,
    /// Multicall3, where it may be used.
    pub(crate) contract: Option<Address>,
    pub(crate) loners: Arc<Known>,
    pub(crate) max_bytes: usize,
    /// Whether an endpoint failed in a way that one of the calls, or the block, may have brought about.
    pub(crate) suspicious: AtomicBool,
}

impl Read for ReadGathered {
    /// None for a call that has to be asked apart.
    type Answer = Vec<Option<Reply>>;

    fn is_of_a_block(&self) -> bool {
        true
    }

    fn same(one: &Self::Answer, other: &Self::Answer) -> bool {
        one == other
    }

    async fn attempt(&self, node: Node<'_>) -> Result<Self::Answer, Fault> {
        let together = self.contract.map(|contract| Together { contract, loners: &self.loners });
        let pinned = Pinned { block: self.block, calls: &self.calls, together, max_bytes: self.max_bytes };
        match pinned.read(node).await {
            Ok(replies) => Ok(replies.into_iter().map(Result::ok).collect()),
            Err(fault) => {
                self.suspicious.fetch_or(may_be_of_the_request(&fault), Ordering::Relaxed);
                Err(fault)
            }
        }
    }
}
