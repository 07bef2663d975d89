//! Batches by stage and source: how far each is, when it advanced, whether the numbers can be true together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use watchkeeper_sdk::prelude::*;

use crate::{
    belief::{self, Known},
    l1::OnL1,
    l2::Answers,
    stage::{Numbers, Source, Stage},
    track::{Move, Track},
};

#[derive(Metrics)]
#[metric(prefix = "rollup", labels("chain"))]
pub(crate) struct Metrics {
    /// Number of the last batch of a stage, as the rollup's node (`l2`) or the contract at the head of L1 (`l1`) says;
    /// absent where it isn't known or not believed.
    #[metric(labels("stage", "source"))]
    batch_number: Gauge<3>,
    /// When the stage's number last rose, in seconds since the Unix epoch: on L1 the time of the block that sent or
    /// proved the batch, else of the newest block when it was first seen.
    #[metric(unit = "seconds", labels("stage", "source"))]
    batch_last_advance_timestamp_seconds: Gauge<3>,
    /// Times that a stage's number was less than before.
    #[metric(labels("stage", "source"))]
    batch_regressions_total: Counter<3>,
    /// Answers of the rollup's node that know of no batch and can't be true: 0, for virtual batches also 1.
    #[metric(labels("stage"))]
    batch_false_zeros_total: Counter<2>,
    /// 1 while a source breaks verified ≤ virtual ≤ trusted, else 0; absent if it says fewer than two of them.
    #[metric(labels("source"))]
    batch_order_violated: Gauge<2>,
    /// Times that a source began to break verified ≤ virtual ≤ trusted.
    #[metric(labels("source"))]
    batch_order_violations_total: Counter<2>,
    /// L1's number less that of the rollup's node: what the node doesn't know of yet, or negative what it claims in
    /// excess.
    #[metric(labels("stage"))]
    batch_l1_lead: Gauge<2>,
    /// 1 if the two can't both be true, else 0: the node claims more virtual or verified batches than L1 has at its
    /// head, or has made fewer than L1 was sent (`trusted`).
    #[metric(labels("stage"))]
    batch_disagreement: Gauge<2>,
    /// Number of the last block of the last verified batch, as the rollup's node says.
    consolidated_block_number: Gauge<1>,
    /// Fork that the rollup's node applies.
    fork_id: Gauge<1>,
}

/// What is remembered of a rollup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Memory {
    genesis: Option<B256>,
    l2: Track,
    l1: Track,
}

impl Metrics {
    /// Shows what is believed of the node's answers, and what L1 says.
    pub(crate) async fn show(&self, chain: &str, answers: &Answers, l1: Option<&OnL1>) -> Result<Numbers> {
        let key = format!("batches/{chain}");
        let before: Memory = state::get(&key).await?.unwrap_or_default();
        let mut memory = before.clone();
        memory.began_anew(chain, answers.genesis);
        let now = l1.map_or(0, |l1| l1.head.timestamp).max(answers.head.timestamp);

        let known = Known { remembered: memory.l2.numbers(), l1: l1.map(|l1| l1.numbers.clone()) };
        let (believed, false_zeros) = belief::believe(&answers.numbers, &known);
        for stage in Stage::ALL {
            self.batch_false_zeros_total.add([chain, stage.label()], false_zeros.contains(&stage));
        }
        for stage in false_zeros {
            let number = answers.numbers.get(&stage).copied().unwrap_or_default();
            warn!(chain = chain, "the node says {number} for the {} batch, which can't be true", stage.label());
        }
        self.source(chain, Source::L2, &believed, &mut memory.l2, now);
        if let Some(l1) = l1 {
            self.source(chain, Source::L1, &l1.numbers, &mut memory.l1, now);
            self.compare(chain, &believed, l1);
        }
        self.advances(chain, Source::L2, &believed, &memory.l2, &BTreeMap::new());
        if let Some(l1) = l1 {
            self.advances(chain, Source::L1, &l1.numbers, &memory.l1, &l1.advanced);
        }
        self.node(chain, answers, &believed);
        if memory != before {
            state::set(&key, &memory).await?;
        }
        Ok(believed)
    }

    fn source(&self, chain: &str, source: Source, numbers: &Numbers, track: &mut Track, now: u64) {
        for stage in source.stages() {
            let labels = [chain, stage.label(), source.label()];
            self.batch_regressions_total.add(labels, 0);
            let Some(number) = numbers.get(stage) else { continue };
            self.batch_number.set(labels, *number);
            if let Move::Fell(before) = track.see(*stage, *number, now) {
                self.batch_regressions_total.add(labels, 1);
                let (stage, source) = (stage.label(), source.label());
                warn!(chain = chain, source = source, "the {stage} batch fell from {before} to {number}");
            }
        }
        let labels = [chain, source.label()];
        self.batch_order_violations_total.add(labels, 0);
        let Some(violated) = belief::out_of_order(numbers) else { return };
        self.batch_order_violated.set(labels, violated);
        if track.order(violated) {
            self.batch_order_violations_total.add(labels, 1);
            warn!(chain = chain, source = source.label(), "batches are out of order: {numbers:?}");
        }
    }

    fn advances(
        &self,
        chain: &str,
        source: Source,
        numbers: &Numbers,
        track: &Track,
        exactly: &BTreeMap<Stage, (u64, u64)>,
    ) {
        for (stage, number) in numbers {
            let by_block = exactly.get(stage).filter(|(batch, _)| batch == number).map(|(_, time)| *time);
            if let Some(time) = by_block.or_else(|| track.advanced(*stage)) {
                self.batch_last_advance_timestamp_seconds.set([chain, stage.label(), source.label()], time);
            }
        }
    }

    fn compare(&self, chain: &str, l2: &Numbers, l1: &OnL1) {
        for (stage, number) in l2 {
            if *stage == Stage::Trusted {
                if let Some(sent) = l1.numbers.get(&Stage::Virtual) {
                    self.batch_disagreement.set([chain, stage.label()], sent > number);
                }
                continue;
            }
            let Some(on_l1) = l1.numbers.get(stage) else { continue };
            self.batch_l1_lead.set([chain, stage.label()], *on_l1 as f64 - *number as f64);
            let most = l1.proposed.get(stage).unwrap_or(on_l1).max(on_l1);
            self.batch_disagreement.set([chain, stage.label()], number > most);
        }
    }

    fn node(&self, chain: &str, answers: &Answers, believed: &Numbers) {
        if let Some(fork) = answers.fork_id {
            self.fork_id.set([chain], fork);
        }
        // Derived from the verified batch by the node, and as little to be believed.
        if let Some(block) = answers.consolidated_block
            && (block > 0 || believed.get(&Stage::Verified) == Some(&0))
        {
            self.consolidated_block_number.set([chain], block);
        }
    }
}

impl Memory {
    /// Forgets what the node said of another chain of the same name.
    fn began_anew(&mut self, chain: &str, genesis: Option<B256>) {
        let Some(genesis) = genesis else { return };
        if self.genesis.replace(genesis).is_some_and(|before| before != genesis) {
            self.l2 = Track::default();
            info!(chain = chain, "block 0 is another one: what was remembered of the node's batches is forgotten");
        }
    }
}
