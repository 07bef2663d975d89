//! What a run emits, and what became of it.

/// One number that a run emitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The place of its family among those declared.
    pub family: u32,
    /// The label values, in the order of the family's labels.
    pub labels: Vec<String>,
    /// What to do with the series.
    pub value: Value,
}

/// The contract's `value`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Gauge: the value now; NaN and infinities are values.
    Set(f64),
    /// Counter: how much to add; finite and not negative.
    Add(f64),
    /// Histogram: one observation; finite and not negative, since the sum of a histogram is a counter.
    Observe(f64),
}

/// Why a sample was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// Its family isn't declared, or the job was declared anew without it while the run went on.
    UnknownFamily,
    /// `set` on something else than a gauge, `add` on something else than a counter, and so on.
    WrongKind,
    /// More or fewer label values than the family has labels.
    LabelCount,
    /// A label value over [`crate::Limits::label_value_bytes`].
    LabelTooLong,
    /// An `add` or `observe` of NaN, an infinity or a negative number, or one that would overflow the sum.
    InvalidNumber,
    /// A new series over [`crate::Limits::series_per_family`].
    FamilyFull,
    /// A new series over [`crate::JobFamilies::series`].
    JobFull,
}

impl DropReason {
    /// Every reason, so that counters can be created at zero.
    pub const ALL: [Self; 7] = [
        Self::UnknownFamily,
        Self::WrongKind,
        Self::LabelCount,
        Self::LabelTooLong,
        Self::InvalidNumber,
        Self::FamilyFull,
        Self::JobFull,
    ];

    /// The value of the label `reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownFamily => "unknown_family",
            Self::WrongKind => "wrong_kind",
            Self::LabelCount => "label_count",
            Self::LabelTooLong => "label_too_long",
            Self::InvalidNumber => "invalid_number",
            Self::FamilyFull => "family_full",
            Self::JobFull => "job_full",
        }
    }
}

/// How many samples were not taken, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped([u64; DropReason::ALL.len()]);

impl Dropped {
    /// The samples dropped for one reason.
    pub fn get(&self, reason: DropReason) -> u64 {
        self.0.get(reason as usize).copied().unwrap_or(0)
    }

    /// Each reason with its count, zeros included.
    pub fn iter(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.into_iter().map(|reason| (reason, self.get(reason)))
    }

    /// All samples dropped.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    pub(crate) fn merge(&mut self, other: Self) {
        other.iter().for_each(|(reason, samples)| self.add(reason, samples));
    }

    pub(crate) fn add(&mut self, reason: DropReason, samples: u64) {
        if let Some(count) = self.0.get_mut(reason as usize) {
            *count += samples;
        }
    }
}

/// What became of a commit. It never fails as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Commit {
    /// The job's series now, as Prometheus counts them, without those of the host's families.
    pub series: usize,
    /// What was not taken.
    pub dropped: Dropped,
}
