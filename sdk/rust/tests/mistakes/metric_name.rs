//! A metric's name keeps Prometheus' rules and the host's prefix out. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Blocks seen.
    #[metric(name = "blocks.seen")]
    blocks: Gauge,
    /// The host's.
    watchkeeper_up: Gauge,
    /// Looks like a part of a histogram.
    peers_count: Gauge,
}

fn main() {}
