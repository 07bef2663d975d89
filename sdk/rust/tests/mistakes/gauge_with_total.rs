//! No gauge's name ends in `_total`. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    blocks_total: Gauge,
}

fn main() {}
