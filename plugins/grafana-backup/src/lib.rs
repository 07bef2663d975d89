//! Backs up a Grafana by its HTTP API, and imports such a backup again.
//!
//! [`export`] writes an archive with a file for each object while it is stored, so that never more than one object is in memory;
//! [`import`] reads one twice: once to see that it is whole and what it should be, once to bring it back. What a backup can't hold, above
//! all secrets, is said in its `MANIFEST.json` ([`manifest`]), in the log and in a metric.

mod api;
mod config;
mod entry;
mod export;
mod import;
mod manifest;
mod tar;
#[cfg(test)]
mod tests;
mod uid;

use watchkeeper_sdk::{backup, metrics::Families, prelude::*};

use crate::{
    api::Grafana,
    config::{Config, Task},
};

/// What a job is to do, and where it shows.
struct Job {
    task: Task,
    metrics: Metrics,
}

#[derive(Metrics)]
struct Metrics {
    #[metric(flatten)]
    backup: backup::Metrics,
    /// Objects in the newest backup.
    #[metric(labels("kind"))]
    grafana_backup_objects: Gauge<1>,
    /// Objects, and secrets of objects, that there are in Grafana and not in the newest backup. Its `MANIFEST.json` says which.
    grafana_backup_not_exported: Gauge,
    /// Objects of the last import, by what became of them: created, replaced, or kept as they were there already.
    #[metric(labels("kind", "outcome"))]
    grafana_import_objects: Gauge<2>,
}

impl MetricSet<Config> for Job {
    fn declare(config: &Config, families: &mut Families) -> Result<Self, String> {
        Ok(Self { task: Task::of(config)?, metrics: MetricSet::<Config>::declare(config, families)? })
    }
}

#[plugin]
async fn run(config: Config, job: &Job) -> Result<String> {
    let grafana = Grafana::at(&config.url);
    match &job.task {
        Task::Export => export::run(grafana, &config, &job.metrics).await,
        Task::Import(which) => import::run(&grafana, which, config.overwrite, context::dry_run(), &job.metrics).await,
    }
}
