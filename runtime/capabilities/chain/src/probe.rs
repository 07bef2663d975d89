//! A look at all endpoints of a chain, also those that nobody needs while the first one answers: how far each is, whether its head
//! is too old, and whether two of them have different blocks at one height. Once in a while, and only while the chain is read.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use alloy_primitives::B256;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep_until};

use crate::{
    At, Header,
    endpoint::Endpoint,
    fault::Fault,
    named::NamedChain,
    read::{Read, ReadHeader},
    standing::Turn,
    telemetry::Compared,
};

/// From one look to the next.
const PAUSE: Duration = Duration::from_secs(15);
/// Heads further apart than this are not compared: one of the two has just begun to catch up.
const APART: u64 = 64;

/// Looks for ever, while the chain is read.
pub(crate) async fn keep(chain: Arc<NamedChain>) {
    let mut next = Instant::now() + PAUSE;
    loop {
        chain.used.notified().await;
        sleep_until(next).await;
        chain.look_around().await;
        next = Instant::now() + PAUSE;
    }
}

impl NamedChain {
    /// Asks each endpoint for its head, and all that are near for what they have at the lowest of these heights. An endpoint
    /// that rests is tried when it has rested.
    pub(crate) async fn look_around(&self) {
        let now = std::time::Instant::now();
        let places = self.endpoints.iter().enumerate();
        let asked = places.filter(|(_, endpoint)| matches!(endpoint.turn(now), Turn::Now));
        let heads = asked.map(|(place, endpoint)| async move {
            self.ask(endpoint, At::Latest).await.map(|header| (place, endpoint, header))
        });
        let heads: Vec<(usize, &Endpoint, Header)> = join_all(heads).await.into_iter().flatten().collect();
        let best = heads.iter().map(|(_, _, header)| header.number).max().unwrap_or(0);
        let near: Vec<_> = heads.into_iter().filter(|(_, _, header)| best - header.number <= APART).collect();
        let Some(height) = near.iter().map(|(_, _, header)| header.number).min() else { return };
        let there = near.into_iter().map(|(place, endpoint, head)| async move {
            let header = if head.number == height { Some(head) } else { self.ask(endpoint, At::Number(height)).await };
            header.map(|header| (place, header.hash))
        });
        let said: Vec<(usize, B256)> = join_all(there).await.into_iter().flatten().collect();
        let mut forks = self.forks.lock().unwrap_or_else(PoisonError::into_inner);
        let found = forks.compare(height, &said);
        let name = |place: usize| self.endpoints.get(place).map_or("", Endpoint::name);
        let present = forks.present().map(|(height, one, other)| (height, name(one), name(other)));
        Compared { chain: &self.name, telemetry: &self.telemetry, found, present }.emit();
    }

    async fn ask(&self, endpoint: &Endpoint, at: At) -> Option<Header> {
        let node = endpoint.until(Instant::now() + self.timeout);
        let header = async {
            node.verify().await?;
            ReadHeader { at }.attempt(node).await
        };
        match header.await {
            Ok(header) => {
                endpoint.answered(self.clock.now());
                Some(header)
            }
            Err(Fault::NoBlock) => None,
            Err(fault) => {
                endpoint.failed(&fault);
                None
            }
        }
    }
}
