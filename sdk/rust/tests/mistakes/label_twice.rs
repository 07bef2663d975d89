//! A label stands once. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    #[metric(labels("chain", "chain"))]
    blocks: Gauge<2>,
}

fn main() {}
