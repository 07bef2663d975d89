//! Keeps the deposits of ERC-4337's paymasters above a level, which is an amount or as long as they are to last.
//!
//! A run reads all deposits at one block ([`deposits`]), measures how fast they are spent if that matters ([`burn`]), and has the
//! SDK's `topup` serve those in need. What a paymaster holds is never guessed: one that can't be read is left alone and fails the
//! run, after the others were served. Nothing here can pay: the host decides about each payment for itself.

mod burn;
mod config;
mod deposits;
mod plan;
#[cfg(test)]
mod tests;

use watchkeeper_sdk::{
    metrics::Families,
    prelude::*,
    topup::{Period, Served, TopUp, Words, show_seconds},
};

use crate::{burn::Burn, config::Config, deposits::Deposits, plan::Plan};

/// What a job is to do, and where it shows.
struct Job {
    plan: Plan,
    metrics: Metrics,
}

#[derive(Metrics)]
struct Metrics {
    #[metric(flatten)]
    deposits: deposits::Metrics,
    #[metric(flatten)]
    burn: burn::Metrics,
    #[metric(flatten)]
    topup: watchkeeper_sdk::topup::Metrics,
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
    let deposits = Deposits::read(&chain, plan).await?;
    let burn = burn::follow(&chain, &config, plan, &metrics.burn).await;
    let rates = burn.as_ref().unwrap_or(&Burn::Unknown);
    let targets = metrics.deposits.targets(&config, plan, &deposits, rates);
    let topup = TopUp {
        chain: &config.chain,
        wallet: &wallet,
        currency: &config.currency,
        period: Period::of_run(config.period, &deposits.header),
        partial: config.partial,
        metrics: &metrics.topup,
        tokens: None,
    };
    let mut served = topup.serve(targets).await?;
    for (paymaster, held) in plan.paymasters.iter().zip(deposits.held) {
        if let Err(error) = held {
            served.unreadable(&paymaster.label(), error);
        }
    }
    note_runway(&metrics.burn, &config, plan, &mut served, burn);
    served.finish(Words { did: "deposited", would: "deposit", targets: "paymasters" })
}

/// Says how long the deposits last, as they were read.
fn note_runway(metrics: &burn::Metrics, config: &Config, plan: &Plan, served: &mut Served, burn: Result<Burn>) {
    let burn = match burn {
        Ok(burn) => burn,
        Err(error) => return served.problem("the burn rate", error),
    };
    match burn {
        Burn::Unwanted => {}
        Burn::Unknown => served.note("the burn rate isn't known yet"),
        Burn::Known(spent) => {
            let held = served.outcomes().map(|(target, _)| target);
            let runways = held.filter_map(|target| {
                let (paymaster, spent) =
                    plan.paymasters.iter().zip(&spent).find(|(paymaster, _)| paymaster.is(target))?;
                Some(metrics.show(config, paymaster, *spent, target.held))
            });
            let lowest = runways.fold(f64::INFINITY, f64::min);
            if lowest.is_finite() {
                served.note(format!("lowest runway {}", show_seconds(lowest)));
            }
        }
    }
}
