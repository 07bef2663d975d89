use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    #[metric(labels("chain", "branch"))]
    blocks: Gauge<1>,
}

fn main() {}
