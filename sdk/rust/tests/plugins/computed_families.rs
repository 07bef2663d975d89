//! Families may depend on the config, and groups of metrics may be put together.

use watchkeeper_sdk::prelude::*;

#[config]
struct Config {
    stages: Vec<String>,
}

struct Stages(Vec<Gauge>);

impl MetricSet<Config> for Stages {
    fn declare(config: &Config, families: &mut Families) -> Result<Self, String> {
        let gauges = config.stages.iter().map(|stage| families.gauge(Family::new(stage.as_str(), "A stage.")));
        Ok(Self(gauges.collect()))
    }
}

#[plugin]
async fn run(config: Config, metrics: &Stages) -> Result<String> {
    for gauge in &metrics.0 {
        gauge.set([], 1.0);
    }
    Ok(format!("{} stages", config.stages.len()))
}

fn main() {}
