//! Metrics of a run: typed handles onto the families that a plugin declares. What they are given is kept in the instance
//! and handed over in batches; the host shows it only if the run succeeds.

mod buffer;
mod family;
mod measure;

pub(crate) use self::buffer::flush;
use self::buffer::record;
pub use self::{
    buffer::{Sample, Value},
    family::{Families, Family, MetricSet, NoMetrics},
    measure::Measure,
};

/// A value that goes up and down. `N` is the number of its labels.
///
/// A series that a run doesn't set is gone from the next scrape, so leave out what isn't known rather than setting 0.
#[derive(Debug, Clone, Copy)]
pub struct Gauge<const N: usize = 0> {
    family: u32,
}

impl<const N: usize> Gauge<N> {
    /// Says the value now. `labels` holds the labels' values in the family's order.
    pub fn set(&self, labels: [&str; N], value: impl Measure) {
        record(self.family, &labels, Value::Set(value.measure()));
    }
}

/// A sum that only grows and outlives the run: the host keeps it. `N` is the number of its labels.
#[derive(Debug, Clone, Copy)]
pub struct Counter<const N: usize = 0> {
    family: u32,
}

impl<const N: usize> Counter<N> {
    /// Adds to the sum. Adding 0 makes the series visible before its first event. The host drops negative and NaN additions.
    pub fn add(&self, labels: [&str; N], value: impl Measure) {
        record(self.family, &labels, Value::Add(value.measure()));
    }
}

/// A [`Gauge`] whose labels depend on the config, from [`Families::computed_gauge`].
#[derive(Debug, Clone, Copy)]
pub struct ComputedGauge {
    family: u32,
}

impl ComputedGauge {
    /// Says the value now. `labels` holds the labels' values in the family's order; the host drops a sample with more or fewer.
    pub fn set(&self, labels: &[&str], value: impl Measure) {
        record(self.family, labels, Value::Set(value.measure()));
    }
}

/// A [`Counter`] whose labels depend on the config, from [`Families::computed_counter`].
#[derive(Debug, Clone, Copy)]
pub struct ComputedCounter {
    family: u32,
}

impl ComputedCounter {
    /// Adds to the sum, as [`Counter::add`] does. The host drops a sample with more or fewer labels than the family has.
    pub fn add(&self, labels: &[&str], value: impl Measure) {
        record(self.family, labels, Value::Add(value.measure()));
    }
}

/// Observations counted in buckets, kept by the host beyond the run. `N` is the number of its labels.
#[derive(Debug, Clone, Copy)]
pub struct Histogram<const N: usize = 0> {
    family: u32,
}

impl<const N: usize> Histogram<N> {
    /// Counts one observation.
    pub fn observe(&self, labels: [&str; N], value: impl Measure) {
        record(self.family, &labels, Value::Observe(value.measure()));
    }
}
