//! Reads of all jobs, gathered into few requests. A job sees no difference but speed: what it gets is what the same read alone
//! would have got, and where company could change that, or fails, it is asked alone.
//!
//! - The same header, or the same request, asked by several at once is asked once ([`flight`]).
//! - Calls of contracts at one block, and small requests, that come within a short window go out together ([`basket`]).
//! - What can't change any more is kept ([`cache`], [`fixed`]): calls by their block's hash, never by its number, unless that is
//!   final.
//!
//! Whoever gets here has passed its grant (`reads`): what is shared here is shared among those who may ask for it. Which endpoint
//! answers is `named`'s, and what is asked of it `read`'s.

mod basket;
mod cache;
mod calls;
mod finality;
mod fixed;
mod flight;
mod known;
mod requests;
mod window;

use std::sync::{Arc, atomic::Ordering};

use alloy_primitives::{Address, B256, keccak256};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

pub(crate) use known::Known;

use crate::{
    At, ChainMetrics, Entry, Header, LogQuery, ReadError,
    named::NamedChain,
    read::{ReadHeader, ReadLogs},
    telemetry::{ReadsSaved, Saved},
};
use basket::Baskets;
use cache::{Cache, Kept};
use calls::Calls;
use finality::Finality;
use flight::Flights;
use requests::{Request, Requests};
use window::company;

/// The digest of something that is asked.
pub(crate) type Id = B256;

/// The most calls of one chain that wait for an answer; more wait for their turn.
const MOST_CALLS: usize = 10_000;

/// What one chain's reads share.
pub(crate) struct Gather {
    /// Multicall3, where it may be used.
    contract: Option<Address>,
    headers: Flights<At, Header>,
    alone: Flights<Id, Arc<RawValue>>,
    logs: Flights<LogQuery, Arc<Vec<Entry>>>,
    calls: Baskets<Calls>,
    requests: Baskets<Requests>,
    room: Semaphore,
    /// Calls that fail inside Multicall3: asked plainly.
    loners: Arc<Known>,
    /// Calls whose company failed: their askers are served alone, until that goes well.
    suspects: Known,
    cache: Cache,
    finality: Finality,
    metrics: ChainMetrics,
    chain: Arc<str>,
}

impl Gather {
    pub(crate) fn new(contract: Option<Address>, cache: usize, metrics: ChainMetrics, chain: Arc<str>) -> Self {
        Self {
            contract,
            headers: Flights::default(),
            alone: Flights::default(),
            logs: Flights::default(),
            calls: Baskets::default(),
            requests: Baskets::default(),
            room: Semaphore::new(MOST_CALLS),
            loners: Arc::default(),
            suspects: Known::default(),
            cache: Cache::new(cache),
            finality: Finality::default(),
            metrics,
            chain,
        }
    }

    fn saved(&self, how: Saved, reads: usize) {
        if reads > 0 {
            ReadsSaved { metrics: &self.metrics, chain: &self.chain, how, reads }.emit();
        }
    }
}

impl NamedChain {
    /// A header; for a tag, of the block that bears it when it is asked or later.
    pub(crate) async fn header(self: &Arc<Self>, at: At) -> Result<Header, ReadError> {
        let gather = &self.gather;
        let id = match at {
            At::Number(number) => {
                gather.finality.settled(number).map(|era| digest(&[b"header", &era, &number.to_be_bytes()]))
            }
            _ => None,
        };
        if let Some(Kept::Header(header)) = id.and_then(|id| gather.cache.get(&id)) {
            gather.saved(Saved::Cache, 1);
            return Ok(header);
        }
        let (flight, joined) = gather.headers.join(&self.runtime, at, |arrivals| {
            let chain = Arc::clone(self);
            async move {
                company(|| arrivals.load(Ordering::Relaxed)).await;
                let header = chain.read(&ReadHeader { at }).await?;
                if at == At::Finalized {
                    chain.gather.finality.saw(header.number);
                }
                if let Some(id) = id {
                    chain.gather.cache.keep(id, Kept::Header(header));
                }
                Ok(header)
            }
        });
        gather.saved(Saved::InFlight, usize::from(joined));
        flight.await
    }

    /// A read-only method, by itself or in a batch.
    pub(crate) async fn request(
        self: &Arc<Self>,
        method: &'static str,
        params: Box<RawValue>,
    ) -> Result<Arc<RawValue>, ReadError> {
        requests::read(self, Request { method, params: params.into() }).await
    }

    /// Events; the same ones, asked by several at once, are asked once.
    pub(crate) async fn logs(self: &Arc<Self>, query: LogQuery, read: ReadLogs) -> Result<Vec<Entry>, ReadError> {
        let (flight, joined) = self.gather.logs.join(&self.runtime, query, |_arrivals| {
            let chain = Arc::clone(self);
            async move { chain.read(&read).await.map(Arc::new) }
        });
        self.gather.saved(Saved::InFlight, usize::from(joined));
        flight.await.map(Arc::unwrap_or_clone)
    }
}

/// The digest of parts, each with its length, so that no two lists of parts are the same bytes.
fn digest(parts: &[&[u8]]) -> Id {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(*part);
    }
    keccak256(bytes)
}
