//! What the artifacts capability says of itself: each call ends in one place, which writes the log line and moves the metrics.

use std::time::Instant;

use prometheus::{IntCounterVec, Opts, Registry};
use watchkeeper_model::JobName;

use crate::KeepError;

/// The series of all stores. Registered once per process.
#[derive(Debug, Clone)]
pub struct ArtifactMetrics {
    operations: IntCounterVec,
    bytes: IntCounterVec,
    deleted: IntCounterVec,
}

impl ArtifactMetrics {
    /// Makes the series and hands them to `registry`.
    ///
    /// # Errors
    /// The registry has them already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let metrics = Self {
            operations: counter(
                "watchkeeper_artifact_operations_total",
                "What jobs asked of artifact stores, by result.",
                &["store", "operation", "result"],
            )?,
            bytes: counter(
                "watchkeeper_artifact_bytes_total",
                "Bytes of artifacts as they lie in stores, by what was done with them.",
                &["store", "operation"],
            )?,
            deleted: counter(
                "watchkeeper_artifacts_deleted_total",
                "Artifacts that retention policies deleted.",
                &["store", "job_name"],
            )?,
        };
        for series in [&metrics.operations, &metrics.bytes, &metrics.deleted] {
            registry.register(Box::new(series.clone()))?;
        }
        Ok(metrics)
    }

    /// So many bytes were stored, or read.
    pub(crate) fn moved(&self, store: &str, operation: &str, bytes: u64) {
        self.bytes.with_label_values(&[store, operation]).inc_by(bytes);
    }

    /// A policy deleted artifacts.
    pub(crate) fn deleted(&self, store: &str, job: &JobName, paths: &[String]) {
        for path in paths {
            tracing::info!(%job, store, path, "artifact deleted by its retention policy");
        }
        self.deleted.with_label_values(&[store, job.as_str()]).inc_by(paths.len() as u64);
    }
}

/// A call, spoken of when it is over, also if nobody waited for the end.
pub(crate) struct Operation {
    metrics: ArtifactMetrics,
    store: String,
    job: JobName,
    operation: &'static str,
    begun: Instant,
    result: Result<(), (&'static str, String)>,
}

impl Operation {
    pub(crate) fn begin(metrics: &ArtifactMetrics, store: &str, job: &JobName, operation: &'static str) -> Self {
        Self {
            metrics: metrics.clone(),
            store: store.to_owned(),
            job: job.clone(),
            operation,
            begun: Instant::now(),
            result: Err(("cancelled", "the run ended first".to_owned())),
        }
    }

    /// How it went. Returns what it is given.
    pub(crate) fn end<T>(mut self, result: Result<T, KeepError>) -> Result<T, KeepError> {
        self.result = match &result {
            Ok(_) => Ok(()),
            Err(error) => Err((error.result(), error.to_string())),
        };
        result
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let Self { metrics, store, job, operation, begun, result } = self;
        let elapsed = begun.elapsed();
        let word = match result {
            Ok(()) => {
                tracing::debug!(%job, store, operation, ?elapsed, "artifact operation");
                "ok"
            }
            Err((word, why)) => {
                tracing::warn!(%job, store, operation, ?elapsed, why, "artifact operation failed");
                word
            }
        };
        metrics.operations.with_label_values(&[&**store, operation, word]).inc();
    }
}
