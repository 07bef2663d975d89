//! Watches one EVM chain through its JSON-RPC: heights, blocks, fees, pool, peers, synchronisation, reorganisations.
//!
//! A run reads the head, without which it fails; then what a node may lack, each series absent where the node has no answer;
//! then it counts the blocks since the last run. Every metric is in the module that reads its value: [`head`], [`fees`],
//! [`node`], [`count`]. Nothing here turns an answer that can't be read into a number.

mod block;
mod count;
mod fees;
mod head;
mod node;
mod optional;
mod quantity;
#[cfg(test)]
mod tests;
mod trail;

use std::num::NonZeroU16;

use futures_util::join;
use watchkeeper_sdk::prelude::*;

use crate::{fees::Percentiles, optional::Optional};

/// What to watch.
#[config]
struct Config {
    /// The chain, by its name in `watchkeeper.toml`.
    chain: String,
    /// The most blocks that one run counts; what is left is counted by the next runs.
    #[serde(default = "max_blocks_per_run")]
    max_blocks_per_run: NonZeroU16,
    /// Percentiles of the priority fees paid in the newest block: whole numbers from 0 to 100, ascending.
    #[serde(default)]
    #[schemars(with = "Vec<u8>", length(max = 20), inner(range(max = 100)))]
    fee_percentiles: Percentiles,
}

fn max_blocks_per_run() -> NonZeroU16 {
    const { NonZeroU16::new(500).unwrap() }
}

#[derive(Metrics)]
struct Metrics {
    #[metric(flatten)]
    head: head::Metrics,
    #[metric(flatten)]
    blocks: count::Metrics,
    #[metric(flatten)]
    fees: fees::Metrics,
    #[metric(flatten)]
    node: node::Metrics,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let chain = chain(&config.chain);
    let head = block::latest(&chain).await?;
    metrics.head.head(&config.chain, &head);
    metrics.fees.base(&config.chain, &head);

    let optional = Optional::load(&chain).await?;
    join!(
        metrics.head.read(&optional),
        metrics.fees.read(&optional, &config.fee_percentiles),
        metrics.node.read(&optional),
    );
    optional.save().await?;

    let counted = metrics.blocks.count(&chain, &head, config.max_blocks_per_run).await?;
    Ok(format!("head {}, {counted}", head.number))
}
