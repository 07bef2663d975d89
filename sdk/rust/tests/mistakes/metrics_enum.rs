//! Metrics are the fields of a struct with names. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
enum Metrics {
    Blocks,
}

#[derive(Metrics)]
struct Pair(Gauge, Gauge);

fn main() {}
