//! Endpoints that say different things of one height: pure. A fork that nobody is told of makes every number of a chain doubtful.

use std::collections::BTreeSet;

use alloy_primitives::B256;

/// Heights that are remembered, so that each disagreement counts once.
const KEPT: usize = 256;

/// What a chain's endpoints said lately.
#[derive(Debug, Default)]
pub(crate) struct Forks {
    /// Height and the two endpoints, by their places.
    counted: BTreeSet<(u64, usize, usize)>,
    /// The height of the last comparison, and who differs there; none where all agree.
    present: Option<(u64, usize, usize)>,
}

impl Forks {
    /// Compares what endpoints say of a height; returns how many pairs are found to differ for the first time.
    pub(crate) fn compare(&mut self, height: u64, said: &[(usize, B256)]) -> usize {
        if said.len() < 2 {
            return 0;
        }
        self.present = None;
        let mut found = 0;
        for (place, (one, hash)) in said.iter().enumerate() {
            for (other, _) in said.iter().skip(place + 1).filter(|(_, other)| other != hash) {
                self.present.get_or_insert((height, *one, *other));
                found += usize::from(self.counted.insert((height, *one, *other)));
            }
        }
        while self.counted.len() > KEPT {
            self.counted.pop_first();
        }
        found
    }

    /// The height at which two endpoints differ, and which, as of the last comparison.
    pub(crate) fn present(&self) -> Option<(u64, usize, usize)> {
        self.present
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: B256 = B256::repeat_byte(1);
    const B: B256 = B256::repeat_byte(2);

    #[test]
    fn a_disagreement_counts_once_for_each_pair_and_height_and_goes_when_it_is_over() {
        let mut forks = Forks::default();
        assert_eq!(forks.compare(7, &[(0, A), (1, A)]), 0);
        assert_eq!(forks.present(), None);
        assert_eq!(forks.compare(8, &[(0, A), (1, B), (2, B)]), 2);
        assert_eq!(forks.compare(8, &[(0, A), (1, B), (2, B)]), 0);
        assert_eq!(forks.present(), Some((8, 0, 1)));
        assert_eq!(forks.compare(9, &[(0, A)]), 0);
        assert_eq!(forks.present(), Some((8, 0, 1)), "one alone says nothing");
        assert_eq!(forks.compare(9, &[(0, A), (2, A)]), 0);
        assert_eq!(forks.present(), None);
    }

    #[test]
    fn a_bounded_number_is_remembered() {
        let mut forks = Forks::default();
        for height in 0..10_000 {
            forks.compare(height, &[(0, A), (1, B)]);
        }
        assert_eq!(forks.counted.len(), KEPT);
    }
}
