//! `#[plugin]` stands on a function. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[config]
struct Config {
    chain: String,
}

#[derive(Metrics)]
struct Metrics {
    /// Number of the newest block.
    head_block_number: Gauge,
}

#[plugin]
struct Probe;

fn main() {}
