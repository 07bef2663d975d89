//! How long the ledger's commits take and what it wrote, from its own counters at each scrape.

use std::sync::Arc;

use prometheus::{
    core::{Collector, Desc},
    proto::{Bucket, Counter, Histogram, Metric, MetricFamily, MetricType},
};
use watchkeeper_ledger::{COMMIT_BOUNDS, CommitTimes, Ledger};

/// Reads [`Ledger::stats`] for a registry.
pub(crate) struct LedgerMetrics(pub(crate) Arc<Ledger>);

impl Collector for LedgerMetrics {
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let stats = self.0.stats();
        vec![
            commits(&stats.commits),
            counter("watchkeeper_ledger_writes_total", "Entries that the ledger recorded.", stats.writes),
            counter(
                "watchkeeper_ledger_write_failures_total",
                "Entries that the store could not take: full, locked or broken.",
                stats.failures,
            ),
        ]
    }
}

fn commits(times: &CommitTimes) -> MetricFamily {
    let mut histogram = Histogram::default();
    let mut below = 0;
    let mut buckets = Vec::new();
    for (bound, count) in COMMIT_BOUNDS.iter().zip(times.counts) {
        below += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(below);
        buckets.push(bucket);
    }
    histogram.set_bucket(buckets);
    histogram.set_sample_count(times.counts.iter().sum());
    histogram.set_sample_sum(times.sum.as_secs_f64());
    let mut metric = Metric::default();
    metric.set_histogram(histogram);
    family(
        "watchkeeper_ledger_commit_duration_seconds",
        "How long the ledger's transactions took, until they were on disk.",
        MetricType::HISTOGRAM,
        metric,
    )
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a float; counts below 2^53 are exact")]
fn counter(name: &str, help: &str, value: u64) -> MetricFamily {
    let mut counter = Counter::default();
    counter.set_value(value as f64);
    let mut metric = Metric::default();
    metric.set_counter(counter);
    family(name, help, MetricType::COUNTER, metric)
}

fn family(name: &str, help: &str, kind: MetricType, metric: Metric) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(vec![metric]);
    family
}
