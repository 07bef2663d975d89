//! A probe with a family of steady's name and another type: the two can't stand in one exposition.

use watchkeeper_sdk::prelude::*;

#[config]
struct Config {}

#[derive(Metrics)]
struct Metrics {
    /// The same name, another type.
    #[metric(buckets(1, 2))]
    steady_value: Histogram,
}

#[plugin]
async fn run(_config: Config, metrics: &Metrics) -> Result<String> {
    metrics.steady_value.observe([], 1);
    Ok("observed".to_owned())
}
