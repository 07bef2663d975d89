//! The series that one job has in one family: the unit that a commit writes and a chunk is built of.

use std::sync::Arc;

use indexmap::IndexMap;

/// One job's series in one family, by their rendered label values.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Block {
    /// The labels that every series of the job has, as text: `job_name="…",plugin="…"`.
    pub(crate) prefix: Arc<str>,
    /// From the family's own labels as text (each `,name="value"`, escaped) to the value. Escaping keeps
    /// different values different, and the labels' order is fixed, so the text is the series.
    pub(crate) points: IndexMap<Arc<str>, Point>,
}

/// The value of one series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Point {
    /// A gauge's value or a counter's sum.
    Number(f64),
    /// A histogram.
    Buckets(Buckets),
}

/// Counted observations.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Buckets {
    /// Observations in each bucket alone, the last one above all bounds.
    pub(crate) counts: Box<[u64]>,
    /// Their sum.
    pub(crate) sum: f64,
}

impl Buckets {
    pub(crate) fn new(bounds: &[f64]) -> Self {
        Self { counts: vec![0; bounds.len() + 1].into(), sum: 0.0 }
    }

    /// Counts an observation in the bucket of the first bound that isn't below it.
    pub(crate) fn observe(&mut self, bounds: &[f64], value: f64) {
        let place = bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
        self.sum += value;
    }
}

impl Point {
    /// Adds what a counter or histogram of the same shape gained. `false`, and nothing added, where the sum
    /// would overflow.
    pub(crate) fn add(&mut self, gain: &Self) -> bool {
        match (self, gain) {
            (Self::Number(sum), Self::Number(gain)) => grow(sum, *gain),
            (Self::Buckets(all), Self::Buckets(gain)) => {
                let grown = grow(&mut all.sum, gain.sum);
                if grown {
                    all.counts.iter_mut().zip(&gain.counts).for_each(|(count, gain)| *count += gain);
                }
                grown
            }
            _ => false,
        }
    }

    /// Whether it can begin a counter or histogram series.
    pub(crate) fn is_finite(&self) -> bool {
        match self {
            Self::Number(sum) => sum.is_finite(),
            Self::Buckets(all) => all.sum.is_finite(),
        }
    }
}

fn grow(sum: &mut f64, gain: f64) -> bool {
    let grown = *sum + gain;
    if grown.is_finite() {
        *sum = grown;
    }
    grown.is_finite()
}
