//! How far the counting is. Kept in the job's state, in the same settlement as the samples: each block is counted once.

use std::{collections::BTreeMap, num::NonZeroU32};

use serde::{Deserialize, Serialize};

use crate::{header::Header, time::Time};

/// The block counted last, and when each signer's last submission was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) height: u64,
    /// None where the block itself wasn't counted.
    hash: Option<String>,
    submissions: BTreeMap<String, Time>,
}

/// Blocks that are left out for good, first and last.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) why: &'static str,
}

impl Place {
    /// Before the first block to count.
    pub(super) fn before(height: u64) -> Self {
        Self { height: height.saturating_sub(1), hash: None, submissions: BTreeMap::new() }
    }

    /// Leaves out what can't be had or would take too long.
    pub(super) fn skip(&mut self, head: u64, tail: Option<u64>, behind: NonZeroU32) -> Option<Gap> {
        let oldest = head.saturating_sub(u64::from(behind.get()) - 1);
        let tail = tail.unwrap_or(0);
        let (first, why) = match tail > oldest {
            true => (tail, "the node no longer keeps them"),
            false => (oldest, "they are more than `max_blocks_behind` behind the head"),
        };
        let (from, to) = (self.height.saturating_add(1), first.saturating_sub(1));
        if from > to {
            return None;
        }
        self.height = to;
        self.hash = None;
        // What was submitted meanwhile isn't known, so the next interval isn't either.
        self.submissions.clear();
        Some(Gap { from, to, why })
    }

    /// Whether a block is the child of the one counted last, as far as that one is known.
    pub(super) fn is_followed_by(&self, next: &Header) -> bool {
        self.hash.is_none() || self.hash == next.previous
    }

    /// A block was counted.
    pub(super) fn step(&mut self, block: &Header) {
        self.height = block.height;
        self.hash = Some(block.hash.clone());
    }

    /// Forgets a history that is no longer the network's: the head is counted next.
    pub(super) fn start_again(&mut self, head: &Header) {
        *self = Self::before(head.height);
    }

    /// Notes a submission; returns the seconds since the last one in another block.
    pub(super) fn submitted(&mut self, signer: &str, time: Time) -> Option<f64> {
        match self.submissions.insert(signer.to_owned(), time) {
            Some(last) if last != time => time.since(last),
            _ => None,
        }
    }

    pub(super) fn last_submission(&self, signer: &str) -> Option<Time> {
        self.submissions.get(signer).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(height: u64, head: u64, tail: Option<u64>, behind: u32) -> (u64, Option<(u64, u64)>) {
        let mut place = Place::before(height + 1);
        let gap = place.skip(head, tail, NonZeroU32::new(behind).unwrap());
        (place.height, gap.map(|gap| (gap.from, gap.to)))
    }

    #[test]
    fn only_what_is_gone_or_too_far_behind_is_left_out() {
        assert_eq!(skip(100, 110, None, 50), (100, None));
        assert_eq!(skip(100, 110, Some(101), 50), (100, None));
        assert_eq!(skip(100, 110, Some(105), 50), (104, Some((101, 104))));
        assert_eq!(skip(100, 110, None, 10), (100, None));
        assert_eq!(skip(100, 110, None, 9), (101, Some((101, 101))));
        assert_eq!(skip(100, 110, Some(108), 9), (107, Some((101, 107))));
        assert_eq!(skip(100, 90, Some(5), 9), (100, None));
        assert_eq!(skip(0, 3, None, 9), (0, None));
    }
}
