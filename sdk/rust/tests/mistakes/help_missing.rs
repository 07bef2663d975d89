use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    peers: Gauge,
    // An ordinary comment is no help text.
    head: Gauge,
}

fn main() {}
