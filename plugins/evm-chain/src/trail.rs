//! Which blocks were counted: pure. A trail holds the newest counted blocks of the canonical chain, so that a fork point can be
//! found, and the hashes of those that a reorganisation took away, so that they aren't counted again if it comes back.

use serde::{Deserialize, Serialize};
use watchkeeper_sdk::prelude::B256;

use crate::block::Block;

/// Blocks of the canonical chain that a trail keeps: the deepest reorganisation whose depth is known. Two of Ethereum's epochs;
/// what is older is final there.
const KEPT: usize = 64;
/// Hashes of abandoned blocks that a trail keeps.
const ABANDONED_KEPT: usize = 128;

/// The blocks counted last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trail {
    /// The hash of block 0 where the node has it: tells a node that is behind from a chain that began anew.
    pub(crate) genesis: Option<B256>,
    /// Ascending by number, without gaps.
    marks: Vec<Mark>,
    /// Oldest first.
    abandoned: Vec<B256>,
}

/// One counted block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) number: u64,
    pub(crate) hash: B256,
    pub(crate) timestamp: u64,
}

/// A block that came onto the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Whether it is counted now; false if it was before it was abandoned.
    pub(crate) new: bool,
    /// Seconds since the block before; none for the first block, and where time went backwards.
    pub(crate) interval: Option<u64>,
}

impl Trail {
    /// The newest counted block.
    pub(crate) fn last(&self) -> Option<Mark> {
        self.marks.last().copied()
    }

    /// The counted blocks up to a height, newest first.
    pub(crate) fn back_from(&self, number: u64) -> impl Iterator<Item = Mark> {
        self.marks.iter().rev().filter(move |mark| mark.number <= number).copied()
    }

    /// Whether this block lies on the trail or is the next: then everything up to it is still canonical. A head further down
    /// the trail is that of a node that is behind.
    pub(crate) fn agrees_with(&self, head: &Block) -> bool {
        self.marks.iter().any(|mark| mark.hash == head.hash)
            || self.last().is_some_and(|last| last.hash == head.parent_hash)
    }

    /// Whether this block is older than all that the trail remembers.
    pub(crate) fn is_beyond(&self, head: &Block) -> bool {
        self.marks.first().is_some_and(|oldest| head.number < oldest.number)
    }

    /// Takes away every block after the fork point, or all if none is known; returns how many.
    pub(crate) fn abandon_after(&mut self, fork: Option<Mark>) -> usize {
        let kept = fork.map_or(0, |fork| self.marks.partition_point(|mark| mark.number <= fork.number));
        let gone: Vec<_> = self.marks.drain(kept..).map(|mark| mark.hash).collect();
        self.abandoned.extend(&gone);
        keep_last(&mut self.abandoned, ABANDONED_KEPT);
        gone.len()
    }

    /// Puts a block on the trail; none if it isn't the child of the newest counted one.
    pub(crate) fn step(&mut self, block: &Block) -> Option<Step> {
        let last = self.last();
        if last.is_some_and(|last| last.hash != block.parent_hash || last.number + 1 != block.number) {
            return None;
        }
        self.marks.push(Mark { number: block.number, hash: block.hash, timestamp: block.timestamp });
        keep_last(&mut self.marks, KEPT);
        Some(Step {
            new: !self.abandoned.contains(&block.hash),
            interval: last.and_then(|last| block.timestamp.checked_sub(last.timestamp)),
        })
    }
}

fn keep_last<T>(list: &mut Vec<T>, most: usize) {
    list.drain(..list.len().saturating_sub(most));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(branch: u8, number: u64) -> B256 {
        B256::left_padding_from(&[&[branch][..], &number.to_be_bytes()].concat())
    }

    fn block(branch: u8, parent_branch: u8, number: u64) -> Block {
        Block {
            number,
            hash: hash(branch, number),
            parent_hash: hash(parent_branch, number - 1),
            timestamp: 1_000 + 12 * number,
            gas_used: 0,
            gas_limit: 0,
            base_fee: None,
            transactions: 0,
        }
    }

    fn trail(numbers: std::ops::RangeInclusive<u64>) -> Trail {
        let mut trail = Trail::default();
        for number in numbers {
            trail.step(&block(1, 1, number)).unwrap();
        }
        trail
    }

    #[test]
    fn the_first_block_has_no_interval_and_the_next_has() {
        let mut trail = Trail::default();
        assert_eq!(trail.step(&block(1, 1, 5)), Some(Step { new: true, interval: None }));
        assert_eq!(trail.step(&block(1, 1, 6)), Some(Step { new: true, interval: Some(12) }));
        let backwards = Block { timestamp: 0, ..block(1, 1, 7) };
        assert_eq!(trail.step(&backwards), Some(Step { new: true, interval: None }));
    }

    #[test]
    fn only_the_child_of_the_last_block_comes_onto_the_trail() {
        let mut trail = trail(5..=9);
        assert_eq!(trail.step(&block(1, 1, 9)), None);
        assert_eq!(trail.step(&block(1, 1, 11)), None);
        assert_eq!(trail.step(&block(2, 2, 10)), None);
        assert_eq!(trail.last().unwrap().number, 9);
    }

    #[test]
    fn a_block_that_comes_back_is_not_new() {
        let mut trail = trail(5..=9);
        let fork = trail.back_from(7).next();
        assert_eq!(trail.abandon_after(fork), 2);
        assert!(trail.step(&block(2, 1, 8)).unwrap().new);
        assert_eq!(trail.abandon_after(fork), 1);
        assert!(!trail.step(&block(1, 1, 8)).unwrap().new);
        assert!(!trail.step(&block(1, 1, 9)).unwrap().new);
        assert!(trail.step(&block(1, 1, 10)).unwrap().new);
    }

    #[test]
    fn without_a_fork_point_everything_is_abandoned() {
        let mut trail = trail(5..=9);
        assert_eq!(trail.abandon_after(None), 5);
        assert_eq!(trail.last(), None);
        assert!(trail.step(&block(3, 3, 2)).unwrap().new);
    }

    #[test]
    fn a_trail_keeps_a_bounded_number_of_blocks() {
        let mut trail = trail(1..=1_000);
        assert_eq!(trail.back_from(u64::MAX).count(), KEPT);
        for _ in 0..10 {
            trail.abandon_after(None);
            for number in 1..=100 {
                trail.step(&block(1, 1, number)).unwrap();
            }
        }
        assert_eq!(trail.abandoned.len(), ABANDONED_KEPT);
    }
}
