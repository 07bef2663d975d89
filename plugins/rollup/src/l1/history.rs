//! Batches and transactions, each counted once, from the events of settled blocks; and from all events up to the head
//! when each stage last advanced.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use watchkeeper_sdk::prelude::*;

use super::{
    costs::{self, Role, Transaction},
    events::{self, Event, Prover},
};
use crate::{
    settings::{Contract, L1},
    stage::{Numbers, Stage},
};

/// Transactions that wait for their receipts: with more, a run looks for no further events.
const MOST_WAITING: usize = 500;

#[derive(Metrics)]
#[metric(prefix = "rollup", labels("chain"))]
pub(crate) struct Metrics {
    /// Batches sent (`virtual`) and proved (`verified`), from settled blocks of L1; the first event that is ever seen
    /// only says where counting begins.
    #[metric(labels("stage"))]
    batches_total: Counter<2>,
    /// Times that batches which L1 had already been sent were taken back by the rollup's admin.
    rollbacks_total: Counter<1>,
    /// Times that the contract on L1 went into its emergency state.
    emergency_activations_total: Counter<1>,
    /// Times that settled blocks of L1 were replaced: what was counted of them stays counted.
    l1_reorganisations_total: Counter<1>,
    /// First block of L1 from which the counts were made.
    l1_first_counted_block_number: Gauge<1>,
    /// Settled blocks of L1 that are not counted yet, because a run counts a bounded number.
    l1_uncounted_blocks: Gauge<1>,
}

/// What is known by events.
pub(super) struct Past {
    pub(super) proposed: Numbers,
    /// Per stage the last batch, and the time of its block.
    pub(super) advanced: BTreeMap<Stage, (u64, u64)>,
    /// Who sent the last proof that the contract trusts.
    pub(super) aggregator: Option<Address>,
}

/// What is remembered of settled events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct History {
    /// Per stage where the last event left it.
    last: BTreeMap<Stage, Advance>,
    aggregator: Option<Address>,
    /// In the order of the chain.
    waiting: VecDeque<Transaction>,
}

/// The last event of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Advance {
    batch: u64,
    block: u64,
    block_hash: B256,
    /// The block's own time, once it was read.
    time: Option<u64>,
}

/// What events come to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    batches: BTreeMap<Stage, u64>,
    rollbacks: u64,
    emergencies: u64,
}

impl Metrics {
    /// Counts what was settled since the last run, and asks for the receipts of what was counted.
    pub(super) async fn count(&self, rollup: &str, chain: &Chain, config: &L1, costs: &costs::Metrics) -> Result<Past> {
        let key = format!("history/{}/{}", config.chain, config.contract.key());
        let before: History = state::get(&key).await?.unwrap_or_default();
        let mut history = before.clone();
        let newest = match self.events(rollup, chain, config, &mut history).await {
            Ok(newest) => newest,
            Err(error @ (Error::Denied(_) | Error::InvalidConfig(_))) => return Err(error),
            Err(error) => {
                warn!(chain = chain.name(), "not all events of L1: {error}");
                history.clone()
            }
        };
        costs.count(rollup, chain, config, &mut history.waiting).await?;
        let advanced = times(chain, &mut history, &newest).await;
        if history != before {
            state::set(&key, &history).await?;
        }
        let proposed = newest.last.iter().map(|(stage, advance)| (*stage, advance.batch)).collect();
        Ok(Past { proposed, advanced, aggregator: newest.aggregator })
    }

    /// Takes the settled events into the history, and returns what it would be with those that aren't settled yet.
    async fn events(&self, rollup: &str, chain: &Chain, config: &L1, history: &mut History) -> Result<History> {
        let first = config.first_block.map_or(First::Ago(config.look_back), First::Block);
        let scan = chain.scan(&format!("rollup/{}", config.contract.key()), events::filter(&config.contract));
        let scan = scan.depth(config.depth).first(first).most_blocks(config.max_blocks_per_run.get().into());
        let mut scan = scan.open().await?;
        self.l1_reorganisations_total.add([rollup], scan.reorganised());

        let mut tally = Tally::default();
        let settled = settle(&mut scan, &config.contract, history, &mut tally).await;
        self.show(rollup, &tally);
        self.l1_first_counted_block_number.set([rollup], scan.first_block());
        self.l1_uncounted_blocks.set([rollup], scan.left());
        let recent = match settled {
            Ok(()) => scan.recent().await.map_err(Error::from),
            Err(error) => Err(error),
        };
        scan.save().await?;

        let mut newest = history.clone();
        for log in recent? {
            if let Some(event) = events::read(&config.contract, &log)? {
                newest.take(event, &log, &mut Tally::default());
            }
        }
        Ok(newest)
    }

    fn show(&self, rollup: &str, tally: &Tally) {
        for stage in [Stage::Virtual, Stage::Verified] {
            self.batches_total.add([rollup, stage.label()], tally.batches.get(&stage).copied().unwrap_or(0));
        }
        self.rollbacks_total.add([rollup], tally.rollbacks);
        self.emergency_activations_total.add([rollup], tally.emergencies);
    }
}

