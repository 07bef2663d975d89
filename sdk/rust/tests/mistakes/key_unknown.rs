//! Keys of `#[metric]` that there are not. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    #[metric(label("chain"))]
    blocks: Gauge<1>,
    /// Peers.
    #[metric(colour = "red")]
    peers: Gauge,
}

fn main() {}
