//! A chain's heads for jobs that follow it: told as they come, by WebSocket where an endpoint has one, and by polling
//! otherwise and as a check. Nothing is asked of a chain that no job follows.
//!
//! [`line`] decides what a header means, [`socket`] hears headers, [`watch`] brings both together and tells. What a head
//! starts isn't known here.

mod line;
mod socket;
mod telemetry;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio_util::task::AbortOnDropHandle;
use watchkeeper_contract::TellHead;
use watchkeeper_model::HeadFeed;

pub(crate) use socket::SocketSettings;
pub(crate) use telemetry::HeadMetrics;

use crate::named::NamedChain;
use watch::Watch;

/// How a chain's heads are found.
pub(crate) struct HeadSettings {
    /// The time from one look at the head to the next, where no WebSocket tells of it.
    pub(crate) poll_interval: Duration,
    /// Endpoints that tell by WebSocket.
    pub(crate) sockets: Vec<SocketSettings>,
}

/// The heads of one chain.
pub(crate) struct Heads {
    chain: Arc<NamedChain>,
    settings: Arc<HeadSettings>,
    metrics: HeadMetrics,
    following: Mutex<Option<Following>>,
}

/// Heads that are being told.
struct Following {
    /// Which blocks are wanted, by their confirmations.
    wanted: BTreeSet<u64>,
    _watch: AbortOnDropHandle<()>,
}

impl Heads {
    pub(crate) fn new(chain: Arc<NamedChain>, settings: HeadSettings, metrics: HeadMetrics) -> Self {
        Self { chain, settings: Arc::new(settings), metrics, following: Mutex::default() }
    }

    /// Tells of the feeds of this chain from now on, and of no others.
    pub(crate) fn follow(&self, feeds: &BTreeSet<HeadFeed>, tell: &TellHead) {
        let ours = feeds.iter().filter(|feed| *feed.chain == *self.chain.name);
        let wanted: BTreeSet<u64> = ours.map(|feed| feed.confirmations).collect();
        let mut following = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        if following.as_ref().map_or(wanted.is_empty(), |following| following.wanted == wanted) {
            return;
        }
        // The old watch ends before the new one begins: nobody is told twice.
        *following = None;
        if wanted.is_empty() {
            return self.metrics.forget(&self.chain.name);
        }
        let watch = Watch::new(
            Arc::clone(&self.chain),
            Arc::clone(&self.settings),
            self.metrics.clone(),
            wanted.iter().map(|confirmations| (*confirmations, None)).collect::<BTreeMap<_, _>>(),
            Arc::clone(tell),
        );
        let task = self.chain.runtime.spawn(watch.keep());
        *following = Some(Following { wanted, _watch: AbortOnDropHandle::new(task) });
    }
}
