//! How fast paymasters spend their deposits, and how long what is left lasts.
//!
//! Spending comes from the events of settled blocks and is kept in the job's state ([`spending`]), so a restart changes nothing. The
//! very first run, and one after the config changed or counted blocks were replaced, reads back over the longest window, each run
//! a bounded part. Until a window is covered its rate is unknown and its series absent.

mod spending;
mod times;

use watchkeeper_sdk::prelude::*;

use self::{
    spending::{Plan, Spending},
    times::Moment,
};
use crate::{
    balances::Deposits,
    config::Config,
    events::{self, Emitted, Event},
};

#[derive(Metrics)]
#[metric(prefix = "paymaster", labels("chain"))]
pub(crate) struct Metrics {
    /// What a paymaster's operations cost a second over the window, in the chain's own currency; absent while the window isn't
    /// covered.
    #[metric(unit = "native_per_second", labels("entry_point_version", "paymaster", "window"))]
    burn_native_per_second: Gauge<4>,
    /// How long the deposit lasts at the window's burn rate: +Inf if nothing was spent, 0 without a deposit; absent while the
    /// window isn't covered.
    #[metric(unit = "seconds", labels("entry_point_version", "paymaster", "window"))]
    runway_seconds: Gauge<4>,
    /// The time of the block that all windows end with, in seconds since the Unix epoch.
    #[metric(unit = "seconds")]
    windows_end_timestamp_seconds: Gauge<1>,
    /// Settled blocks that the windows don't hold yet, because a run goes through a bounded number.
    windows_uncounted_blocks: Gauge<1>,
}

impl Metrics {
    /// Goes on from the last run, and says each window that is covered.
    pub(crate) async fn follow(&self, chain: &Chain, config: &Config, deposits: &Deposits) -> Result<()> {
        let plan = Plan::of(config);
        if plan.is_empty() {
            return Ok(());
        }
        let key = format!("burn/{}", chain.name());
        let kept: Option<Spending> = state::get(&key).await?;
        let kept = kept.filter(|spending| *spending.plan() == plan);
        let begun = match kept {
            Some(spending) => {
                let next = First::Block(spending.until().block + 1);
                let scan = builder(chain, config, next).open().await?;
                // Sums hold what was replaced; the events that are there now don't.
                if scan.reorganised() { anew(chain, config, plan).await? } else { Some((spending, scan)) }
            }
            None => anew(chain, config, plan).await?,
        };
        let Some((mut spending, mut scan)) = begun else { return Ok(()) };
        let end = Moment::of(chain, scan.head().number.saturating_sub(config.depth.into())).await?;
        while let Some(chunk) = scan.next().await? {
            take(chain, config, &mut spending, end, &chunk).await?;
        }
        self.windows_uncounted_blocks.set([chain.name()], scan.left());
        if scan.left() == 0 {
            self.windows_end_timestamp_seconds.set([chain.name()], spending.until().timestamp);
            self.say(config, deposits, &spending);
        }
        state::set(&key, &spending).await?;
        scan.save().await
    }

    fn say(&self, config: &Config, deposits: &Deposits, spending: &Spending) {
        for (version, name, deposit) in deposits.iter() {
            let Some(paymaster) = config.paymasters.address_of(name) else { continue };
            for window in config.windows.iter() {
                let Some(spent) = spending.over(window, version, paymaster) else { continue };
                let series = [config.chain.as_str(), version.as_str(), name, window.label.as_str()];
                self.burn_native_per_second.set(series, config.decimals.native(spent.amount) / spent.seconds as f64);
                self.runway_seconds.set(series, spent.runway(deposit));
            }
        }
    }
}

/// Adds what the operations of a chunk cost.
async fn take(
    chain: &Chain,
    config: &Config,
    spending: &mut Spending,
    end: Moment,
    chunk: &chain::Chunk,
) -> Result<()> {
    let last = if chunk.to == end.block { end } else { Moment::of(chain, chunk.to).await? };
    let blocks = chunk.logs.iter().map(|log| log.block_number);
    let same = |one, other| config.windows.same_buckets(end.timestamp, one, other);
    let times = times::of_blocks(chain, blocks, spending.until(), last, same).await?;
    for log in &chunk.logs {
        let Emitted { version, event } = Emitted::read(&config.entry_points, log)?;
        let Event::Operation(operation) = event else { continue };
        let outside = || chain::Error::Malformed(format!("an event of block {} was not asked for", log.block_number));
        let time = times.get(&log.block_number).ok_or_else(outside)?;
        spending.add(&config.windows, version, operation.paymaster, *time, operation.cost);
    }
    spending.advance(&config.windows, last, end.timestamp);
    Ok(())
}

/// Begins where the longest window does, or as far back as is allowed. None if no block is settled.
async fn anew(chain: &Chain, config: &Config, plan: Plan) -> Result<Option<(Spending, Scan)>> {
    let head = chain.header(Block::Latest).await?;
    let Some(settled) = head.number.checked_sub(config.depth.into()) else { return Ok(None) };
    let settled = Moment::of(chain, settled).await?;
    let wanted = config.windows.begin(settled.timestamp);
    let begin = times::begin(chain, wanted, settled, config.max_window_blocks.into()).await?;
    let scan = builder(chain, config, First::Block(begin.first)).anew(true).open().await?;
    Ok(Some((Spending::new(plan, begin), scan)))
}

fn builder(chain: &Chain, config: &Config, first: First) -> chain::ScanBuilder {
    let filter = Filter {
        addresses: config.entry_points.addresses(),
        topics: vec![vec![events::OPERATION], vec![], vec![], config.paymasters.topics()],
        ..Filter::default()
    };
    chain.scan("burn", filter).depth(config.depth.into()).first(first).most_blocks(config.max_blocks_per_run.into())
}
