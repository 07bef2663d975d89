//! When the host first saw a block. Bounded: the hashes seen longest ago are forgotten first. Starts empty with each
//! configuration, so a block that was the head then counts as seen anew.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use alloy_primitives::B256;

/// A day of a chain with a block each 12 s is 7,200; this is under 500 KB.
const KEPT: usize = 4_096;

#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    times: HashMap<B256, u64>,
    order: VecDeque<B256>,
    /// The highest block, and when it was first seen.
    highest: Option<(u64, u64)>,
}

impl Seen {
    /// The time of the first call with this hash; `now` if this is it. In nanoseconds since the Unix epoch.
    pub(crate) fn first(&self, number: u64, hash: B256, now: u64) -> u64 {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.highest.is_none_or(|(highest, _)| number > highest) {
            inner.highest = Some((number, now));
        }
        if let Some(&known) = inner.times.get(&hash) {
            return known;
        }
        if inner.order.len() >= KEPT
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.times.remove(&oldest);
        }
        inner.order.push_back(hash);
        inner.times.insert(hash, now);
        now
    }

    /// The highest block that was asked about, and when it was first seen, as [`Seen::first`] counts time.
    pub(crate) fn highest(&self) -> Option<(u64, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u64) -> B256 {
        B256::left_padding_from(&number.to_be_bytes())
    }

    #[test]
    fn the_first_time_stays_until_it_is_pushed_out() {
        let seen = Seen::default();
        assert_eq!(seen.first(0, hash(0), 10), 10);
        assert_eq!(seen.first(0, hash(0), 20), 10);
        assert_eq!(seen.highest(), Some((0, 10)));
        for number in 1..=KEPT as u64 {
            seen.first(number, hash(number), 30);
        }
        assert_eq!(seen.first(0, hash(0), 40), 40);
        assert!(seen.0.lock().unwrap().times.len() <= KEPT);
    }
}
