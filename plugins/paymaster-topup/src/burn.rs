//! How fast paymasters spend their deposits: from the events of settled blocks, kept in the job's state ([`spending`]), so that a
//! restart changes nothing.
//!
//! The first run, and one after the paymasters or the window changed or counted blocks were replaced, reads back over the window,
//! each run a bounded part. Until the window is covered, rates are unknown.

mod events;
mod spending;

use std::collections::BTreeMap;

use watchkeeper_sdk::{
    chain::{Chunk, Error, Moment, ScanBuilder},
    prelude::*,
};

pub(crate) use self::spending::Spent;
use self::spending::{Spending, Watched};
use crate::{
    config::Config,
    plan::{Paymaster, Plan},
};

#[derive(Metrics)]
#[metric(prefix = "topup", labels("chain", "account"))]
pub(crate) struct Metrics {
    /// What a paymaster's operations cost a second over `burn_window`, in the chain's own currency. Only with `runway`, and once
    /// the window is covered.
    #[metric(unit = "native_per_second", labels("entry_point_version", "target"))]
    burn_native_per_second: Gauge<4>,
    /// How long the deposit lasts at that rate: +Inf if nothing was spent, 0 without a deposit.
    #[metric(unit = "seconds", labels("entry_point_version", "target"))]
    runway_seconds: Gauge<4>,
    /// Settled blocks that the burn rates don't hold yet, because a run goes through a bounded number.
    burn_uncounted_blocks: Gauge<2>,
}

/// What is known of the burn rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Burn {
    /// Nobody asked.
    Unwanted,
    /// Not all blocks of the window are counted.
    Unknown,
    /// By the paymaster's place.
    Known(Vec<Spent>),
}

/// Goes on from the last run.
pub(crate) async fn follow(chain: &Chain, config: &Config, plan: &Plan, metrics: &Metrics) -> Result<Burn> {
    if config.runway.is_none() {
        return Ok(Burn::Unwanted);
    }
    let watched = Watched { places: plan.places(), window: config.burn_window.as_secs() };
    let key = format!("burn/{}", chain.name());
    let kept: Option<Spending> = state::get(&key).await?;
    let begun = match kept.filter(|spending| spending.watched() == &watched) {
        Some(spending) => {
            let scan = builder(chain, config, plan, First::Block(spending.until().block + 1)).open().await?;
            // Sums hold what was replaced; the events that are there now don't.
            if scan.reorganised() { anew(chain, config, plan, watched).await? } else { Some((spending, scan)) }
        }
        None => anew(chain, config, plan, watched).await?,
    };
    let Some((mut spending, mut scan)) = begun else { return Ok(Burn::Unknown) };
    while let Some(chunk) = scan.next().await? {
        take(chain, &mut spending, &chunk).await?;
    }
    let left = scan.left();
    metrics.burn_uncounted_blocks.set([chain.name(), &config.account], left);
    state::set(&key, &spending).await?;
    scan.save().await?;
    let spent = (0..plan.paymasters.len()).map(|place| spending.over(place)).collect::<Option<Vec<Spent>>>();
    Ok(spent.filter(|_| left == 0).map_or(Burn::Unknown, Burn::Known))
}

impl Metrics {
    /// Shows a paymaster's rate and runway; returns the latter, in seconds.
    pub(crate) fn show(&self, config: &Config, paymaster: &Paymaster, spent: Spent, deposit: U256) -> f64 {
        let series = [&config.chain, &config.account, paymaster.version, &paymaster.name];
        let runway = spent.runway(deposit);
        self.burn_native_per_second.set(series, config.currency.measure(spent.amount) / spent.seconds as f64);
        self.runway_seconds.set(series, runway);
        runway
    }
}

