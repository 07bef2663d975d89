//! Asks a chain for whatever its config says: what a grant doesn't allow must be denied, whoever asks.

use watchkeeper_sdk::{prelude::*, serde_json::Value};

#[config]
struct Config {
    /// The chain to ask.
    chain: String,
    /// The JSON-RPC method.
    method: String,
    /// Its parameters.
    #[serde(default)]
    params: Vec<String>,
}

#[derive(Metrics)]
struct Metrics {
    /// 1 once the chain has answered.
    answered: Gauge,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let answer: Value = chain(&config.chain).request(&config.method, config.params).await?;
    metrics.answered.set([], true);
    Ok(answer.to_string())
}
