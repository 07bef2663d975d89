use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    blocks: Counter,
}

fn main() {}
