use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    blocks_total: Gauge,
}

fn main() {}
