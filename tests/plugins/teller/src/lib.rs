//! A plugin that says, shows and logs whatever its job configures, word for word: so that a test can put any text in
//! each place where a plugin has a say. Run for a probe, it says the target too.

use watchkeeper_sdk::{
    Error,
    context::{self, Trigger},
    metrics::{Families, Family, Gauge, MetricSet},
    prelude::*,
};

/// How a run ends that isn't to succeed.
#[config]
#[serde(rename_all = "kebab-case")]
enum Fails {
    /// For good.
    Failed,
    /// For now: it may be tried again.
    Unavailable,
}

#[config]
struct Config {
    /// The run's message.
    message: String,
    /// How it ends, if not well.
    fails: Option<Fails>,
    /// What it logs, a line each.
    #[serde(default)]
    lines: Vec<String>,
    /// The label of the only series, and the help of its family.
    #[serde(default)]
    label: String,
    /// A chain to read before the end; for a probe only where the target begins with `slow`.
    chain: Option<String>,
}

/// One family, whose help is the config's to choose.
struct Metrics {
    told: Gauge<2>,
}

impl MetricSet<Config> for Metrics {
    fn declare(config: &Config, families: &mut Families) -> Result<Self, String> {
        let family = Family::new("teller_told", format!("What was told: {}", config.label));
        Ok(Self { told: families.gauge(family.labels(["text", "target"])) })
    }
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let target = match context::trigger() {
        Trigger::Probe(target) => Some(target),
        _ => None,
    };
    for line in &config.lines {
        watchkeeper_sdk::warn!(text = line, target = target.as_deref().unwrap_or_default(), "{line}");
    }
    metrics.told.set([&config.label, target.as_deref().unwrap_or_default()], config.message.len() as f64);
    if let Some(name) = &config.chain
        && target.as_deref().is_none_or(|target| target.starts_with("slow"))
    {
        chain(name).header(Block::Latest).await?;
    }
    match config.fails {
        None => Ok(config.message),
        Some(Fails::Failed) => Err(Error::Failed(config.message)),
        Some(Fails::Unavailable) => Err(Error::Unavailable(config.message)),
    }
}
