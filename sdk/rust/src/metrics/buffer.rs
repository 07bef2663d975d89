//! Samples on their way to the host: gathered in the instance, because each call through the boundary costs far more than
//! its samples.

use std::{cell::RefCell, mem};

use crate::host;

/// Samples in one call to the host.
const BATCH: usize = 1_000;

thread_local! {
    static BUFFER: RefCell<Vec<Sample>> = const { RefCell::new(Vec::new()) };
}

/// One thing said about one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The family's place among those that the plugin declared.
    pub family: u32,
    /// The labels' values, in the family's order.
    pub labels: Vec<String>,
    /// What is said.
    pub value: Value,
}

/// What a sample says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// The gauge's value now.
    Set(f64),
    /// How much to add to the counter.
    Add(f64),
    /// One observation of the histogram.
    Observe(f64),
}

impl Value {
    /// The number, whatever it means.
    pub fn number(self) -> f64 {
        match self {
            Self::Set(value) | Self::Add(value) | Self::Observe(value) => value,
        }
    }
}

pub(super) fn record(family: u32, labels: &[&str], value: Value) {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    let full = BUFFER.with_borrow_mut(|samples| {
        samples.push(Sample { family, labels, value });
        (samples.len() >= BATCH).then(|| mem::take(samples))
    });
    if let Some(batch) = full {
        host::emit(batch);
    }
}

/// Hands over what is left, at the end of a run that succeeded.
pub(crate) fn flush() {
    let rest = BUFFER.take();
    if !rest.is_empty() {
        host::emit(rest);
    }
}
