//! The node itself: who it is, whom it knows, whether it is synchronised, what waits in its pool.

use futures_util::join;
use serde::Deserialize;
use watchkeeper_sdk::{chain::Number, prelude::*, serde_json::Value};

use crate::{optional::Optional, quantity::Count};

/// Longest client version that becomes a label.
const VERSION_LENGTH: usize = 128;

#[derive(Metrics)]
#[metric(prefix = "chain", labels("chain"))]
pub(crate) struct Metrics {
    /// Chain id by EIP-155.
    id: Gauge<1>,
    /// Always 1; the label says which software answers.
    #[metric(labels("version"))]
    client_info: Gauge<2>,
    /// Peers that the node is connected to.
    peers: Gauge<1>,
    /// 1 while the node says that it is synchronising, else 0.
    syncing: Gauge<1>,
    /// Block that the node has reached; only while it is synchronising.
    sync_current_block_number: Gauge<1>,
    /// Highest block that the node knows of; only while it is synchronising.
    sync_highest_block_number: Gauge<1>,
    /// Transactions in the node's pool: `pending` ones can be mined now, `queued` ones wait for another.
    #[metric(labels("state"))]
    txpool_transactions: Gauge<2>,
}

impl Metrics {
    pub(crate) async fn read(&self, node: &Optional<'_>) {
        let chain = node.chain();
        let (id, version, peers, syncing, pool) = join!(
            node.ask::<Number>("chain id", "eth_chainId", ()),
            node.ask::<String>("client version", "web3_clientVersion", ()),
            node.ask::<Count>("peer count", "net_peerCount", ()),
            node.ask::<Syncing>("synchronisation", "eth_syncing", ()),
            node.ask::<Pool>("transaction pool", "txpool_status", ()),
        );
        if let Some(id) = id {
            self.id.set([chain], id.0);
        }
        if let Some(version) = version {
            let version: String = version.chars().take(VERSION_LENGTH).collect();
            self.client_info.set([chain, &version], 1.0);
        }
        if let Some(peers) = peers {
            self.peers.set([chain], peers.0);
        }
        if let Some(syncing) = syncing {
            self.sync(chain, &syncing);
        }
        if let Some(pool) = pool {
            self.txpool_transactions.set([chain, "pending"], pool.pending.0);
            self.txpool_transactions.set([chain, "queued"], pool.queued.0);
        }
    }

    fn sync(&self, chain: &str, syncing: &Syncing) {
        self.syncing.set([chain], matches!(syncing, Syncing::Behind { .. }));
        if let Syncing::Behind { current, highest } = syncing {
            if let Some(current) = current {
                self.sync_current_block_number.set([chain], current.0);
            }
            if let Some(highest) = highest {
                self.sync_highest_block_number.set([chain], highest.0);
            }
        }
    }
}

#[derive(Deserialize)]
struct Pool {
    pending: Count,
    queued: Count,
}

/// `eth_syncing`: false, or how far the node is.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
enum Syncing {
    Done,
    Behind { current: Option<Number>, highest: Option<Number> },
}

impl TryFrom<Value> for Syncing {
    type Error = String;

    fn try_from(answer: Value) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Progress {
            current_block: Option<Number>,
            highest_block: Option<Number>,
        }
        match answer {
            Value::Bool(false) => Ok(Self::Done),
            Value::Object(_) => {
                let Progress { current_block: current, highest_block: highest } =
                    watchkeeper_sdk::serde_json::from_value(answer).map_err(|error| error.to_string())?;
                Ok(Self::Behind { current, highest })
            }
            other => Err(format!("`{other}` is neither false nor a table")),
        }
    }
}
