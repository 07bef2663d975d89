//! When blocks were: events don't say. Headers are read for as few blocks as possible, which works because a chain's time never goes
//! back: what lies between two moments of one bucket lies in it, too.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use watchkeeper_sdk::{chain, prelude::*};

/// Headers that are read at once.
const AT_ONCE: usize = 16;

/// A block and its own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Moment {
    pub(super) block: u64,
    pub(super) timestamp: u64,
}

/// Where the blocks of a span of time begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Begin {
    /// The first block.
    pub(super) first: u64,
    /// All blocks since this time are from the first one on.
    pub(super) since: u64,
}

impl Moment {
    pub(super) async fn of(chain: &Chain, block: u64) -> Result<Self, chain::Error> {
        Ok(Self { block, timestamp: chain.header(Block::Number(block)).await?.timestamp })
    }
}

/// The first block of `wanted` or later, but at most so many blocks up to `last`, which is of that time or later.
pub(super) async fn begin(chain: &Chain, wanted: u64, last: Moment, most_blocks: u64) -> Result<Begin, chain::Error> {
    let lowest = (last.block + 1).saturating_sub(most_blocks);
    let (mut low, mut high) = (lowest, last.block);
    while low < high {
        let middle = low + (high - low) / 2;
        if Moment::of(chain, middle).await?.timestamp >= wanted {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let since = match low.checked_sub(1) {
        None => 0,
        // Nobody looked whether earlier blocks are of that time, too.
        Some(before) if low == lowest => Moment::of(chain, before).await?.timestamp + 1,
        Some(_) => wanted,
    };
    Ok(Begin { first: low, since })
}

/// A time for each block, ascending and between two moments: its own, or another of the same bucket.
pub(super) async fn of_blocks(
    chain: &Chain,
    blocks: impl Iterator<Item = u64>,
    low: Moment,
    high: Moment,
    same: impl Fn(u64, u64) -> bool,
) -> Result<BTreeMap<u64, u64>, chain::Error> {
    let mut blocks: Vec<u64> = blocks.collect();
    blocks.dedup();
    let mut times = BTreeMap::from([(high.block, high.timestamp)]);
    let mut gaps = vec![Gap { low, high, blocks: &blocks }];
    while !gaps.is_empty() {
        let (known, open): (Vec<_>, Vec<_>) =
            gaps.into_iter().partition(|gap| same(gap.low.timestamp, gap.high.timestamp));
        for gap in known {
            times.extend(gap.blocks.iter().map(|block| (*block, gap.high.timestamp)));
        }
        let mut halves = stream::iter(open).map(|gap| gap.halves(chain)).buffered(AT_ONCE);
        let mut next = Vec::new();
        while let Some(halved) = halves.next().await {
            let Some((middle, both)) = halved? else { continue };
            times.insert(middle.block, middle.timestamp);
            next.extend(both);
        }
        gaps = next;
    }
    Ok(times)
}

/// Blocks between two moments.
#[derive(Clone, Copy)]
struct Gap<'a> {
    low: Moment,
    high: Moment,
    blocks: &'a [u64],
}

impl<'a> Gap<'a> {
    /// Reads the middle block's time; none if there is no block.
    async fn halves(self, chain: &Chain) -> Result<Option<(Moment, [Gap<'a>; 2])>, chain::Error> {
        let (before, rest) = self.blocks.split_at(self.blocks.len() / 2);
        let Some((middle, after)) = rest.split_first() else { return Ok(None) };
        let middle = if *middle == self.high.block { self.high } else { Moment::of(chain, *middle).await? };
        if middle.timestamp < self.low.timestamp || middle.timestamp > self.high.timestamp {
            let (name, block) = (chain.name(), middle.block);
            return Err(chain::Error::Malformed(format!("time goes back at block {block} of chain `{name}`")));
        }
        let halves = [Gap { high: middle, blocks: before, ..self }, Gap { low: middle, blocks: after, ..self }];
        Ok(Some((middle, halves)))
    }
}
