//! A component has one plugin. Nothing else may be wrong here.

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
async fn first(config: Config) -> Result<String> {
    Ok(config.chain)
}

#[plugin]
async fn second(config: Config) -> Result<String> {
    Ok(config.chain)
}

fn main() {}
