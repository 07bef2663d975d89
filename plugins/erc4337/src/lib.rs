//! Watches ERC-4337 on one chain: operations by outcome, what paymasters spend and how long their deposits last, stakes, accounts
//! deployed, bundles that were refused.
//!
//! A run counts the events of blocks that are settled ([`operations`]), keeps each paymaster's spending of the last hours and days
//! ([`burn`]), looks for bundles that failed as a whole ([`refused`]), and reads deposits and stakes at the head ([`balances`]).
//! Every metric is in the module that has its number. What isn't known is left out: nothing here guesses, and no answer that
//! can't be read becomes a zero.

mod balances;
mod burn;
mod config;
mod events;
mod operations;
mod reason;
mod refused;
#[cfg(test)]
mod tests;

use watchkeeper_sdk::prelude::*;

use crate::config::Config;

#[derive(Metrics)]
struct Metrics {
    #[metric(flatten)]
    operations: operations::Metrics,
    #[metric(flatten)]
    balances: balances::Metrics,
    #[metric(flatten)]
    burn: burn::Metrics,
    #[metric(flatten)]
    refused: refused::Metrics,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let chain = chain(&config.chain);
    let deposits = metrics.balances.read(&chain, &config).await?;
    metrics.operations.begin(&config, &deposits);
    let counted = metrics.operations.count(&chain, &config).await?;
    metrics.burn.follow(&chain, &config, &deposits).await?;
    metrics.refused.count(&chain, &config).await?;
    Ok(counted.to_string())
}
