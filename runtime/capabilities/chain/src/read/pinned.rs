//! Calls at one known block. The block is pinned by its hash (EIP-1898), so that a reorganisation between two calls is an error
//! and not a mixture; a node that refuses hashes is asked by number, and the hash is checked again afterwards. Calls go together
//! where that is allowed and the endpoint takes it, and plainly else.

use std::time::Instant;

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use super::{
    Call, Read, ReadHeader, Reply,
    contracts::{INVALID_PARAMS, reply},
    params,
};
use crate::{At, endpoint::Node, fault::Fault, gather::Known, methods};

/// The most calls in one batch: providers allow from 100 up.
const BATCH: usize = 100;

/// A block that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Block {
    pub(crate) number: u64,
    pub(crate) hash: B256,
}

impl Block {
    /// Whether it is still the one at its height.
    pub(crate) async fn check(self, node: Node<'_>) -> Result<(), Fault> {
        let header = ReadHeader { at: At::Number(self.number) }.attempt(node).await?;
        if header.hash == self.hash { Ok(()) } else { Err(Fault::Replaced) }
    }
}

/// How calls may go together.
#[derive(Clone, Copy)]
pub(crate) struct Together<'a> {
    /// Multicall3.
    pub(crate) contract: Address,
    /// Calls that fail in company.
    pub(crate) loners: &'a Known,
}

pub(crate) struct Pinned<'a> {
    pub(crate) block: Block,
    pub(crate) calls: &'a [Call],
    pub(crate) together: Option<Together<'a>>,
    /// Replies of more bytes together are too much for one read.
    pub(crate) max_bytes: usize,
}

/// What each call gave: a reply, or the error that is its own.
pub(super) type Answered = Vec<Option<Result<Reply, Fault>>>;

impl Pinned<'_> {
    /// For each call its reply, or the error that the endpoint has for it alone.
    pub(crate) async fn read(&self, node: Node<'_>) -> Result<Vec<Result<Reply, Fault>>, Fault> {
        match self.at(node, &json!({ "blockHash": self.block.hash })).await {
            Err(Fault::Rpc(error)) if error.code == INVALID_PARAMS => {
                let answered = self.at(node, &json!(At::Number(self.block.number))).await?;
                self.block.check(node).await?;
                Ok(answered)
            }
            answered => answered,
        }
    }

    async fn at(&self, node: Node<'_>, block: &Value) -> Result<Vec<Result<Reply, Fault>>, Fault> {
        let mut answered: Answered = self.calls.iter().map(|_| None).collect();
        let most = node.company(|company| company.most(self.block.number, Instant::now()));
        let gathered = match (self.together, most) {
            (Some(together), Some(most)) => {
                Some((together, self.gather(node, block, together, most, &mut answered).await?))
            }
            _ => None,
        };
        self.plainly(node, block, &mut answered).await?;
        if let Some((together, gathered)) = gathered {
            self.learn(node, together, &gathered, &answered);
        }
        let left = || Err(Fault::malformed("a call without an answer"));
        Ok(answered.into_iter().map(|answer| answer.unwrap_or_else(left)).collect())
    }

    /// Asks each call that has no answer yet as itself.
    async fn plainly(&self, node: Node<'_>, block: &Value, answered: &mut Answered) -> Result<(), Fault> {
        let mut bytes: usize = answered.iter().flatten().map(size).sum();
        let mut any = answered.iter().any(Option::is_some);
        let mut left: Vec<_> = self.calls.iter().zip(answered).filter(|(_, answer)| answer.is_none()).collect();
        for part in left.chunks_mut(BATCH) {
            let asked: Result<Vec<_>, Fault> = part.iter().map(|(call, _)| params(&(call, block))).collect();
            let answers = node.calls(methods::CALL, asked?).await?;
            let mut failed = None;
            for ((_, place), answer) in part.iter_mut().zip(answers) {
                let answer = reply(answer);
                match &answer {
                    Ok(_) => any = true,
                    // The block's fault, or the endpoint's; not the call's.
                    Err(Fault::Rpc(error)) if error.code == INVALID_PARAMS || error.is_retry_err() => {
                        return answer.map(drop);
                    }
                    Err(Fault::Rpc(error)) => failed = Some(error.clone()),
                    Err(_) => return answer.map(drop),
                }
                bytes += size(&answer);
                **place = Some(answer);
            }
            if bytes > self.max_bytes {
                return Err(Fault::TooLarge(self.max_bytes));
            }
            // As where the endpoint doesn't know the block.
            if let (false, Some(error)) = (any, failed) {
                return Err(Fault::Rpc(error));
            }
        }
        Ok(())
    }
}

fn size(answer: &Result<Reply, Fault>) -> usize {
    match answer {
        Ok(Reply::Returned(data) | Reply::Reverted(data)) => data.len(),
        Err(_) => 0,
    }
}
