//! Having and saying more than is good for the host.

use std::hint::black_box;

use watchkeeper_sdk::{Error, Result, info};

use crate::Metrics;

const MIB: usize = 1 << 20;

pub(crate) fn grow() -> Result<String> {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; MIB]));
    }
}

pub(crate) fn say_much() -> Result<String> {
    info!("{}", "m".repeat(16 * MIB));
    Ok("said 16 MiB".to_owned())
}

pub(crate) fn fail_hugely() -> Result<String> {
    Err(Error::Failed(format!("\u{1b}[31mred\u{202e}{}", "e".repeat(4 * MIB))))
}

pub(crate) fn many_series(metrics: &Metrics) -> String {
    for number in 0..15_000 {
        metrics.value.set([&number.to_string()], 1_u32);
    }
    "emitted 15000 series".to_owned()
}

/// Flushes what it can: each batch is small enough for a call.
pub(crate) fn huge_labels(metrics: &Metrics) -> String {
    let label = "l".repeat(MIB);
    for number in 0..5 {
        metrics.value.set([&format!("{number}{label}")], 1_u32);
    }
    "emitted 5 labels of 1 MiB".to_owned()
}
