//! Which of the node's numbers are believed: pure.
//!
//! A node that doesn't follow L1 answers for a rollup that nothing was ever sent of: 0, and for virtual batches 1 on
//! chains that began with fork 7 or later, whose first batch is there from the start (cdk-erigon, `VirtualBatchNumber`
//! and `VerifiedBatchNumber`). The same answers are right for a rollup that did begin just now. What tells one from the
//! other is whatever else is known: L1, what the node said before, and its own number of a later stage.

use crate::stage::{Numbers, Stage};

/// What was known of the stages before this run's answers, or by another way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// What was believed last.
    pub(crate) remembered: Numbers,
    /// What L1 says, if it is watched and answered.
    pub(crate) l1: Option<Numbers>,
}

/// Splits the answers into those that are believed and the stages whose answer is contradicted.
pub(crate) fn believe(answers: &Numbers, known: &Known) -> (Numbers, Vec<Stage>) {
    let mut believed = Numbers::new();
    let mut false_zeros = Vec::new();
    for (stage, number) in answers {
        if *number <= blank(*stage) && at_least(*stage, &believed, known) > *number {
            false_zeros.push(*stage);
        } else {
            believed.insert(*stage, *number);
        }
    }
    (believed, false_zeros)
}

/// What a node answers that knows of none.
fn blank(stage: Stage) -> u64 {
    match stage {
        Stage::Verified | Stage::Trusted => 0,
        Stage::Virtual => 1,
    }
}

/// The lowest number that the stage can have by all that is known. L1 is the truth of what was sent to it, so with its
/// word what was remembered of those stages doesn't count.
fn at_least(stage: Stage, believed: &Numbers, known: &Known) -> u64 {
    let sent = Stage::ALL.into_iter().filter(|later| *later <= stage);
    let by_l1 = known.l1.as_ref().and_then(|l1| sent.filter_map(|later| l1.get(&later)).max().copied());
    let by_own = believed.values().max().copied();
    let remembered = match stage {
        Stage::Verified | Stage::Virtual if by_l1.is_some() => None,
        _ => known.remembered.get(&stage).copied(),
    };
    [by_l1, by_own, remembered].into_iter().flatten().max().unwrap_or(0)
}

/// Whether verified ≤ virtual ≤ trusted is broken; none if fewer than two stages are known.
pub(crate) fn out_of_order(numbers: &Numbers) -> Option<bool> {
    (numbers.len() > 1).then(|| !numbers.values().is_sorted())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(verified: u64, virtually: u64, trusted: u64) -> Numbers {
        Numbers::from([(Stage::Verified, verified), (Stage::Virtual, virtually), (Stage::Trusted, trusted)])
    }

    fn l1(verified: u64, sequenced: u64) -> Option<Numbers> {
        Some(Numbers::from([(Stage::Verified, verified), (Stage::Virtual, sequenced)]))
    }

    fn false_zeros(answers: &Numbers, known: &Known) -> Vec<Stage> {
        let (believed, false_zeros) = believe(answers, known);
        assert!(false_zeros.iter().all(|stage| !believed.contains_key(stage)));
        assert_eq!(believed.len() + false_zeros.len(), answers.len());
        false_zeros
    }

    #[test]
    fn a_zero_that_nothing_contradicts_is_believed() {
        let fresh = numbers(0, 0, 3);
        for known in [
            Known::default(),
            Known { l1: l1(0, 0), ..Known::default() },
            Known { remembered: numbers(0, 0, 2), l1: None },
            Known { remembered: numbers(0, 0, 2), l1: l1(0, 0) },
        ] {
            assert_eq!(believe(&fresh, &known), (fresh.clone(), Vec::new()));
        }
        assert_eq!(false_zeros(&numbers(0, 1, 3), &Known { l1: l1(0, 1), ..Known::default() }), []);
    }

    #[test]
    fn l1_contradicts_a_zero() {
        let known = Known { l1: l1(4, 7), ..Known::default() };
        assert_eq!(false_zeros(&numbers(0, 0, 9), &known), [Stage::Verified, Stage::Virtual]);
        assert_eq!(false_zeros(&numbers(0, 1, 9), &known), [Stage::Verified, Stage::Virtual]);
        assert_eq!(false_zeros(&numbers(4, 7, 0), &known), [Stage::Trusted]);
        assert_eq!(false_zeros(&numbers(4, 7, 9), &known), []);
    }

    #[test]
    fn a_remembered_number_contradicts_a_zero_unless_l1_denies_it() {
        let remembered = numbers(4, 7, 9);
        let known = |l1| Known { remembered: remembered.clone(), l1 };
        assert_eq!(false_zeros(&numbers(0, 0, 0), &known(None)), [Stage::Verified, Stage::Virtual, Stage::Trusted]);
        assert_eq!(false_zeros(&numbers(0, 0, 9), &known(l1(0, 0))), []);
        assert_eq!(false_zeros(&numbers(0, 0, 0), &known(l1(0, 0))), [Stage::Trusted]);
    }

    #[test]
    fn the_nodes_own_later_stage_contradicts_a_zero() {
        assert_eq!(false_zeros(&numbers(5, 0, 9), &Known::default()), [Stage::Virtual]);
        assert_eq!(false_zeros(&numbers(5, 1, 9), &Known::default()), [Stage::Virtual]);
        assert_eq!(false_zeros(&numbers(0, 6, 0), &Known::default()), [Stage::Trusted]);
    }

    #[test]
    fn a_number_that_is_no_blank_is_believed_whatever_contradicts_it() {
        let known = Known { remembered: numbers(40, 70, 90), l1: l1(40, 70) };
        assert_eq!(false_zeros(&numbers(1, 2, 1), &known), []);
    }

    #[test]
    fn the_order_needs_two_stages_to_be_broken() {
        assert_eq!(out_of_order(&numbers(1, 2, 3)), Some(false));
        assert_eq!(out_of_order(&numbers(3, 3, 3)), Some(false));
        assert_eq!(out_of_order(&numbers(3, 2, 4)), Some(true));
        assert_eq!(out_of_order(&numbers(1, 5, 4)), Some(true));
        assert_eq!(out_of_order(&Numbers::from([(Stage::Verified, 5), (Stage::Trusted, 4)])), Some(true));
        assert_eq!(out_of_order(&Numbers::from([(Stage::Verified, 5)])), None);
        assert_eq!(out_of_order(&Numbers::new()), None);
    }
}
