//! A probe that remembers how often it ran. Two runs at once, a lost or a doubled one would show: the number that it
//! keeps would differ from the host's count of runs. It reads a chain first if told to, so that a test can hold a run.

use watchkeeper_sdk::prelude::*;

#[config]
struct Config {
    /// What the gauge shows.
    value: f64,
    /// A chain to read, by its name in `watchkeeper.toml`.
    chain: Option<String>,
}

#[derive(Metrics)]
struct Metrics {
    /// What the job configured.
    tally_value: Gauge,
    /// Successful runs since the job's state began.
    tally_remembered_runs: Gauge,
    /// Successful runs.
    tally_runs_total: Counter,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let before: u64 = state::get("runs").await?.unwrap_or(0);
    if let Some(name) = &config.chain {
        chain(name).header(Block::Latest).await?;
    }
    state::set("runs", &(before + 1)).await?;
    metrics.tally_value.set([], config.value);
    metrics.tally_remembered_runs.set([], before + 1);
    metrics.tally_runs_total.add([], 1);
    Ok(format!("run {}", before + 1))
}
