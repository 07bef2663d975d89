//! What a column of the timeline can look like. No two shapes have the same strokes: none depends on its colour.

use watchkeeper_model::SkipReason;

use crate::api::Bucket;

/// What a column can show. Of those above the line, the first of this order that a bucket has is drawn; of those below it,
/// too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Lost,
    Bad,
    Ok,
    Cancelled,
    Running,
    Miss,
    Skip,
}

impl Shape {
    pub(super) const ALL: [Self; 7] =
        [Self::Lost, Self::Bad, Self::Ok, Self::Cancelled, Self::Running, Self::Miss, Self::Skip];

    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Lost => "l-lost",
            Self::Bad => "l-bad",
            Self::Ok => "l-ok",
            Self::Cancelled => "l-stop",
            Self::Running => "l-busy",
            Self::Miss => "l-miss",
            Self::Skip => "l-skip",
        }
    }

    /// The heights of its strokes' middles: 17 is the line.
    pub(super) const fn strokes(self) -> &'static [&'static str] {
        match self {
            Self::Lost => &["2.5", "8.5", "14.5"],
            Self::Bad => &["8.5"],
            Self::Ok => &["12.5"],
            Self::Cancelled => &["14.5"],
            Self::Running => &["10", "15"],
            Self::Miss => &["21.5"],
            Self::Skip => &["19.5"],
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Bad => "failed",
            Self::Ok => "success",
            Self::Cancelled => "cancelled",
            Self::Running => "running",
            Self::Miss => "missed: too late",
            Self::Skip => "skipped",
        }
    }

    const fn below(self) -> bool {
        matches!(self, Self::Miss | Self::Skip)
    }

    pub(super) fn count(self, bucket: &Bucket) -> u64 {
        let missed = || bucket.skips.get(&SkipReason::TooLate).copied().unwrap_or(0);
        match self {
            Self::Lost => bucket.lost,
            Self::Bad => bucket.failures,
            Self::Ok => bucket.successes,
            Self::Cancelled => bucket.cancelled,
            Self::Running => bucket.running,
            Self::Miss => missed(),
            Self::Skip => bucket.skipped() - missed(),
        }
    }

    /// What is drawn above and below the line for a bucket.
    pub(super) fn of(bucket: &Bucket) -> [Option<Self>; 2] {
        let first = |below| Self::ALL.into_iter().find(|shape| shape.below() == below && shape.count(bucket) > 0);
        [first(false), first(true)]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use watchkeeper_model::SkipReason;

    use super::Shape;
    use crate::api::Bucket;

    fn empty() -> Bucket {
        Bucket::empty(Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn shapes_differ_in_height_and_place_not_only_in_colour() {
        for (place, shape) in Shape::ALL.iter().enumerate() {
            for other in &Shape::ALL[place + 1..] {
                assert_ne!(shape.strokes(), other.strokes(), "{shape:?} {other:?}");
            }
        }
    }

    #[test]
    fn what_ran_and_what_did_not_are_drawn_together_and_the_worst_wins() {
        let skips = BTreeMap::from([(SkipReason::TooLate, 2), (SkipReason::Overlap, 1)]);
        let bucket = Bucket { successes: 3, lost: 1, failures: 1, skips, ..empty() };
        assert_eq!(Shape::of(&bucket), [Some(Shape::Lost), Some(Shape::Miss)]);
        let skips = BTreeMap::from([(SkipReason::Paused, 1)]);
        assert_eq!(Shape::of(&Bucket { skips, ..empty() }), [None, Some(Shape::Skip)]);
        assert_eq!(Shape::of(&empty()), [None, None]);
    }
}
