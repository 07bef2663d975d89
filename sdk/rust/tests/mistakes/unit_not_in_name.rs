//! A unit is the end of its metric's name. Nothing else may be wrong here.

use watchkeeper_sdk::prelude::*;

#[derive(Metrics)]
struct Metrics {
    /// Age of the head.
    #[metric(unit = "seconds")]
    head_age: Gauge,
    /// Time spent.
    #[metric(unit = "seconds")]
    spent_total: Counter,
}

fn main() {}
