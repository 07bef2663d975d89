//! Metrics of contracts from configuration alone: what functions return, how often events happen, what tokens and accounts hold.
//!
//! [`config`] is what an operator writes, [`plan`] what that comes to, checked at load. A run reads all [`calls`] and balances of one
//! block, then counts [`events`] of settled blocks. What a contract doesn't answer is visible for that call, and never zero.

mod amount;
mod answer;
mod argument;
mod calls;
mod config;
mod events;
mod metrics;
mod plan;
mod revert;
#[cfg(test)]
mod tests;
mod text;

use watchkeeper_sdk::prelude::*;

use crate::{
    config::{Config, Tag},
    plan::Plan,
};

#[plugin]
async fn run(config: Config, plan: &Plan) -> Result<String> {
    let chain = chain(&config.chain);
    let read = calls::read(&chain, block(&config), plan).await?;
    let counted = events::count(&chain, &config, plan).await?;
    Ok(format!("{read}, {counted}"))
}

/// The block to read at: the head that started the run, or what the config says.
fn block(config: &Config) -> Block {
    match context::trigger() {
        context::Trigger::Head { chain, number, .. } if chain == config.chain && config.block == Tag::Latest => {
            Block::Number(number)
        }
        _ => config.block.into(),
    }
}
