//! Counts blocks: each once, by its hash, when it is first seen on the canonical chain, in the order of the chain.
//!
//! The first run starts at the head. Each run goes on from the block counted last, up to its bound. If that block is no longer
//! canonical, the chain is walked back to the fork point, and the new branch is counted from there. Blocks of the abandoned
//! branch stay counted, because counters never go down; should they become canonical again, they aren't counted again.

use std::{fmt, num::NonZeroU16};

use futures_util::{StreamExt, stream};
use watchkeeper_sdk::{chain, prelude::*};

use crate::{
    block::{self, Block},
    trail::{Mark, Step, Trail},
};

/// Blocks that are fetched at once.
const AT_ONCE: usize = 16;

#[derive(Metrics)]
#[metric(prefix = "chain", labels("chain"))]
pub(crate) struct Metrics {
    /// Blocks counted, each once by its hash; those of abandoned branches stay counted.
    blocks_total: Counter<1>,
    /// Blocks up to the head that are not counted yet, because a run counts a bounded number.
    uncounted_blocks: Gauge<1>,
    /// Seconds between a block's own time and that of the block before.
    #[metric(unit = "seconds", buckets(0.5, 1, 2, 3, 5, 8, 12, 13, 24, 36, 60, 120, 300, 900))]
    block_interval_seconds: Histogram<1>,
    /// Transactions per block.
    #[metric(buckets(0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000))]
    block_transactions: Histogram<1>,
    /// Transactions in the counted blocks.
    transactions_total: Counter<1>,
    /// Gas used by the counted blocks.
    gas_used_total: Counter<1>,
    /// Reorganisations seen: times that the block counted last was no longer canonical.
    reorganisations_total: Counter<1>,
    /// Counted blocks that a reorganisation abandoned.
    #[metric(unit = "blocks", buckets(1, 2, 3, 4, 5, 6, 8, 12, 16, 32, 64))]
    reorganisation_depth_blocks: Histogram<1>,
}

/// What a run counted.
pub(crate) struct Counted {
    blocks: u64,
    left: u64,
}

impl Metrics {
    /// Counts what is new up to `head`, at most `most` blocks.
    pub(crate) async fn count(&self, chain: &Chain, head: &Block, most: NonZeroU16) -> Result<Counted> {
        let key = format!("trail/{}", chain.name());
        let before: Option<Trail> = state::get(&key).await?;
        let mut trail = before.clone().unwrap_or_default();
        for counter in [&self.blocks_total, &self.transactions_total, &self.gas_used_total, &self.reorganisations_total]
        {
            counter.add([chain.name()], 0.0);
        }

        let blocks = match self.advance(chain, head, most, &mut trail).await {
            Ok(blocks) => blocks,
            Err(error) => {
                warn!(chain = chain.name(), "counted no blocks: {error}");
                0
            }
        };
        let left = trail.last().map_or(0, |last| head.number.saturating_sub(last.number));
        self.uncounted_blocks.set([chain.name()], left);
        if before.as_ref() != Some(&trail) {
            state::set(&key, &trail).await?;
        }
        Ok(Counted { blocks, left })
    }

    async fn advance(
        &self,
        chain: &Chain,
        head: &Block,
        most: NonZeroU16,
        trail: &mut Trail,
    ) -> Result<u64, chain::Error> {
        if !trail.agrees_with(head) {
            self.look_back(chain, head, trail).await?;
        }
        if trail.last().is_none() {
            trail.genesis = block::at(chain, 0).await.ok().map(|genesis| genesis.hash);
        }
        Ok(self.follow(chain, head, most, trail).await)
    }

    /// Takes the blocks off the trail that are no longer canonical.
    async fn look_back(&self, chain: &Chain, head: &Block, trail: &mut Trail) -> Result<(), chain::Error> {
        let Some(last) = trail.last() else { return Ok(()) };
        if last.number <= head.number && fetch(chain, head, last.number).await?.hash == last.hash {
            return Ok(());
        }
        if trail.is_beyond(head) && trail.genesis == Some(block::at(chain, 0).await?.hash) {
            let message =
                format!("the node that answers is at block {}, far behind block {}", head.number, last.number);
            return Err(chain::Error::Unavailable(message));
        }
        let fork = fork_point(chain, head, trail).await?;
        let depth = trail.abandon_after(fork);
        self.reorganisations_total.add([chain.name()], 1.0);
        self.reorganisation_depth_blocks.observe([chain.name()], depth);
        match fork {
            Some(fork) => info!(chain = chain.name(), "reorganisation of {depth} blocks after block {}", fork.number),
            None => warn!(
                chain = chain.name(),
                "none of the last {depth} blocks is on the chain any more: counting starts again at the head"
            ),
        }
        Ok(())
    }

    /// Counts from the end of the trail on. Stops at a block that can't be had or doesn't fit: the next run goes on there.
    async fn follow(&self, chain: &Chain, head: &Block, most: NonZeroU16, trail: &mut Trail) -> u64 {
        let first = trail.last().map_or(head.number, |last| last.number.saturating_add(1));
        let end = head.number.saturating_add(1).min(first.saturating_add(most.get().into()));
        let mut blocks = stream::iter(first..end).map(|number| fetch(chain, head, number)).buffered(AT_ONCE);
        let mut counted = 0;
        while let Some(answer) = blocks.next().await {
            let block = match answer {
                Ok(block) => block,
                Err(error) => {
                    warn!(chain = chain.name(), "stopped counting: {error}");
                    break;
                }
            };
            let Some(step) = trail.step(&block) else { break };
            if step.new {
                self.block(chain.name(), &block, step);
                counted += 1;
            }
        }
        counted
    }

    fn block(&self, chain: &str, block: &Block, step: Step) {
        self.blocks_total.add([chain], 1.0);
        self.transactions_total.add([chain], block.transactions);
        self.gas_used_total.add([chain], block.gas_used);
        self.block_transactions.observe([chain], block.transactions);
        if let Some(seconds) = step.interval {
            self.block_interval_seconds.observe([chain], seconds);
        }
    }
}

/// The newest counted block that is still on the chain.
async fn fork_point(chain: &Chain, head: &Block, trail: &Trail) -> Result<Option<Mark>, chain::Error> {
    let mut blocks = stream::iter(trail.back_from(head.number))
        .map(async |mark| fetch(chain, head, mark.number).await.map(|block| (mark, block)))
        .buffered(AT_ONCE);
    while let Some(answer) = blocks.next().await {
        let (mark, block) = answer?;
        if block.hash == mark.hash {
            return Ok(Some(mark));
        }
    }
    Ok(None)
}

async fn fetch(chain: &Chain, head: &Block, number: u64) -> Result<Block, chain::Error> {
    if number == head.number { Ok(head.clone()) } else { block::at(chain, number).await }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "blocks counted: {}", self.blocks)?;
        if self.left > 0 {
            write!(f, ", left for the next runs: {}", self.left)?;
        }
        Ok(())
    }
}
