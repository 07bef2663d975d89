//! A metric needs a doc comment: it is the help text. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    peers: Gauge,
    // An ordinary comment is no help text.
    head: Gauge,
}

fn main() {}
