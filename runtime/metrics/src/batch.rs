//! A commit's samples, checked and summed up per series before the store is locked.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::{
    Limits,
    block::{Buckets, Point},
    sample::{DropReason, Dropped, Sample, Value},
    spec::{FamilySpec, Kind},
    text,
};

/// What a commit does to one series.
pub(crate) struct Delta {
    /// A gauge's new value, or what a counter or histogram gains.
    pub(crate) point: Point,
    /// How many samples it is made of.
    pub(crate) samples: u64,
}

/// What a commit does to one family: by label text, in the order of first appearance.
pub(crate) type Deltas = IndexMap<Arc<str>, Delta>;

/// What a commit does to each family of a declaration, in its order, and what was refused on the way.
pub(crate) struct Batch {
    pub(crate) families: Vec<Deltas>,
    pub(crate) dropped: Dropped,
}

impl Batch {
    pub(crate) fn new(specs: &[Arc<FamilySpec>], samples: &[Sample], limits: &Limits) -> Self {
        let mut families: Vec<Deltas> = Vec::new();
        families.resize_with(specs.len(), Deltas::default);
        let mut dropped = Dropped::default();
        let mut key = String::new();
        for sample in samples {
            let place = usize::try_from(sample.family).unwrap_or(usize::MAX);
            let taken = match (specs.get(place), families.get_mut(place)) {
                (Some(spec), Some(deltas)) => take(spec, deltas, sample, limits, &mut key),
                _ => Err(DropReason::UnknownFamily),
            };
            if let Err(reason) = taken {
                dropped.add(reason, 1);
            }
        }
        Self { families, dropped }
    }
}

fn take(
    spec: &FamilySpec,
    deltas: &mut Deltas,
    sample: &Sample,
    limits: &Limits,
    key: &mut String,
) -> Result<(), DropReason> {
    let value = number(spec.kind, sample.value)?;
    if sample.labels.len() != spec.labels.len() {
        return Err(DropReason::LabelCount);
    }
    if sample.labels.iter().any(|label| label.len() > limits.label_value_bytes) {
        return Err(DropReason::LabelTooLong);
    }
    key.clear();
    for (name, value) in spec.labels.iter().zip(&sample.labels) {
        key.push(',');
        text::label(key, name, value);
    }
    match deltas.get_mut(key.as_str()) {
        Some(delta) => {
            delta.samples += 1;
            match (&mut delta.point, spec.kind) {
                (Point::Number(gauge), Kind::Gauge) => *gauge = value,
                (Point::Number(sum), _) => *sum += value,
                (Point::Buckets(buckets), _) => buckets.observe(&spec.buckets, value),
            }
        }
        None => {
            let point = match spec.kind {
                Kind::Gauge | Kind::Counter => Point::Number(value),
                Kind::Histogram => {
                    let mut buckets = Buckets::new(&spec.buckets);
                    buckets.observe(&spec.buckets, value);
                    Point::Buckets(buckets)
                }
            };
            deltas.insert(key.as_str().into(), Delta { point, samples: 1 });
        }
    }
    Ok(())
}

/// The number of a value that fits its family.
fn number(kind: Kind, value: Value) -> Result<f64, DropReason> {
    let number = match (kind, value) {
        (Kind::Gauge, Value::Set(value)) => return Ok(value),
        (Kind::Counter, Value::Add(value)) | (Kind::Histogram, Value::Observe(value)) => value,
        _ => return Err(DropReason::WrongKind),
    };
    if number.is_finite() && number >= 0.0 { Ok(number) } else { Err(DropReason::InvalidNumber) }
}
