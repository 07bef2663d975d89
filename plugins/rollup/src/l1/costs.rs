//! What sending and proving batches costs, from the receipts of the transactions that did. Each is counted once; one
//! whose receipt isn't there yet waits, and one whose receipt the node never has is counted as unknown, not as free.

use std::collections::VecDeque;

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use watchkeeper_sdk::{
    chain::{Amount, Number},
    prelude::*,
};

use super::units;
use crate::settings::L1;

/// Receipts that are asked for at once.
const AT_ONCE: usize = 16;
/// Runs in which a receipt may be missing or unreadable before its cost is given up.
const MOST_TRIES: u8 = 10;

#[derive(Metrics)]
#[metric(prefix = "rollup", labels("chain"))]
pub(crate) struct Metrics {
    /// What was paid for the counted transactions, gas and blobs, in whole units of L1's currency: `sequencer` for
    /// those that sent batches, `aggregator` for those that proved them, whoever paid.
    #[metric(unit = "native", labels("role"))]
    batch_cost_native_total: Counter<2>,
    /// Transactions on L1 that sent (`sequencer`) or proved (`aggregator`) batches, and whose cost is counted.
    #[metric(labels("role"))]
    transactions_total: Counter<2>,
    /// Such transactions whose cost isn't known, because the node of L1 has no receipt that can be read.
    #[metric(labels("role"))]
    unknown_costs_total: Counter<2>,
    /// Such transactions in settled blocks whose cost is not counted yet.
    uncounted_transactions: Gauge<1>,
}

/// Who sends a kind of transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    /// Who sends batches.
    Sequencer,
    /// Who sends proofs.
    Aggregator,
}

/// A transaction that waits for its receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Transaction {
    pub(super) role: Role,
    pub(super) hash: B256,
    block_hash: B256,
    tries: u8,
}

/// What came of asking for a receipt.
enum Outcome {
    Cost(U256),
    /// This time, or for good.
    Without(String),
    /// The node can't be asked now.
    NotNow(chain::Error),
}

impl Metrics {
    /// Asks for as many receipts as a run may, and leaves the rest waiting.
    pub(super) async fn count(
        &self,
        rollup: &str,
        chain: &Chain,
        config: &L1,
        waiting: &mut VecDeque<Transaction>,
    ) -> Result<()> {
        for role in [Role::Sequencer, Role::Aggregator] {
            for counter in [&self.batch_cost_native_total, &self.transactions_total, &self.unknown_costs_total] {
                counter.add([rollup, role.label()], 0);
            }
        }
        let now = waiting.len().min(config.max_receipts_per_run.get().into());
        let asked: Vec<_> = waiting.range(..now).copied().collect();
        let mut answers = stream::iter(asked)
            .map(async |transaction| (transaction, receipt(chain, &transaction).await))
            .buffered(AT_ONCE);
        let mut again = Vec::new();
        let mut unknown = None;
        while let Some((transaction, outcome)) = answers.next().await {
            let labels = [rollup, transaction.role.label()];
            match outcome {
                Outcome::Cost(cost) => {
                    self.batch_cost_native_total.add(labels, units(cost, config.decimals));
                    self.transactions_total.add(labels, 1);
                }
                Outcome::Without(why) => {
                    match transaction.tried() {
                        Some(later) => again.push(later),
                        None => self.unknown_costs_total.add(labels, 1),
                    }
                    unknown = Some((transaction.hash, why));
                }
                Outcome::NotNow(error @ chain::Error::Denied(_)) => return Err(error.into()),
                Outcome::NotNow(error) => {
                    warn!(chain = chain.name(), "no receipts now: {error}");
                    break;
                }
            }
            waiting.pop_front();
        }
        drop(answers);
        waiting.extend(again);
        if let Some((transaction, why)) = unknown {
            warn!(chain = chain.name(), "no cost of some transactions, such as {transaction}: {why}");
        }
        self.uncounted_transactions.set([rollup], waiting.len());
        Ok(())
    }
}

