//! `run` returns a line for people or a failure. Nothing else may be wrong here.

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
async fn run(config: Config, metrics: &Metrics) -> Result<u64> {
    Ok(7)
}

fn main() {}
