//! Calls at one known block. The block is pinned by its hash (EIP-1898), so that a reorganisation between two calls is an error
//! and not a mixture; a node that refuses hashes is asked by number, and the hash is checked again afterwards. Calls go together
//! where that is allowed and the endpoint takes it, and plainly else.

use std::{collections::VecDeque, time::Instant};

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use super::{
    Call, Read, ReadHeader, Reply,
    contracts::{INVALID_PARAMS, reply},
    multicall::{self, Told},
    params,
};
use crate::{At, endpoint::Node, fault::Fault, gather::Known, methods, telemetry::Saved};

/// The most calls in one batch: providers allow from 100 up.
const BATCH: usize = 100;
/// The most bytes of calls in one Multicall3 request, before they are written as digits: nodes and proxies take 1 MiB and more.
const MOST_BYTES: usize = 384 << 10;
/// What is expected of an answer: a call's result and its place, as digits.
const ANSWER: usize = 512;
/// How often parts of one read may be refused as too much before what is left goes plainly.
const REFUSALS: usize = 16;

/// A block that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Block {
    pub(crate) number: u64,
    pub(crate) hash: B256,
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
type Answered = Vec<Option<Result<Reply, Fault>>>;

impl Pinned<'_> {
    /// For each call its reply, or the error that the endpoint has for it alone.
    pub(crate) async fn read(&self, node: Node<'_>) -> Result<Vec<Result<Reply, Fault>>, Fault> {
        match self.at(node, &json!({ "blockHash": self.block.hash })).await {
            Err(Fault::Rpc(error)) if error.code == INVALID_PARAMS => {
                let answered = self.at(node, &json!(At::Number(self.block.number))).await?;
                self.check(node).await?;
                Ok(answered)
            }
            answered => answered,
        }
    }

    /// Whether the block is still the one at its height.
    async fn check(&self, node: Node<'_>) -> Result<(), Fault> {
        let header = ReadHeader { at: At::Number(self.block.number) }.attempt(node).await?;
        if header.hash == self.block.hash { Ok(()) } else { Err(Fault::Replaced) }
    }

    async fn at(&self, node: Node<'_>, block: &Value) -> Result<Vec<Result<Reply, Fault>>, Fault> {
        let mut answered: Answered = self.calls.iter().map(|_| None).collect();
        let most = node.company(|company| company.most(self.block.number, Instant::now()));
        let missing = match (self.together, most) {
            (Some(together), Some(most)) => self.gather(node, block, together, most, &mut answered).await?,
            _ => false,
        };
        self.plainly(node, block, &mut answered).await?;
        if missing {
            node.company(|company| company.missing(self.block.number, Instant::now()));
        }
        let left = || Err(Fault::malformed("a call without an answer"));
        Ok(answered.into_iter().map(|answer| answer.unwrap_or_else(left)).collect())
    }

    /// Asks for calls together; those that are left have no answer yet. Returns whether there is nobody to ask so.
    async fn gather(
        &self,
        node: Node<'_>,
        block: &Value,
        together: Together<'_>,
        most: usize,
        answered: &mut Answered,
    ) -> Result<bool, Fault> {
        let company: Vec<usize> = self.fitting(together).collect();
        let most = most.min((self.max_bytes / ANSWER).max(1));
        let mut parts = self.parts(&company, most);
        let (mut fitted, mut refusals) = (0, 0);
        while let Some(part) = parts.pop_front() {
            // One call gains nothing.
            if part.len() < 2 || refusals > REFUSALS {
                continue;
            }
            let calls: Vec<&Call> = part.iter().filter_map(|place| self.calls.get(*place)).collect();
            match multicall::ask(node, together.contract, block, &calls).await? {
                Told::Nothing if fitted == 0 => return Ok(true),
                Told::Nothing => break,
                Told::Results(results) => {
                    fitted = fitted.max(part.len());
                    node.saved(Saved::Multicall, part.len() - 1);
                    for ((place, call), result) in part.iter().zip(calls).zip(results) {
                        match (result, answered.get_mut(*place)) {
                            (Some(data), Some(answer)) => *answer = Some(Ok(Reply::Returned(data))),
                            _ => together.loners.note(call),
                        }
                    }
                }
                Told::TooMuch(fault) => {
                    if refusals == 0 && matches!(fault, Fault::Rpc(_)) {
                        self.check(node).await?;
                    }
                    refusals += 1;
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.push_front(second);
                    parts.push_front(first);
                }
            }
        }
        if fitted > 0 {
            node.company(|company| company.answered(self.block.number, fitted, refusals > 0));
        }
        Ok(false)
    }

    /// The places of the calls that may go together.
    fn fitting(&self, together: Together<'_>) -> impl Iterator<Item = usize> {
        let fits = move |call: &Call| multicall::fits(call) && !together.loners.has(call);
        self.calls.iter().enumerate().filter(move |(_, call)| fits(call)).map(|(place, _)| place)
    }

    /// Parts of at most so many calls, and of no more bytes than a request may have.
    fn parts<'p>(&self, mut places: &'p [usize], most: usize) -> VecDeque<&'p [usize]> {
        let mut parts = VecDeque::new();
        while !places.is_empty() {
            let mut bytes = 0;
            let fits = places.iter().take(most).take_while(|place| {
                bytes += self.calls.get(**place).map_or(0, multicall::size);
                bytes <= MOST_BYTES
            });
            let (part, rest) = places.split_at(fits.count().max(1));
            parts.push_back(part);
            places = rest;
        }
        parts
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