/// Adds what the operations of a chunk cost. Events don't say when they were, so the chunk is cut into pieces of about a part of the
/// window each, and the times of those that have events are read.
async fn take(chain: &Chain, spending: &mut Spending, chunk: &Chunk) -> Result<()> {
    let begin = spending.until();
    let end = chain.moment(chunk.to).await?;
    let backwards =
        |block: u64| Error::Malformed(format!("time goes back at block {block} of chain `{}`", chain.name()));
    let seconds = end.timestamp.checked_sub(begin.timestamp).ok_or_else(|| backwards(end.block))?;
    let pieces = Pieces { first: begin.block, last: end.block, count: spending.parts(seconds) };
    let mut by_piece: BTreeMap<u64, BTreeMap<usize, U256>> = BTreeMap::new();
    for log in &chunk.logs {
        let operation = events::operation(log)?;
        let Some(place) = spending.watched().place(log.address, operation.paymaster) else { continue };
        let outside = || Error::Malformed(format!("an event of block {} was not asked for", log.block_number));
        let piece = pieces.of(log.block_number).ok_or_else(outside)?;
        let sum = by_piece.entry(piece).or_default().entry(place).or_default();
        *sum = sum.saturating_add(operation.cost);
    }
    let mut before = begin;
    for (piece, sums) in by_piece {
        let since = moment(chain, pieces.begin(piece), before, end).await?;
        let until = moment(chain, pieces.begin(piece + 1), before, end).await?;
        if since.timestamp < before.timestamp || until.timestamp < since.timestamp || until.timestamp > end.timestamp {
            return Err(backwards(until.block).into());
        }
        spending.add(since.timestamp, until.timestamp, sums);
        before = until;
    }
    spending.advance(end);
    Ok(())
}

/// A block's time; one of these two where it is theirs.
async fn moment(chain: &Chain, block: u64, before: Moment, end: Moment) -> Result<Moment, Error> {
    match block {
        block if block == before.block => Ok(before),
        block if block == end.block => Ok(end),
        block => chain.moment(block).await,
    }
}

/// The blocks after `first` up to `last`, cut into about equal pieces.
struct Pieces {
    first: u64,
    last: u64,
    count: u64,
}

impl Pieces {
    /// The block before a piece, which is the last one of the piece before.
    fn begin(&self, piece: u64) -> u64 {
        let blocks = u128::from(self.last - self.first);
        let before = blocks * u128::from(piece) / u128::from(self.count);
        self.first + u64::try_from(before).unwrap_or(u64::MAX)
    }

    /// The piece that has a block; none if no piece has it.
    fn of(&self, block: u64) -> Option<u64> {
        if block > self.last || (block <= self.first && self.first > 0) {
            return None;
        }
        let pieces = 0..self.count;
        let fits = |piece: &u64| block <= self.begin(piece + 1);
        pieces.into_iter().find(fits)
    }
}

/// Begins where the window does, or as far back as is allowed. None if no block is settled.
async fn anew(chain: &Chain, config: &Config, plan: &Plan, watched: Watched) -> Result<Option<(Spending, Scan)>> {
    let head = chain.header(Block::Latest).await?;
    let Some(settled) = head.number.checked_sub(config.depth.into()) else { return Ok(None) };
    let settled = chain.moment(settled).await?;
    let wanted = settled.timestamp.saturating_sub(watched.window);
    let begin = chain.begin(wanted, settled, config.max_window_blocks.into()).await?;
    let before = chain.moment(begin.first.saturating_sub(1)).await?;
    let scan = builder(chain, config, plan, First::Block(begin.first)).anew(true).open().await?;
    Ok(Some((Spending::new(watched, begin.since, before), scan)))
}

fn builder(chain: &Chain, config: &Config, plan: &Plan, first: First) -> ScanBuilder {
    let paymasters = plan.paymasters.iter().map(|paymaster| paymaster.address.into_word());
    let filter = Filter {
        addresses: plan.entry_points(),
        topics: vec![vec![events::OPERATION], vec![], vec![], paymasters.collect()],
        ..Filter::default()
    };
    chain.scan("burn", filter).depth(config.depth.into()).first(first).most_blocks(config.max_blocks_per_run.into())
}

#[cfg(test)]
mod tests {
    use super::Pieces;

    #[test]
    fn every_block_is_in_one_piece() {
        for (first, last, count) in [(10, 20, 3), (10, 20, 10), (10, 11, 1), (0, 100, 7), (5, 1_000_005, 61)] {
            let pieces = Pieces { first, last, count };
            assert_eq!((pieces.begin(0), pieces.begin(count)), (first, last));
            for block in (first + 1)..=last.min(first + 500) {
                let piece = pieces.of(block).unwrap();
                assert!(pieces.begin(piece) < block && block <= pieces.begin(piece + 1), "{block} in {piece}");
            }
            assert_eq!(pieces.of(last + 1), None);
        }
        assert_eq!(Pieces { first: 10, last: 20, count: 2 }.of(10), None, "counted before");
        assert_eq!(Pieces { first: 0, last: 20, count: 2 }.of(0), Some(0), "the first block of all");
    }
}
