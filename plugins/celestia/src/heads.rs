//! How far the node and the network are: heads, the oldest header, and the synchronisation of headers.

use futures_util::join;
use serde::Deserialize;
use watchkeeper_sdk::{http, prelude::*};

use crate::{header::Header, node::Node, number::Number};

#[derive(Metrics)]
#[metric(prefix = "da", labels("network"))]
pub(crate) struct Metrics {
    /// Height of the newest block: `local` is the node's own, `network` the newest that it knows of.
    #[metric(labels("kind"))]
    head_block_number: Gauge<2>,
    /// The newest block's own time, in seconds since the Unix epoch.
    #[metric(unit = "seconds", labels("kind"))]
    head_block_timestamp_seconds: Gauge<2>,
    /// Height of the oldest header that the node keeps.
    tail_block_number: Gauge<1>,
    /// 1 while headers up to the target are missing, else 0.
    syncing: Gauge<1>,
    /// Height up to which the node synchronises its headers, or last did.
    sync_target_block_number: Gauge<1>,
    /// 1 if the synchronisation that goes on, or the last one, has met an error, else 0; the log has its words.
    sync_failed: Gauge<1>,
}

/// The newest header that the node itself has; without it a run fails.
pub(crate) async fn local(node: &Node<'_>) -> Result<Header> {
    let head: Header = match node.call("header.LocalHead", ()).await {
        Ok(head) => head,
        Err(http::Error::Rpc { message, .. }) if message.contains("missing permission") => {
            return Err(Error::Denied(format!(
                "the node says: {message}\nhint: the service's token needs the permission `read`"
            )));
        }
        Err(error) => return Err(error.into()),
    };
    if head.network != node.network() {
        let found: String = head.network.chars().take(80).collect();
        fail!(
            "the node is of the network `{found}`, not of `{}`\nhint: see key `network`, or the service's origin",
            node.network()
        );
    }
    Ok(head)
}

impl Metrics {
    /// Reads what the node knows beside its own head; returns the oldest height.
    pub(crate) async fn read(&self, node: &Node<'_>, local: &Header) -> Option<u64> {
        self.head(node, "local", local);
        let (network, tail, sync) = join!(
            node.ask::<Header>("network head", "header.NetworkHead", ()),
            node.ask::<Header>("tail", "header.Tail", ()),
            node.ask::<Sync>("state of the synchronisation", SYNC_STATE, ()),
        );
        // The local head was read first, so the network can't be behind it.
        match network {
            Some(network) if network.height >= local.height => self.head(node, "network", &network),
            Some(network) => {
                let why = format!("block {} is behind the node's own, {}", network.height, local.height);
                node.say("network head", "header.NetworkHead", &why);
            }
            None => {}
        }
        if let Some(sync) = sync {
            self.sync(node, &sync);
        }
        let tail = tail?.height;
        if tail > local.height {
            node.say("tail", "header.Tail", &format!("block {tail} is above the node's own head, {}", local.height));
            return None;
        }
        self.tail_block_number.set([node.network()], tail);
        Some(tail)
    }

    fn head(&self, node: &Node<'_>, kind: &str, header: &Header) {
        self.head_block_number.set([node.network(), kind], header.height);
        self.head_block_timestamp_seconds.set([node.network(), kind], header.time.seconds());
    }

    fn sync(&self, node: &Node<'_>, sync: &Sync) {
        let network = node.network();
        self.syncing.set([network], sync.height < sync.to_height);
        self.sync_target_block_number.set([network], sync.to_height.0);
        self.sync_failed.set([network], sync.error.is_some());
        if let Some(error) = &sync.error {
            let error: String = error.chars().take(500).collect();
            warn!(network = network, "the node's synchronisation of headers says: {error}");
        }
    }
}

const SYNC_STATE: &str = "header.SyncState";

/// `go-header`, `sync/syncer.go`: a synchronisation has ended when `to_height` is reached.
#[derive(Deserialize)]
struct Sync {
    height: Number,
    to_height: Number,
    error: Option<String>,
}
