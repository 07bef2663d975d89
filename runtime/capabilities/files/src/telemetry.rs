//! What the files capability says of itself: each pack ends in one place, which writes the log line and moves the
//! metrics.

use std::time::Instant;

use prometheus::{IntCounterVec, Opts, Registry};
use watchkeeper_model::JobName;

use crate::{FilesFault, Packed};

/// The series of all trees. Registered once per process.
#[derive(Debug, Clone)]
pub struct FilesMetrics {
    bytes: IntCounterVec,
    packs: IntCounterVec,
}

impl FilesMetrics {
    /// Makes the series and hands them to `registry`.
    ///
    /// # Errors
    /// The registry has them already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let bytes = IntCounterVec::new(
            Opts::new("watchkeeper_files_packed_bytes_total", "Bytes of files that were packed for jobs."),
            &["job_name", "tree"],
        )?;
        let packs = IntCounterVec::new(
            Opts::new("watchkeeper_files_packs_total", "Archives of trees that jobs asked for, by result."),
            &["job_name", "tree", "result"],
        )?;
        registry.register(Box::new(bytes.clone()))?;
        registry.register(Box::new(packs.clone()))?;
        Ok(Self { bytes, packs })
    }

    /// The counter of a tree's bytes.
    pub(crate) fn bytes(&self, job: &JobName, tree: &str) -> prometheus::IntCounter {
        self.bytes.with_label_values(&[job.as_str(), tree])
    }
}

/// A call that was denied. `tree` is a granted one, or empty: what a plugin made up is no label.
pub(crate) fn denied(metrics: &FilesMetrics, job: &JobName, tree: &str, why: &FilesFault) {
    metrics.packs.with_label_values(&[job.as_str(), tree, why.result()]).inc();
    tracing::warn!(%job, tree, %why, "reading files denied");
}

/// A pack, spoken of when it is over, also if nobody waited for the end.
pub(crate) struct Pack {
    metrics: FilesMetrics,
    job: JobName,
    tree: String,
    begun: Instant,
    done: Option<Result<Packed, FilesFault>>,
}

impl Pack {
    pub(crate) fn begin(metrics: &FilesMetrics, job: &JobName, tree: &str) -> Self {
        Self { metrics: metrics.clone(), job: job.clone(), tree: tree.to_owned(), begun: Instant::now(), done: None }
    }

    /// How it went.
    pub(crate) fn ended(mut self, done: &Result<Packed, FilesFault>) {
        self.done = Some(done.clone());
    }
}

impl Drop for Pack {
    fn drop(&mut self) {
        let Self { metrics, job, tree, begun, done } = self;
        let result = match done {
            Some(Ok(_)) => "ok",
            Some(Err(fault)) => fault.result(),
            None => FilesFault::Stopped.result(),
        };
        metrics.packs.with_label_values(&[job.as_str(), tree, result]).inc();
        let elapsed = begun.elapsed();
        match done {
            Some(Ok(Packed { files, bytes, skipped, changed })) => {
                let changed = changed.len();
                tracing::debug!(%job, tree, files, bytes, skipped, changed, ?elapsed, "tree packed");
            }
            Some(Err(fault)) => tracing::info!(%job, tree, why = %fault, ?elapsed, "tree not packed"),
            None => tracing::info!(%job, tree, ?elapsed, "a pack was given up"),
        }
    }
}
