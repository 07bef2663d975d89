//! What EntryPoints hold for the paymasters, all of one block, and below which level each is in need.

use watchkeeper_sdk::{
    chain,
    prelude::*,
    topup::{Held, Target, held},
};

use crate::{burn::Burn, config::Config, plan::Plan};

#[derive(Metrics)]
#[metric(prefix = "topup", labels("chain", "account", "entry_point_version", "target"))]
pub(crate) struct Metrics {
    /// Deposit of a paymaster as the run read it, before it paid, in the chain's own currency.
    #[metric(unit = "native")]
    deposit_native: Gauge<4>,
    /// Level below which a deposit is filled up, in the chain's own currency: `threshold`, or what `runway` costs at the present
    /// burn rate, whichever is more.
    #[metric(unit = "native")]
    deposit_threshold_native: Gauge<4>,
}

/// What was read.
pub(crate) struct Deposits {
    pub(crate) header: Header,
    /// By the paymaster's place.
    pub(crate) held: Vec<Result<U256, chain::Error>>,
}

impl Deposits {
    /// Reads everything in one call.
    pub(crate) async fn read(chain: &Chain, plan: &Plan) -> Result<Self> {
        let asked = plan
            .paymasters
            .iter()
            .map(|paymaster| Held::BalanceOf { contract: paymaster.entry_point, of: paymaster.address });
        let (header, held) = held(chain, &asked.collect::<Vec<_>>()).await?;
        Ok(Self { header, held })
    }
}

impl Metrics {
    /// Shows the deposits that could be read, and makes targets of them.
    pub(crate) fn targets(&self, config: &Config, plan: &Plan, deposits: &Deposits, burn: &Burn) -> Vec<Target> {
        let places = plan.paymasters.iter().zip(&deposits.held).enumerate();
        let known = places.filter_map(|(place, (paymaster, held))| Some((place, paymaster, *held.as_ref().ok()?)));
        let targets = known.map(|(place, paymaster, held)| {
            let below = below(config, plan, burn, place);
            let series = [&config.chain, &config.account, paymaster.version, &paymaster.name];
            self.deposit_native.set(series, config.currency.measure(held));
            self.deposit_threshold_native.set(series, config.currency.measure(below));
            Target {
                name: paymaster.name.clone(),
                means: paymaster.means(),
                address: paymaster.address,
                currency: config.currency.clone(),
                held,
                below,
                up_to: plan.up_to,
            }
        });
        targets.collect()
    }
}

/// The level below which a paymaster is in need. An empty deposit always is: without one nothing is spent, so that it would seem
/// to last for ever. No level is above the one that is filled up to, where nothing is missing.
fn below(config: &Config, plan: &Plan, burn: &Burn, place: usize) -> U256 {
    let by_runway = match (config.runway, burn) {
        (Some(runway), Burn::Known(spent)) => spent.get(place).map(|spent| spent.over(runway.as_secs())),
        _ => None,
    };
    let level = plan.threshold.unwrap_or_default().max(by_runway.unwrap_or_default()).max(U256::ONE);
    if level > plan.up_to {
        let (runway, target) = (config.currency.show(level), config.currency.show(plan.up_to));
        let name = plan.paymasters.get(place).map_or("", |paymaster| paymaster.name.as_str());
        warn!(target = name, "what `runway` costs, {runway}, is more than `target`, {target}: it is kept at that");
    }
    level.min(plan.up_to)
}
