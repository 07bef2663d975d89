//! Fields of other types than the metrics'. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    blocks: u64,
    /// A group of metrics.
    peers: PeerMetrics,
}

fn main() {}
