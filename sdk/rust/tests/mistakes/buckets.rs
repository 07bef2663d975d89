//! Bounds of histograms: left out, going down, no numbers, on what has none. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// No bounds.
    first_seconds: Histogram,
    /// Bounds that go down.
    #[metric(buckets(1, 5, 2))]
    second_seconds: Histogram,
    /// Not a number.
    #[metric(buckets(1, "5"))]
    third_seconds: Histogram,
    /// Not a histogram.
    #[metric(buckets(1))]
    fourth: Gauge,
}

fn main() {}
