//! `run` takes its metrics by reference. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[config]
struct Config {
    chain: String,
}

#[derive(Metrics)]
struct Metrics {
    /// Number of the newest block.
    head_block_number: Gauge,
}

#[plugin]
async fn run(config: Config, metrics: Metrics) -> Result<String> {
    Ok(config.chain)
}

fn main() {}
