//! Bundles that an EntryPoint refused because of one operation, as for want of the paymaster's deposit (`AA31`). The whole
//! transaction fails and leaves no event, so blocks have to be read for them: only if the operator asks, and so many a run.
//!
//! Why one was refused is in its trace where `debug_traceTransaction` is granted and the node has it. Else the call is made again
//! on the state before its block, which may tell another story than the block did: then the class is `unknown`, not a guess.

mod bundle;
mod node;

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use watchkeeper_sdk::{chain, prelude::*};

use self::node::Sent;
use crate::{
    config::{Config, OTHER, Version},
    reason::{Reason, Refusal},
};

/// Bundles whose reason one run looks for at most.
const MOST_REASONS: usize = 256;
/// Blocks that are read at once.
const AT_ONCE: usize = 8;
/// The class of what can't be told.
const UNKNOWN: &str = "unknown";

#[derive(Metrics)]
#[metric(prefix = "erc4337", labels("chain"))]
pub(crate) struct Metrics {
    /// Bundles that failed as a whole, by the EntryPoint's code, such as `AA31`, or `other` for another reason, and by the paymaster
    /// of the operation that it names. `unknown` stands for what can't be told. Only with `max_refused_blocks_per_run`.
    #[metric(labels("entry_point_version", "paymaster", "class"))]
    refused_bundles_total: Counter<4>,
    /// Settled blocks that were not looked through for refused bundles yet.
    refused_uncounted_blocks: Gauge<1>,
}

/// A bundle that was refused.
struct Refused<'a> {
    version: Version,
    paymaster: &'a str,
    class: &'static str,
}

impl Metrics {
    /// Looks through the blocks that settled since the last run, as many as one run may.
    pub(crate) async fn count(&self, chain: &Chain, config: &Config) -> Result<()> {
        if config.max_refused_blocks_per_run == 0 {
            return Ok(());
        }
        let head = chain.header(Block::Latest).await?.number;
        let settled = (head + 1).saturating_sub(config.depth.into());
        let key = format!("refused/{}", chain.name());
        let known: Option<u64> = state::get(&key).await?;
        let first = known.unwrap_or_else(|| settled.saturating_sub(config.first_blocks.into()));
        let end = settled.min(first.saturating_add(config.max_refused_blocks_per_run.into()));
        let next = self.blocks(chain, config, first, end).await;
        self.refused_uncounted_blocks.set([chain.name()], settled.saturating_sub(next));
        Ok(state::set(&key, &next).await?)
    }

    /// Returns the next block to look through. Stops at one that can't be had: the next run goes on there.
    async fn blocks(&self, chain: &Chain, config: &Config, first: u64, end: u64) -> u64 {
        let mut blocks = stream::iter(first..end)
            .map(async |number| (number, node::failed(chain, &config.entry_points, number).await))
            .buffered(AT_ONCE);
        let mut reasons = MOST_REASONS;
        let mut next = first;
        while let Some((number, failed)) = blocks.next().await {
            let found = match failed {
                Ok(failed) => self.block(chain, config, number, &failed, &mut reasons).await,
                Err(error) => Err(error),
            };
            if let Err(error) = found {
                warn!(chain = chain.name(), "stopped looking for refused bundles at block {number}: {error}");
                break;
            }
            next = number + 1;
            if reasons == 0 {
                break;
            }
        }
        next
    }

    async fn block(
        &self,
        chain: &Chain,
        config: &Config,
        number: u64,
        failed: &[Sent],
        reasons: &mut usize,
    ) -> Result<(), chain::Error> {
        let mut counts: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
        for sent in failed {
            let refused = match reasons.checked_sub(1) {
                Some(left) => {
                    *reasons = left;
                    Refused::of(config, sent, node::reason(chain, sent, number).await?.as_ref())
                }
                None => Refused::of(config, sent, None),
            };
            *counts.entry((refused.version.as_str(), refused.paymaster, refused.class)).or_default() += 1;
        }
        for ((version, paymaster, class), count) in counts {
            self.refused_bundles_total.add([chain.name(), version, paymaster, class], count);
        }
        Ok(())
    }
}

impl<'a> Refused<'a> {
    fn of(config: &'a Config, sent: &Sent, data: Option<&Bytes>) -> Self {
        let refusal = data.and_then(|data| Refusal::read(data));
        let paymaster = refusal.and_then(|refusal| bundle::paymaster(sent.version, &sent.input, refusal.operation));
        let class = match data.map(|data| Reason::read(data)) {
            Some(Reason::Code(code)) => code,
            Some(_) => OTHER,
            None => UNKNOWN,
        };
        Self { version: sent.version, paymaster: paymaster.map_or(UNKNOWN, |paymaster| config.payer(paymaster)), class }
    }
}
