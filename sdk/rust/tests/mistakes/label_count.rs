//! As many labels in the attribute as in the type. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    #[metric(labels("chain", "branch"))]
    blocks: Gauge<1>,
}

fn main() {}
