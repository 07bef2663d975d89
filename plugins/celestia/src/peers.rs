//! The node itself: whether it is ready, who it is, whom it knows, what went through its connections. All but the first needs a
//! token with the permission `admin`, which the host keeps.

use futures_util::join;
use serde::{Deserialize, Serialize};
use watchkeeper_sdk::{prelude::*, serde::de::IgnoredAny};

use crate::node::Node;

/// Longest text that becomes a label.
const LABEL_LENGTH: usize = 64;

#[derive(Metrics)]
#[metric(prefix = "da", labels("network"))]
pub(crate) struct Metrics {
    /// 1 if the node says that it is ready, else 0.
    ready: Gauge<1>,
    /// Always 1; the labels say what kind of node answers, and by which software.
    #[metric(labels("type", "version"))]
    node_info: Gauge<3>,
    /// Peers that the node is connected to.
    peers: Gauge<1>,
    /// Bytes that the node received from its peers, since this job first asked.
    #[metric(unit = "bytes")]
    network_receive_bytes_total: Counter<1>,
    /// Bytes that the node sent to its peers, since this job first asked.
    #[metric(unit = "bytes")]
    network_transmit_bytes_total: Counter<1>,
}

impl Metrics {
    pub(crate) async fn read(&self, node: &Node<'_>) -> Result<()> {
        let network = node.network();
        let (ready, info, peers, bandwidth) = join!(
            node.ask::<bool>("readiness", "node.Ready", ()),
            node.ask::<Info>("kind of node", "node.Info", ()),
            node.ask::<Vec<IgnoredAny>>("peers", "p2p.Peers", ()),
            node.ask::<Bandwidth>("bandwidth", "p2p.BandwidthStats", ()),
        );
        if let Some(ready) = ready {
            self.ready.set([network], ready);
        }
        if let Some(Info { kind, api_version }) = info {
            let label = |text: String| text.chars().take(LABEL_LENGTH).collect::<String>();
            self.node_info.set([network, &label(kind), &label(api_version)], 1.0);
        }
        if let Some(peers) = peers {
            self.peers.set([network], peers.len());
        }
        if let Some(bandwidth) = bandwidth {
            self.bandwidth(network, bandwidth).await?;
        }
        Ok(())
    }

    async fn bandwidth(&self, network: &str, now: Bandwidth) -> Result<(), state::Error> {
        let before: Option<Bandwidth> = state::get(KEY).await?;
        let last = before.unwrap_or(now);
        self.network_receive_bytes_total.add([network], grown(last.total_in, now.total_in));
        self.network_transmit_bytes_total.add([network], grown(last.total_out, now.total_out));
        if before != Some(now) {
            state::set(KEY, &now).await?;
        }
        Ok(())
    }
}

const KEY: &str = "bandwidth";

/// How much a total has grown. The node's begin anew when it does.
fn grown(last: u64, now: u64) -> u64 {
    now.checked_sub(last).unwrap_or(now)
}

#[derive(Deserialize)]
struct Info {
    #[serde(rename = "type")]
    kind: String,
    api_version: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Bandwidth {
    total_in: u64,
    total_out: u64,
}
