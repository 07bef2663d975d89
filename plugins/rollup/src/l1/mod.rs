//! The rollup on the chain that it settles on: what its contract says at the head, what its events say of each batch,
//! and what its operators hold and pay.
//!
//! The contract is read at the head, so that what the rollup's node says can be held against the newest; counters are
//! built from the events of settled blocks. An L1 that can't be read costs its series and is said; a contract that
//! isn't what the config says ends the run.

mod abi;
mod contract;
mod costs;
mod events;
mod history;
mod operators;

use std::collections::BTreeMap;

use watchkeeper_sdk::prelude::*;

use self::{contract::Snapshot, history::Past};
use crate::{
    notes::Notes,
    settings::L1,
    stage::{Numbers, Stage},
};

#[derive(Metrics)]
#[metric(prefix = "rollup", labels("chain"))]
pub(crate) struct Metrics {
    /// 1 if L1 could be read in this run, else 0; absent if the job watches none.
    l1_up: Gauge<1>,
    /// Block of L1 at which its contract was read.
    l1_block_number: Gauge<1>,
    /// 1 while the contract on L1 is in its emergency state, in which it takes no batches, else 0.
    emergency_state: Gauge<1>,
    /// Fee per batch that the contract asks of the sequencer, in whole fee tokens.
    #[metric(unit = "tokens")]
    batch_fee_tokens: Gauge<1>,
    #[metric(flatten)]
    history: history::Metrics,
    #[metric(flatten)]
    costs: costs::Metrics,
    #[metric(flatten)]
    operators: operators::Metrics,
}

/// What L1 says of the rollup.
pub(crate) struct OnL1 {
    /// What the contract says at the head.
    pub(crate) numbers: Numbers,
    /// The greatest that an event names, also where the contract doesn't count it yet: a proof of an untrusted
    /// aggregator waits.
    pub(crate) proposed: Numbers,
    /// Per stage the last batch that an event names, and the time of that event's block.
    pub(crate) advanced: BTreeMap<Stage, (u64, u64)>,
    pub(crate) head: Header,
}

impl Metrics {
    /// Reads and shows all of it. None if L1 can't be read now.
    ///
    /// # Errors
    /// No grant, a contract that isn't what the config says, or state that can't be kept.
    pub(crate) async fn watch(
        &self,
        rollup: &str,
        chain_id: Option<u64>,
        config: &L1,
        notes: &mut Notes,
    ) -> Result<Option<OnL1>> {
        let chain = chain(&config.chain);
        let snapshot = match contract::read(&chain, &config.contract, notes).await {
            Ok(snapshot) => snapshot,
            Err(error @ (Error::Denied(_) | Error::InvalidConfig(_))) => return Err(error),
            Err(error) => {
                warn!(chain = chain.name(), "nothing from L1: {error}");
                self.l1_up.set([rollup], false);
                return Ok(None);
            }
        };
        if let (Some(ours), Some(theirs)) = (chain_id, snapshot.chain_id)
            && ours != theirs
        {
            return Err(Error::invalid_config(format!(
                "the contract on chain `{}` is of the rollup with chain id {theirs}, and `{rollup}` has {ours}\n\
                 hint: look up `contract.rollup_id` and `contract.address` under `[config.l1]`",
                chain.name()
            )));
        }
        self.snapshot(rollup, config, &snapshot);
        let past = self.history.count(rollup, &chain, config, &self.costs).await?;
        self.operators.show(rollup, &chain, config, &snapshot, past.aggregator, notes).await?;
        Ok(Some(past.beside(snapshot)))
    }

    fn snapshot(&self, rollup: &str, config: &L1, snapshot: &Snapshot) {
        self.l1_up.set([rollup], true);
        self.l1_block_number.set([rollup], snapshot.head.number);
        if let Some(emergency) = snapshot.emergency {
            self.emergency_state.set([rollup], emergency);
        }
        if let (Some(fee), Some(token)) = (snapshot.batch_fee, &config.fee_token) {
            self.batch_fee_tokens.set([rollup], units(fee, token.decimals));
        }
    }
}

impl Past {
    fn beside(self, snapshot: Snapshot) -> OnL1 {
        OnL1 { numbers: snapshot.numbers, proposed: self.proposed, advanced: self.advanced, head: snapshot.head }
    }
}

/// An amount in whole units.
fn units(amount: U256, decimals: u8) -> f64 {
    f64::from(amount) / 10_f64.powi(decimals.into())
}
