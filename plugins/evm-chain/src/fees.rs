//! What a transaction costs now. Amounts stay exact until they are measured.

use futures_util::join;
use serde::{Deserialize, Serialize};
use watchkeeper_sdk::{chain::Amount, prelude::*};

use crate::{block::Block, optional::Optional};

#[derive(Metrics)]
#[metric(prefix = "chain", labels("chain"))]
pub(crate) struct Metrics {
    /// Base fee of the newest block per unit of gas; absent on chains without EIP-1559.
    #[metric(unit = "wei")]
    base_fee_wei: Gauge<1>,
    /// Price per unit of gas that the node suggests.
    #[metric(unit = "wei")]
    gas_price_wei: Gauge<1>,
    /// Priority fee per unit of gas paid in the newest block, by percentile of its gas; 0 for an empty block.
    #[metric(unit = "wei", labels("percentile"))]
    priority_fee_wei: Gauge<2>,
}

impl Metrics {
    /// What the newest block says.
    pub(crate) fn base(&self, chain: &str, head: &Block) {
        if let Some(fee) = head.base_fee {
            self.base_fee_wei.set([chain], fee);
        }
    }

    /// What the node says.
    pub(crate) async fn read(&self, node: &Optional<'_>, percentiles: &Percentiles) {
        join!(self.price(node), self.priority(node, percentiles));
    }

    async fn price(&self, node: &Optional<'_>) {
        if let Some(price) = node.ask::<Amount>("gas price", "eth_gasPrice", ()).await {
            self.gas_price_wei.set([node.chain()], price.0);
        }
    }

    async fn priority(&self, node: &Optional<'_>, Percentiles(percentiles): &Percentiles) {
        if percentiles.is_empty() {
            return;
        }
        let newest = ("0x1", "latest", percentiles);
        let Some(history) = node.ask::<History>("fee history", "eth_feeHistory", newest).await else {
            return;
        };
        match history.reward.as_deref() {
            Some([rewards]) if rewards.len() == percentiles.len() => {
                for (percentile, reward) in percentiles.iter().zip(rewards) {
                    self.priority_fee_wei.set([node.chain(), &percentile.to_string()], reward.0);
                }
            }
            _ => warn!(chain = node.chain(), "no priority fees: `eth_feeHistory` doesn't answer for each percentile"),
        }
    }
}

/// Percentiles, ascending and within 0 to 100, as `eth_feeHistory` wants them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>")]
pub(crate) struct Percentiles(Vec<u8>);

impl Default for Percentiles {
    fn default() -> Self {
        Self(vec![10, 50, 90])
    }
}

impl TryFrom<Vec<u8>> for Percentiles {
    type Error = String;

    fn try_from(percentiles: Vec<u8>) -> Result<Self, String> {
        if percentiles.len() > 20 || percentiles.iter().any(|percentile| *percentile > 100) {
            return Err("percentiles are at most 20 whole numbers from 0 to 100".into());
        }
        if !percentiles.is_sorted_by(|one, next| one < next) {
            return Err("percentiles ascend".into());
        }
        Ok(Self(percentiles))
    }
}

#[derive(Deserialize)]
struct History {
    /// Per block a list by percentile; null from nodes that keep none.
    reward: Option<Vec<Vec<Amount>>>,
}
