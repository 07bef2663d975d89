//! The smallest useful probe: the height of one chain.

use watchkeeper_sdk::prelude::*;

#[config]
struct Config {
    /// The chain to ask, by its name in `watchkeeper.toml`.
    chain: String,
}

#[derive(Metrics)]
struct Metrics {
    /// Number of the newest block.
    head_block_number: Gauge,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let head = chain(&config.chain).header(Block::Latest).await?;
    metrics.head_block_number.set([], head.number);
    Ok(format!("head {}", head.number))
}
