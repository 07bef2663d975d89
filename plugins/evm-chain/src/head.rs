//! How far the chain is: its newest, safe and finalised blocks.

use futures_util::join;
use serde::Deserialize;
use watchkeeper_sdk::{chain::Number, prelude::*};

use crate::{
    block::{self, Block},
    optional::Optional,
};

#[derive(Metrics)]
#[metric(prefix = "chain", labels("chain"))]
pub(crate) struct Metrics {
    /// Number of the newest block.
    head_block_number: Gauge<1>,
    /// The newest block's own time, in seconds since the Unix epoch.
    #[metric(unit = "seconds")]
    head_block_timestamp_seconds: Gauge<1>,
    /// Share of the gas limit that the newest block used, from 0 to 1.
    #[metric(unit = "ratio")]
    head_block_gas_used_ratio: Gauge<1>,
    /// Gas limit of the newest block.
    head_block_gas_limit: Gauge<1>,
    /// Number of the newest safe block; absent if the node knows none.
    safe_block_number: Gauge<1>,
    /// Number of the newest finalised block; absent if the node knows none.
    finalized_block_number: Gauge<1>,
}

impl Metrics {
    /// What the newest block says.
    pub(crate) fn head(&self, chain: &str, head: &Block) {
        self.head_block_number.set([chain], head.number);
        self.head_block_timestamp_seconds.set([chain], head.timestamp);
        self.head_block_gas_limit.set([chain], head.gas_limit);
        if head.gas_limit > 0 {
            self.head_block_gas_used_ratio.set([chain], head.gas_used as f64 / head.gas_limit as f64);
        }
    }

    /// What the node knows of blocks that will stay.
    pub(crate) async fn read(&self, node: &Optional<'_>) {
        let (safe, finalized) = join!(
            node.ask::<Height>("safe block", block::METHOD, ("safe", false)),
            node.ask::<Height>("finalised block", block::METHOD, ("finalized", false)),
        );
        if let Some(block) = safe {
            self.safe_block_number.set([node.chain()], block.number.0);
        }
        if let Some(block) = finalized {
            self.finalized_block_number.set([node.chain()], block.number.0);
        }
    }
}

#[derive(Deserialize)]
struct Height {
    number: Number,
}