async fn receipt(chain: &Chain, transaction: &Transaction) -> Outcome {
    match chain.request::<Option<Receipt>>("eth_getTransactionReceipt", (transaction.hash,)).await {
        Ok(Some(receipt)) if receipt.block_hash != transaction.block_hash => {
            Outcome::Without(format!("it is in block {}, not {}", receipt.block_hash, transaction.block_hash))
        }
        Ok(Some(receipt)) => receipt.cost().map_or_else(|| Outcome::Without("it is too great".into()), Outcome::Cost),
        Ok(None) => Outcome::Without("the node has no receipt".into()),
        Err(error @ (chain::Error::Unavailable(_) | chain::Error::Denied(_))) => Outcome::NotNow(error),
        Err(error) => Outcome::Without(error.to_string()),
    }
}

/// What this plugin reads of `eth_getTransactionReceipt`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    block_hash: B256,
    gas_used: Number,
    effective_gas_price: Amount,
    /// Only of transactions that carry blobs (EIP-4844).
    blob_gas_used: Option<Number>,
    blob_gas_price: Option<Amount>,
    /// What an OP-stack chain takes on top for its own L1, where this L1 is one.
    l1_fee: Option<Amount>,
}

impl Receipt {
    fn cost(&self) -> Option<U256> {
        let gas = self.effective_gas_price.0.checked_mul(U256::from(self.gas_used.0))?;
        let blobs = match (&self.blob_gas_used, &self.blob_gas_price) {
            (Some(used), Some(price)) => price.0.checked_mul(U256::from(used.0))?,
            (None | Some(Number(0)), None) | (None, Some(_)) => U256::ZERO,
            (Some(_), None) => return None,
        };
        gas.checked_add(blobs)?.checked_add(self.l1_fee.map_or(U256::ZERO, |fee| fee.0))
    }
}

impl Role {
    /// The value of the label `role`.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Sequencer => "sequencer",
            Self::Aggregator => "aggregator",
        }
    }
}

impl Transaction {
    pub(super) fn new(role: Role, log: &Log) -> Self {
        Self { role, hash: log.transaction_hash, block_hash: log.block_hash, tries: 0 }
    }

    /// The same after one more try; none after the last.
    fn tried(self) -> Option<Self> {
        let tries = self.tries + 1;
        (tries < MOST_TRIES).then_some(Self { tries, ..self })
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::serde_json::{Value, from_value, json};

    use super::*;

    fn cost(further: Value) -> Option<U256> {
        let mut receipt = json!({ "blockHash": B256::ZERO, "gasUsed": "0x5208", "effectiveGasPrice": "0x3b9aca00" });
        receipt.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        from_value::<Receipt>(receipt).ok()?.cost()
    }

    #[test]
    fn a_cost_is_gas_and_blobs_and_what_an_op_stack_chain_adds() {
        let gas = U256::from(21_000_000_000_000_u64);
        assert_eq!(cost(json!({})), Some(gas));
        assert_eq!(cost(json!({ "blobGasUsed": "0x20000", "blobGasPrice": "0x3" })), Some(gas + U256::from(393_216)));
        assert_eq!(cost(json!({ "blobGasPrice": "0x3" })), Some(gas));
        assert_eq!(cost(json!({ "l1Fee": "0x7" })), Some(gas + U256::from(7)));
    }

    #[test]
    fn a_receipt_that_lacks_a_price_has_no_cost_and_none_is_made_up() {
        assert_eq!(cost(json!({ "effectiveGasPrice": null })), None);
        assert_eq!(cost(json!({ "gasUsed": "0x" })), None);
        assert_eq!(cost(json!({ "blobGasUsed": "0x20000" })), None);
        assert_eq!(cost(json!({ "effectiveGasPrice": format!("{:#x}", U256::MAX) })), None);
    }
}