/// Takes settled events, as many as this run may.
async fn settle(scan: &mut Scan, contract: &Contract, history: &mut History, tally: &mut Tally) -> Result<()> {
    while history.waiting.len() < MOST_WAITING {
        let Some(chunk) = scan.next().await? else { break };
        for log in &chunk.logs {
            if let Some(event) = events::read(contract, log)? {
                history.take(event, log, tally);
            }
        }
    }
    Ok(())
}

/// The times of the newest events' blocks. Those of settled blocks are read once.
async fn times(chain: &Chain, history: &mut History, newest: &History) -> BTreeMap<Stage, (u64, u64)> {
    let mut times = BTreeMap::new();
    for (stage, advance) in &newest.last {
        let time = match advance.time {
            Some(time) => Some(time),
            None => time_of(chain, advance).await,
        };
        let Some(time) = time else { continue };
        times.insert(*stage, (advance.batch, time));
        if let Some(settled) = history.last.get_mut(stage).filter(|settled| settled.block_hash == advance.block_hash) {
            settled.time = Some(time);
        }
    }
    times
}

async fn time_of(chain: &Chain, advance: &Advance) -> Option<u64> {
    match chain.header(Block::Number(advance.block)).await {
        Ok(header) if header.hash == advance.block_hash => Some(header.timestamp),
        // Replaced while it was read: the next run sees what took its place.
        Ok(_) => None,
        Err(error) => {
            warn!(chain = chain.name(), "no time of block {}: {error}", advance.block);
            None
        }
    }
}

impl History {
    fn take(&mut self, event: Event, log: &Log, tally: &mut Tally) {
        match event {
            Event::Sequenced(to) => {
                self.advance(Stage::Virtual, to, log, tally);
                self.wait(Role::Sequencer, log);
            }
            Event::Verified(to, prover) => {
                self.advance(Stage::Verified, to, log, tally);
                self.wait(Role::Aggregator, log);
                if let Prover::Trusted(aggregator) = prover {
                    self.aggregator = Some(aggregator);
                }
            }
            Event::RolledBack(to) => {
                tally.rollbacks += 1;
                if let Some(last) = self.last.get_mut(&Stage::Virtual) {
                    last.batch = to;
                }
            }
            Event::Emergency => tally.emergencies += 1,
        }
    }

    /// The first event of a stage says only where counting begins.
    fn advance(&mut self, stage: Stage, to: u64, log: &Log, tally: &mut Tally) {
        let now = Advance { batch: to, block: log.block_number, block_hash: log.block_hash, time: None };
        if let Some(before) = self.last.insert(stage, now) {
            *tally.batches.entry(stage).or_default() += to.saturating_sub(before.batch);
        }
    }

    /// A transaction's events follow one another, and its cost is one.
    fn wait(&mut self, role: Role, log: &Log) {
        if self.waiting.back().is_none_or(|last| last.hash != log.transaction_hash) {
            self.waiting.push_back(Transaction::new(role, log));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(transaction: u8) -> Log {
        Log {
            address: Address::ZERO,
            topics: Vec::new(),
            data: Bytes::new(),
            block_number: transaction.into(),
            block_hash: B256::repeat_byte(transaction),
            transaction_hash: B256::repeat_byte(transaction),
            log_index: 0,
        }
    }

    fn taken(events: &[(Event, u8)]) -> (History, Tally) {
        let (mut history, mut tally) = (History::default(), Tally::default());
        for (event, transaction) in events {
            history.take(*event, &log(*transaction), &mut tally);
        }
        (history, tally)
    }

    #[test]
    fn the_first_event_of_a_stage_says_where_counting_begins() {
        let by = Prover::Trusted(Address::ZERO);
        let (_, tally) = taken(&[
            (Event::Sequenced(100), 1),
            (Event::Verified(90, by), 2),
            (Event::Sequenced(107), 3),
            (Event::Verified(99, by), 4),
            (Event::Sequenced(108), 5),
        ]);
        assert_eq!(tally.batches, BTreeMap::from([(Stage::Virtual, 8), (Stage::Verified, 9)]));
    }

    #[test]
    fn batches_that_were_taken_back_count_again_when_they_are_sent_again() {
        let (history, tally) = taken(&[
            (Event::Sequenced(10), 1),
            (Event::Sequenced(20), 2),
            (Event::RolledBack(12), 3),
            (Event::Sequenced(15), 4),
        ]);
        assert_eq!((tally.batches[&Stage::Virtual], tally.rollbacks), (10 + 3, 1));
        assert_eq!(history.last[&Stage::Virtual].batch, 15);
    }

    #[test]
    fn a_proof_that_another_one_overtook_adds_nothing() {
        let (_, tally) = taken(&[
            (Event::Verified(10, Prover::Other), 1),
            (Event::Verified(20, Prover::Other), 2),
            (Event::Verified(15, Prover::Other), 3),
        ]);
        assert_eq!(tally.batches[&Stage::Verified], 10);
    }

    #[test]
    fn a_transaction_waits_once_whatever_it_did() {
        let (history, _) = taken(&[
            (Event::Sequenced(1), 1),
            (Event::Sequenced(2), 1),
            (Event::Verified(2, Prover::Other), 1),
            (Event::Sequenced(3), 2),
        ]);
        let roles: Vec<_> = history.waiting.iter().map(|waiting| (waiting.hash.0[0], waiting.role)).collect();
        assert_eq!(roles, [(1, Role::Sequencer), (2, Role::Sequencer)]);
    }
}
