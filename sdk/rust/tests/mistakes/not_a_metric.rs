use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    blocks: u64,
    /// A group of metrics.
    peers: PeerMetrics,
}

fn main() {}
