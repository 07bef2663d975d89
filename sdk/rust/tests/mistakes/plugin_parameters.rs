//! `run` takes a configuration and metrics, and nothing else. Nothing else may be wrong here.

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
async fn run() -> Result<String> {
    Ok(String::new())
}

fn main() {}
