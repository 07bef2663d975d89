//! Watches a Celestia node and what is submitted through its network, by the node's JSON-RPC.
//!
//! A run reads the node's own head, without which it fails; then what the node or the token may not offer, each series absent
//! where there is no answer; then it counts the submissions in the blocks since the last run. Every metric is in the module
//! that reads its value: [`heads`], [`sampling`], [`balances`], [`peers`], [`submissions`]. Nothing here turns an answer that
//! can't be read into a number, and no token comes near: the host attaches it.

mod account;
mod balances;
mod header;
mod heads;
mod namespace;
mod node;
mod number;
mod payment;
mod peers;
mod sampling;
mod square;
mod submissions;
#[cfg(test)]
mod tests;
mod time;

use std::{
    collections::BTreeMap,
    num::{NonZeroU16, NonZeroU32},
};

use futures_util::join;
use watchkeeper_sdk::prelude::*;

use crate::{
    account::Address,
    namespace::Namespace,
    node::Node,
    submissions::{Plan, Watched},
    time::Span,
};

/// Which node, and what to watch.
#[config]
struct Config {
    /// Where the node answers JSON-RPC, such as `http://127.0.0.1:26658/`: of a service that the job's grants name.
    url: String,
    /// The network's chain id, as its headers say it: `celestia`, `mocha-4`. A node of another network is refused.
    network: String,
    /// Namespaces whose blobs are counted, each by a name of your own that becomes a label: 29 bytes, in base64 or hexadecimal.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>", extend("maxProperties" = 16))]
    namespaces: BTreeMap<String, Namespace>,
    /// Accounts whose balance is watched, each by a name of your own: `celestia1…`. Where some are named, only what they signed
    /// is counted; where none is, the node's own account is watched, and everybody's blobs in the namespaces are counted.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>", extend("maxProperties" = 16))]
    signers: BTreeMap<String, Address>,
    /// How often a signer submits at the latest, such as `"10m"`: longer intervals are counted as late.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    expected_every: Option<Span>,
    /// Height of the first block that the first run counts; the head if left out.
    start_height: Option<u64>,
    /// The most blocks that one run counts; what is left is counted by the next runs.
    #[serde(default = "max_blocks_per_run")]
    max_blocks_per_run: NonZeroU16,
    /// Blocks that are further behind the head are left out, and counted as such.
    #[serde(default = "max_blocks_behind")]
    max_blocks_behind: NonZeroU32,
}

fn max_blocks_per_run() -> NonZeroU16 {
    const { NonZeroU16::new(100).unwrap() }
}

fn max_blocks_behind() -> NonZeroU32 {
    const { NonZeroU32::new(50_000).unwrap() }
}

#[derive(Metrics)]
struct Metrics {
    #[metric(flatten)]
    heads: heads::Metrics,
    #[metric(flatten)]
    sampling: sampling::Metrics,
    #[metric(flatten)]
    balances: balances::Metrics,
    #[metric(flatten)]
    peers: peers::Metrics,
    #[metric(flatten)]
    submissions: submissions::Metrics,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let node = Node::load(&config.url, &config.network).await?;
    let head = heads::local(&node).await?;
    let (tail, (), balances, peers) = join!(
        metrics.heads.read(&node, &head),
        metrics.sampling.read(&node),
        metrics.balances.read(&node, &config.signers),
        metrics.peers.read(&node),
    );
    balances?;
    peers?;

    let plan = Plan {
        watched: Watched { signers: &config.signers, namespaces: &config.namespaces },
        start: config.start_height,
        most: config.max_blocks_per_run,
        behind: config.max_blocks_behind,
        expected_every: config.expected_every,
    };
    let counted = match plan.watched.is_empty() {
        true => "no submissions are watched".to_owned(),
        false => metrics.submissions.count(&node, &head, tail, &plan).await?,
    };
    node.save().await?;
    Ok(format!("head {}, {counted}", head.height))
}
