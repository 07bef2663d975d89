//! Keeps addresses above a level: of the chain's own currency, as sequencers, aggregators and bundlers need it, and of ERC-20 tokens.
//!
//! A run reads all balances at one block ([`balances`]) and has the SDK's `topup` serve those in need. A balance that can't be read is
//! never zero: that target is left alone, and the run fails after the others were served. Nothing here can pay: the host decides
//! about each payment for itself.

mod balances;
mod config;
mod plan;
#[cfg(test)]
mod tests;

use watchkeeper_sdk::{
    metrics::Families,
    prelude::*,
    topup::{self, Period, TokenMetrics, TopUp, Words},
};

use crate::{balances::Balances, config::Config, plan::Plan};

/// What a job is to do, and where it shows.
struct Job {
    plan: Plan,
    metrics: Metrics,
}

#[derive(Metrics)]
struct Metrics {
    #[metric(flatten)]
    balances: balances::Metrics,
    #[metric(flatten)]
    topup: topup::Metrics,
    #[metric(flatten)]
    tokens: TokenMetrics,
}

impl MetricSet<Config> for Job {
    fn declare(config: &Config, families: &mut Families) -> Result<Self, String> {
        Ok(Self { plan: Plan::of(config)?, metrics: MetricSet::<Config>::declare(config, families)? })
    }
}

#[plugin]
async fn run(config: Config, job: &Job) -> Result<String> {
    let Job { plan, metrics } = job;
    let (chain, wallet) = (chain(&config.chain), wallet(&config.account));
    let balances = Balances::read(&chain, &wallet, plan).await?;
    let targets = metrics.balances.targets(&config, plan, &balances);
    let topup = TopUp {
        chain: &config.chain,
        wallet: &wallet,
        currency: &config.currency,
        period: Period::of_run(config.period, &balances.header),
        partial: config.partial,
        metrics: &metrics.topup,
        tokens: Some(&metrics.tokens),
    };
    let mut served = topup.serve(targets).await?;
    for (level, held) in plan.levels.iter().zip(balances.held) {
        if let Err(error) = held {
            served.unreadable(&format!("{} in {}", level.name, level.currency.symbol), error);
        }
    }
    served.finish(Words { did: "paid", would: "pay", targets: "targets" })
}
