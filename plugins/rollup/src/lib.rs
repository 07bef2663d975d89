//! Watches a Polygon zkEVM or CDK rollup: its batches by stage, as its own node and as the contract on L1 say, whether
//! the two can be true together, and what its operators hold and pay on L1.
//!
//! A run asks the rollup's node first and L1 then: what the node knows of L1 can only be older. Every metric is in the
//! module that knows its value: [`batches`], [`l1`] and its parts. What can't be read or can't be true is never a
//! number.

mod batches;
mod belief;
mod l1;
mod l2;
mod notes;
mod settings;
mod stage;
#[cfg(test)]
mod tests;
mod track;

use watchkeeper_sdk::prelude::*;

use crate::{notes::Notes, settings::Config, stage::Stage};

#[derive(Metrics)]
struct Metrics {
    #[metric(flatten)]
    batches: batches::Metrics,
    #[metric(flatten)]
    l1: l1::Metrics,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let mut notes = Notes::load().await?;
    let answers = l2::read(&chain(&config.l2), &mut notes).await?;
    let l1 = match &config.l1 {
        Some(l1) => metrics.l1.watch(&config.l2, answers.chain_id, l1, &mut notes).await?,
        None => None,
    };
    let numbers = metrics.batches.show(&config.l2, &answers, l1.as_ref()).await?;
    notes.save().await?;

    let word = |stage| numbers.get(&stage).map_or_else(|| "unknown".to_owned(), u64::to_string);
    let [verified, sequenced, trusted] = Stage::ALL.map(word);
    Ok(format!("batches: trusted {trusted}, virtual {sequenced}, verified {verified}"))
}
