use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
enum Metrics {
    Blocks,
}

#[derive(Metrics)]
struct Pair(Gauge, Gauge);

fn main() {}
