//! Proves backups that other jobs made: reads a part of each back in every run, another one each day, so that all is read within a number
//! of days ([`reading`]); and restores the newest of a database into a scratch database, which is tried and dropped again ([`restore`]).
//!
//! Nothing is taken for proved that wasn't: a target without artifacts, an artifact that can't be read and a scratch database that can't
//! be dropped all fail the run, after the rest was done.

mod config;
mod reading;
mod restore;
#[cfg(test)]
mod tests;

use watchkeeper_sdk::{backup::Report, metrics::Families, prelude::*};

use crate::config::Config;

#[derive(Metrics)]
struct Metrics {
    #[metric(flatten)]
    reading: reading::Metrics,
    #[metric(flatten)]
    restore: restore::Metrics,
}

/// What a job shows, once its config is right.
struct Job {
    metrics: Metrics,
}

impl MetricSet<Config> for Job {
    fn declare(config: &Config, families: &mut Families) -> Result<Self, String> {
        config.check()?;
        Ok(Self { metrics: MetricSet::<Config>::declare(config, families)? })
    }
}

#[plugin]
async fn run(config: Config, job: &Job) -> Result<String> {
    let mut report = Report::default();
    let part = reading::Part::of_run(config.parts);
    for target in &config.targets {
        if let Err(error) = reading::read_back(target, part, &job.metrics.reading, &mut report).await {
            report.problem(format!("`{target}`"), error);
        }
    }
    if let Some(restore) = &config.restore {
        restore::try_out(restore, &job.metrics.restore, &mut report).await;
    }
    report.finish()
}
