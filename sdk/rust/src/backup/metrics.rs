//! The series of everything that makes backups, so that one dashboard and one set of alerts serve all of it. What isn't known is absent.

use std::time::Duration;

use crate::{
    Metrics as MetricsOf,
    artifacts::{Artifact, Mark, Retention},
    metrics::Gauge,
};

/// What the backups of a job show.
#[derive(Debug, MetricsOf)]
#[metric(prefix = "backup", labels("backup"))]
pub struct Metrics {
    /// When the newest backup was begun, of a run that succeeded.
    #[metric(unit = "seconds")]
    last_success_timestamp_seconds: Gauge<1>,
    /// When a backup was last read back whole, and was what had been stored: one of the newest 32. Absent if none of them was.
    #[metric(unit = "seconds")]
    last_verified_timestamp_seconds: Gauge<1>,
    /// When a backup was last restored and stood its test: one of the newest 32. Absent if none of them was.
    #[metric(unit = "seconds")]
    last_restore_test_timestamp_seconds: Gauge<1>,
    /// Size of the newest backup's content.
    #[metric(unit = "bytes")]
    size_bytes: Gauge<1>,
    /// Size of the newest backup as it is stored: compressed, and encrypted where the store is.
    #[metric(unit = "bytes")]
    stored_size_bytes: Gauge<1>,
    /// Seconds from the beginning of the newest backup until it was stored.
    #[metric(unit = "seconds")]
    duration_seconds: Gauge<1>,
    /// When the oldest backup was begun that is kept.
    #[metric(unit = "seconds")]
    oldest_kept_timestamp_seconds: Gauge<1>,
    /// Backups that are kept.
    kept: Gauge<1>,
    /// Size of the newest backup's content by the median of the seven before it. Absent until there are three.
    #[metric(unit = "ratio")]
    size_to_median_ratio: Gauge<1>,
}

/// What is known of a backup that was made.
pub(super) struct Seen<'a> {
    pub(super) made: &'a Artifact,
    pub(super) took: Duration,
    /// When it was read back, if it was.
    pub(super) verified: Option<Duration>,
    /// The newest ones before it.
    pub(super) earlier: &'a [Artifact],
    pub(super) retention: &'a Retention,
    pub(super) ratio: Option<f64>,
}

impl Metrics {
    pub(super) fn show(&self, name: &str, seen: &Seen<'_>) {
        let Seen { made, took, verified, earlier, retention, ratio } = seen;
        let last = |what| earlier.iter().filter_map(|artifact| artifact.marked(what)).max();
        self.last_success_timestamp_seconds.set([name], made.created);
        if let Some(at) = last(Mark::VERIFIED).max(*verified) {
            self.last_verified_timestamp_seconds.set([name], at);
        }
        if let Some(at) = last(Mark::RESTORED) {
            self.last_restore_test_timestamp_seconds.set([name], at);
        }
        self.size_bytes.set([name], made.size);
        self.stored_size_bytes.set([name], made.stored_size);
        self.duration_seconds.set([name], *took);
        if let Some(at) = retention.oldest {
            self.oldest_kept_timestamp_seconds.set([name], at);
        }
        self.kept.set([name], retention.kept);
        if let Some(ratio) = ratio {
            self.size_to_median_ratio.set([name], *ratio);
        }
    }
}
