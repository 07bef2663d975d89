//! A probe without any power: shows what its job configured, and counts its runs.

use watchkeeper_sdk::prelude::*;

#[config]
struct Config {
    /// What the gauge shows.
    value: f64,
}

#[derive(Metrics)]
struct Metrics {
    /// What the job configured.
    steady_value: Gauge,
    /// Successful runs.
    steady_runs_total: Counter,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    metrics.steady_value.set([], config.value);
    metrics.steady_runs_total.add([], 1);
    Ok(format!("value {}", config.value))
}
