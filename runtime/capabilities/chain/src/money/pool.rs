//! What nodes know that is in no block yet. No two pools are the same, so there is nothing to agree on: the endpoint that knows
//! most counts.

use alloy_primitives::{Address, B256};
use serde::Deserialize;
use tokio::time::Instant;

use super::{Money, at::count};
use crate::{
    At, ReadError,
    decode::Hash,
    endpoint::Node,
    fault::Fault,
    methods,
    read::{Read, params, parse},
};

/// So many never say the same: all are waited for.
const ALL: usize = usize::MAX;

impl Money {
    /// The highest count of an address's transactions, with those that wait in a pool, that any endpoint tells. Those that
    /// don't answer aren't heard.
    ///
    /// # Errors
    /// All of [`ReadError`] but `Denied`, if none answers.
    pub async fn pending_count(&self, of: Address) -> Result<u64, ReadError> {
        let chain = &*self.chain;
        let deadline = Instant::now() + chain.timeout;
        let _turn = chain.turn(deadline).await?;
        let (well, resting, mut refusals) = chain.plan().parted();
        let read = ReadPending { of };
        let mut answers = chain.ask_all(&read, ALL, &well, &mut refusals, deadline).await;
        if answers.is_empty() {
            answers = chain.ask_all(&read, ALL, &resting, &mut refusals, deadline).await;
        }
        answers.into_iter().map(|(_, count)| count).max().ok_or_else(|| chain.no_answer(refusals))
    }

    /// Whether any endpoint knows a transaction, in a pool or in a block.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] if none that answers knows it, and one doesn't answer.
    pub async fn transaction(&self, hash: B256) -> Result<bool, ReadError> {
        let chain = &*self.chain;
        let deadline = Instant::now() + chain.timeout;
        let _turn = chain.turn(deadline).await?;
        let (mut all, resting, mut refusals) = chain.plan().parted();
        all.extend(resting);
        let answers = chain.ask_all(&ReadKnown { hash }, ALL, &all, &mut refusals, deadline).await;
        if answers.iter().any(|(_, known)| *known) {
            return Ok(true);
        }
        if refusals.is_empty() {
            return Ok(false);
        }
        let said: Vec<String> = refusals.iter().map(|(name, fault)| format!("{name}: {fault}")).collect();
        Err(self.unclear(&format!("not every endpoint says whether it knows transaction {hash}: {}", said.join("; "))))
    }
}

struct ReadPending {
    of: Address,
}

impl Read for ReadPending {
    type Answer = u64;

    async fn attempt(&self, node: Node<'_>) -> Result<u64, Fault> {
        count(&node.call(methods::GET_TRANSACTION_COUNT, params(&(self.of, At::Pending))?).await?)
    }
}

struct ReadKnown {
    hash: B256,
}

#[derive(Deserialize)]
struct Written {
    hash: Hash,
}

impl Read for ReadKnown {
    type Answer = bool;

    async fn attempt(&self, node: Node<'_>) -> Result<bool, Fault> {
        let answer = node.call(methods::GET_TRANSACTION, params(&[self.hash])?).await?;
        match parse::<Option<Written>>(&answer)? {
            Some(written) if written.hash.0 != self.hash => Err(Fault::malformed("another transaction")),
            written => Ok(written.is_some()),
        }
    }
}
