//! A label's name keeps Prometheus' rules. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    #[metric(labels("chain", "Chain-Id"))]
    blocks: Gauge<2>,
}

fn main() {}
