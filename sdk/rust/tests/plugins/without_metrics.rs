//! A plugin needs no metrics.

use watchkeeper_sdk::prelude::*;

#[config]
struct Config {
    chain: String,
}

#[plugin]
async fn run(config: Config) -> Result<String> {
    if config.chain.is_empty() {
        fail!("`{}` names no chain", config.chain);
    }
    let seen: Option<u64> = state::get("seen").await?;
    state::set("seen", &seen.map_or(1, |seen| seen + 1)).await?;
    Ok(config.chain)
}

fn main() {}
