//! Calls of contracts: those of all jobs at one block in one basket.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicBool},
};

use futures_util::future::try_join_all;
use tokio::time::{Instant, timeout_at};

use super::{Id, basket::Kind, cache::Kept, digest};
use crate::{
    At, Call, Header, ReadError, Reply,
    named::NamedChain,
    read::{Block, ReadContracts, ReadGathered},
    telemetry::Saved,
};

/// The kind of basket that calls go into.
pub(crate) struct Calls;

impl Kind for Calls {
    type Group = Block;
    type Item = Call;
    /// None for a call that has to be asked apart.
    type Answer = Option<Reply>;
    /// One Multicall3 request.
    const FULL: usize = 1_000;

    async fn ask(chain: &Arc<NamedChain>, block: Block, calls: Vec<Call>) -> Result<Vec<Option<Reply>>, ReadError> {
        let gather = &chain.gather;
        let read = ReadGathered {
            block,
            calls,
            contract: gather.contract,
            loners: Arc::clone(&gather.loners),
            max_bytes: chain.max_response,
            suspicious: AtomicBool::new(false),
        };
        match chain.read(&read).await {
            Ok(replies) => {
                for (call, reply) in read.calls.iter().zip(&replies) {
                    if let Some(reply) = reply {
                        gather.cache.keep(id(block, call), Kept::Reply(reply.clone()));
                    }
                }
                Ok(replies)
            }
            Err(_) if read.suspicious.into_inner() => {
                let now = std::time::Instant::now();
                read.calls.iter().for_each(|call| gather.suspects.note(call, now));
                Ok(read.calls.iter().map(|_| None).collect())
            }
            Err(error) => Err(error),
        }
    }
}

impl NamedChain {
    /// Calls, all at the one block whose header comes with the replies, within the chain's timeout.
    pub(crate) async fn contracts(
        self: &Arc<Self>,
        at: At,
        calls: Vec<Call>,
    ) -> Result<(Header, Vec<Reply>), ReadError> {
        let deadline = Instant::now() + self.timeout;
        let read = async {
            match self.together(at, &calls).await? {
                Some(answer) => Ok(answer),
                None => self.apart(at, &calls).await,
            }
        };
        let late = || Err(ReadError::Unavailable(format!("chain \"{}\": no answer in time", self.name)));
        timeout_at(deadline, read).await.unwrap_or_else(|_elapsed| late())
    }

    /// With the calls of other jobs; none where that can't be done.
    async fn together(self: &Arc<Self>, at: At, calls: &[Call]) -> Result<Option<(Header, Vec<Reply>)>, ReadError> {
        let gather = &self.gather;
        let now = std::time::Instant::now();
        if calls.iter().any(|call| gather.suspects.has(call, now)) {
            return Ok(None);
        }
        let header = self.header(at).await?;
        let block = Block { number: header.number, hash: header.hash };
        let ids: Vec<Id> = calls.iter().map(|call| id(block, call)).collect();
        let mut replies = HashMap::with_capacity(calls.len());
        let mut wanted = HashMap::new();
        for (id, call) in ids.iter().zip(calls) {
            match gather.cache.get(id) {
                Some(Kept::Reply(reply)) => drop(replies.insert(*id, reply)),
                _ => drop(wanted.insert(*id, call.clone())),
            }
        }
        gather.saved(Saved::Cache, replies.len());
        gather.saved(Saved::InFlight, calls.len() - replies.len() - wanted.len());
        let ended = |_closed| ReadError::Unavailable("the host ended the read".to_owned());
        let _room = gather.room.acquire_many(u32::try_from(wanted.len()).unwrap_or(u32::MAX)).await.map_err(ended)?;
        let put = gather.calls.put(self, &block, wanted.into_iter().collect());
        gather.saved(Saved::InFlight, put.joined);
        for answers in try_join_all(put.flights).await? {
            let known = ids.iter().filter_map(|id| Some((*id, answers.get(id)?.clone()?)));
            replies.extend(known);
        }
        let replies: Option<Vec<Reply>> = ids.iter().map(|id| replies.get(id).cloned()).collect();
        Ok(replies.filter(|replies| fits(replies, self.max_response)).map(|replies| (header, replies)))
    }

    /// By themselves, header and all. What goes well so may be gathered again.
    async fn apart(&self, at: At, calls: &[Call]) -> Result<(Header, Vec<Reply>), ReadError> {
        let read = ReadContracts { at, calls: calls.to_vec(), max_bytes: self.max_response };
        let answer = self.read(&read).await?;
        let now = std::time::Instant::now();
        calls.iter().for_each(|call| self.gather.suspects.forget(call, now));
        Ok(answer)
    }
}

/// A call at a block. Its hash is all that counts: the same call has the same outcome there, whenever it is asked.
fn id(block: Block, call: &Call) -> Id {
    digest(&[b"call", block.hash.as_slice(), call.to.as_slice(), &call.data])
}

/// Whether replies are within what one read may give.
fn fits(replies: &[Reply], most: usize) -> bool {
    let bytes = |(Reply::Returned(data) | Reply::Reverted(data)): &Reply| data.len();
    replies.iter().map(bytes).sum::<usize>() <= most
}
