//! Labels that the host or Prometheus set. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    #[metric(labels("chain", "job_name"))]
    blocks: Gauge<2>,
    /// Seconds.
    #[metric(labels("le"), buckets(1))]
    seconds: Histogram<1>,
}

fn main() {}
