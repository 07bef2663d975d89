//! Follows one chain: hears what WebSockets say, looks for itself, and tells of each new head, and of the blocks behind it that
//! are confirmed by it. A head that came and went between two looks is covered by the next one that is told.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
    time::{Instant, sleep_until},
};
use watchkeeper_contract::TellHead;
use watchkeeper_model::{BlockHash, Head, HeadFeed};

use super::{
    HeadSettings,
    line::{Came, Line},
    socket::Socket,
    telemetry::{HeadMetrics, Source},
};
use crate::{At, Header, ReadError, named::NamedChain, read::ReadHeader};

/// How often a chain is looked at although a WebSocket tells of its heads: how long one that went silent is not noticed.
const CHECK: Duration = Duration::from_secs(10);
/// Headers that wait to be looked at; more wait at their sockets.
const WAITING: usize = 64;

/// The watch over one chain's heads.
pub(crate) struct Watch {
    chain: Arc<NamedChain>,
    settings: Arc<HeadSettings>,
    metrics: HeadMetrics,
    line: Line,
    /// For each number of confirmations, what was told last.
    told: BTreeMap<u64, Option<Head>>,
    tell: TellHead,
    /// WebSockets tell of heads: looking is only a check.
    hears: bool,
    /// The last look found a head that no WebSocket had told of, though it may have been on its way.
    doubts: bool,
    silent: Arc<Notify>,
}

impl Watch {
    pub(crate) fn new(
        chain: Arc<NamedChain>,
        settings: Arc<HeadSettings>,
        metrics: HeadMetrics,
        told: BTreeMap<u64, Option<Head>>,
        tell: TellHead,
    ) -> Self {
        let (line, silent) = (Line::default(), Arc::default());
        Self { chain, settings, metrics, line, told, tell, hears: false, doubts: false, silent }
    }

    /// Follows for ever.
    pub(crate) async fn keep(mut self) {
        let (sender, mut heads) = mpsc::channel(WAITING);
        let mut sockets = JoinSet::new();
        for settings in &self.settings.sockets {
            let socket = Socket {
                settings: settings.clone(),
                chain: Arc::clone(&self.chain.name),
                chain_id: self.chain.chain_id,
                metrics: self.metrics.clone(),
                heads: sender.clone(),
                silent: Arc::clone(&self.silent),
            };
            sockets.spawn(socket.keep());
        }
        let mut look_at = Instant::now();
        loop {
            tokio::select! {
                Some(header) = heads.recv() => {
                    (self.hears, self.doubts) = (true, false);
                    self.came(header, Source::WebSocket).await;
                }
                () = sleep_until(look_at) => {
                    self.look().await;
                    let pause = if self.hears && !self.doubts { CHECK } else { self.settings.poll_interval };
                    look_at = Instant::now() + pause;
                }
            }
            self.tell_confirmed().await;
        }
    }

    /// Looks at the head. WebSockets that should have told of it by now, twice in a row, went silent.
    async fn look(&mut self) {
        match self.chain.read(&ReadHeader { at: At::Latest }).await {
            Ok(header) => {
                let new = self.came(header, Source::Polling).await;
                if !new || !self.hears {
                    return;
                }
                if self.doubts {
                    (self.hears, self.doubts) = (false, false);
                    self.silent.notify_waiters();
                } else {
                    self.doubts = true;
                }
            }
            Err(error) => {
                self.hears = false;
                tracing::debug!(chain = %self.chain.name, %error, "the head can't be read");
            }
        }
    }

    /// Whether a header is a new head.
    async fn came(&mut self, header: Header, source: Source) -> bool {
        // No chain is so long: the ledger keeps numbers as SQLite's integers.
        if i64::try_from(header.number).is_err() {
            return false;
        }
        let head = match self.line.came(&header) {
            Came::Known => return false,
            Came::New => header,
            Came::Doubtful { head } => {
                let at_head = match self.chain.read(&ReadHeader { at: At::Number(head) }).await {
                    Ok(at_head) => Some(at_head),
                    Err(ReadError::NoBlock(_)) => None,
                    Err(_) => return false,
                };
                match self.line.settle(&header, at_head.as_ref()) {
                    Some(head) => *head,
                    None => return false,
                }
            }
        };
        let seen = self.chain.seen.first(head.number, head.hash, self.chain.now());
        self.metrics.head(&self.chain.name, head.number, Duration::from_nanos(seen), source);
        if self.told.contains_key(&0) {
            self.tell(0, head);
        }
        true
    }

    /// Tells of the blocks that have their confirmations now; what can't be read is tried at the next look.
    async fn tell_confirmed(&mut self) {
        let Some((head, _)) = self.line.head() else { return };
        let wanted: Vec<(u64, u64)> = self
            .told
            .iter()
            .filter(|(confirmations, _)| **confirmations > 0)
            .filter_map(|(confirmations, told)| {
                let number = head.checked_sub(*confirmations)?;
                (told.map(|told| told.number) != Some(number)).then_some((*confirmations, number))
            })
            .collect();
        for (confirmations, number) in wanted {
            match self.chain.read(&ReadHeader { at: At::Number(number) }).await {
                Ok(header) => self.tell(confirmations, header),
                Err(error) => tracing::debug!(chain = %self.chain.name, number, %error, "a confirmed block can't be read"),
            }
        }
    }

    fn tell(&mut self, confirmations: u64, header: Header) {
        let head = Head { number: header.number, hash: BlockHash::new(header.hash.0) };
        self.told.insert(confirmations, Some(head));
        (self.tell)(&HeadFeed { chain: Arc::clone(&self.chain.name), confirmations }, head);
    }
}
