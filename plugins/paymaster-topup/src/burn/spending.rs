//! What each paymaster spent within the window: pure, bounded, and what the job remembers.
//!
//! Sums are kept in parts of about a sixtieth of the window. The window begins with the oldest part that reaches into it, so it is as
//! long as it says or up to a part longer, and rates are taken over its true length.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use watchkeeper_sdk::{
    alloy_primitives::U512,
    chain::Moment,
    prelude::{Address, U256},
};

/// Parts of a window.
const PARTS: u64 = 60;

/// What the sums are of. Sums of something else are of no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watched {
    /// EntryPoints and paymasters.
    pub(super) places: Vec<(Address, Address)>,
    /// In seconds.
    pub(super) window: u64,
}

/// The sums, and the span of time that they cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spending {
    watched: Watched,
    /// Everything since this time is in the sums …
    since: u64,
    /// … up to this block.
    until: Moment,
    parts: Vec<Part>,
}

/// What was spent after one time, up to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    since: u64,
    until: u64,
    /// By the place in what is watched.
    sums: BTreeMap<usize, U256>,
}

/// What was spent in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent {
    pub(crate) amount: U256,
    /// How long the window is; never 0.
    pub(crate) seconds: u64,
}

impl Watched {
    pub(super) fn place(&self, entry_point: Address, paymaster: Address) -> Option<usize> {
        self.places.iter().position(|place| *place == (entry_point, paymaster))
    }
}

impl Spending {
    /// As if `before` was just counted.
    pub(super) fn new(watched: Watched, since: u64, before: Moment) -> Self {
        Self { watched, since, until: before, parts: Vec::new() }
    }

    pub(super) fn watched(&self) -> &Watched {
        &self.watched
    }

    pub(super) fn until(&self) -> Moment {
        self.until
    }

    /// Into how many parts so many seconds are to be cut.
    pub(super) fn parts(&self, seconds: u64) -> u64 {
        seconds.div_ceil(self.part()).clamp(1, PARTS + 1)
    }

    /// Adds what was spent after one time, up to another, neither before those that were added.
    pub(super) fn add(&mut self, since: u64, until: u64, sums: BTreeMap<usize, U256>) {
        let longest = self.part();
        match self.parts.last_mut() {
            Some(last) if until - last.since.min(until) <= longest => {
                last.until = until;
                for (place, amount) in sums {
                    let sum = last.sums.entry(place).or_default();
                    *sum = sum.saturating_add(amount);
                }
            }
            _ => self.parts.push(Part { since, until, sums }),
        }
    }

    /// Says up to where everything was added, and drops what is older than the window.
    pub(super) fn advance(&mut self, until: Moment) {
        self.until = until;
        let begin = self.begin();
        self.parts.retain(|part| part.until > begin);
    }

    /// What was spent in the window that ends with the last block; none if the sums don't cover it.
    pub(super) fn over(&self, place: usize) -> Option<Spent> {
        if self.since > self.begin() {
            return None;
        }
        let amounts = self.parts.iter().filter_map(|part| part.sums.get(&place));
        let amount = amounts.fold(U256::ZERO, |sum, amount| sum.saturating_add(*amount));
        let begin = self.parts.first().map_or(self.begin(), |part| part.since.min(self.begin()));
        Some(Spent { amount, seconds: self.until.timestamp.saturating_sub(begin).max(1) })
    }

    /// When the window begins.
    fn begin(&self) -> u64 {
        self.until.timestamp.saturating_sub(self.watched.window)
    }

    fn part(&self) -> u64 {
        (self.watched.window / PARTS).max(1)
    }
}

impl Spent {
    /// What so many seconds cost at this rate, rounded up.
    pub(crate) fn over(self, seconds: u64) -> U256 {
        let product: U512 = self.amount.widening_mul(U256::from(seconds));
        product.div_ceil(U512::from(self.seconds.max(1))).saturating_to()
    }

    /// How many seconds a deposit lasts if it goes on like that.
    pub(crate) fn runway(self, deposit: U256) -> f64 {
        if deposit.is_zero() {
            return 0.0;
        }
        f64::from(deposit) / f64::from(self.amount) * self.seconds as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: u64 = 3_600;

    fn spending(since: u64) -> Spending {
        let watched = Watched { places: vec![(Address::ZERO, Address::ZERO)], window: WINDOW };
        Spending::new(watched, since, Moment { block: 9, timestamp: since })
    }

    fn sums(amount: u64) -> BTreeMap<usize, U256> {
        BTreeMap::from([(0, U256::from(amount))])
    }

    #[test]
    fn the_sum_of_the_window_is_that_of_its_operations_over_its_true_length() {
        let mut time = 1_700_000_000;
        let mut spending = spending(time - 2 * WINDOW);
        let mut paid = Vec::new();
        for number in 10..5_000 {
            let before = time;
            time += 1 + number * 7_919 % 113;
            if number % 3 != 0 {
                spending.add(before, time, sums(number));
                paid.push((time, number));
            }
            spending.advance(Moment { block: number, timestamp: time });
            let Spent { amount, seconds } = spending.over(0).unwrap();
            let part = WINDOW / PARTS;
            assert!((WINDOW..=WINDOW + part + 114).contains(&seconds), "{seconds}");
            let sum: u64 = paid.iter().filter(|(at, _)| *at > time - seconds).map(|(_, amount)| *amount).sum();
            assert_eq!(amount, U256::from(sum));
        }
        assert!(spending.parts.len() <= 2 * usize::try_from(PARTS).unwrap() + 2, "{}", spending.parts.len());
    }

    #[test]
    fn a_window_that_begins_before_the_sums_do_is_unknown() {
        let now = 1_700_000_000;
        for (since, known) in [(now - WINDOW - 1, true), (now - WINDOW, true), (now - WINDOW + 1, false), (now, false)]
        {
            let mut spending = spending(since);
            spending.advance(Moment { block: 99, timestamp: now });
            assert_eq!(spending.over(0), known.then_some(Spent { amount: U256::ZERO, seconds: WINDOW }), "{since}");
        }
    }

    #[test]
    fn a_quiet_time_before_an_operation_is_not_taken_for_part_of_it() {
        let mut spending = spending(1_000_000);
        spending.add(1_010_000, 1_010_010, sums(7));
        spending.advance(Moment { block: 99, timestamp: 1_010_020 });
        assert_eq!(spending.over(0), Some(Spent { amount: U256::from(7), seconds: WINDOW }));
    }

    #[test]
    fn what_is_remembered_fits_into_the_state_at_its_most() {
        let watched = Watched { places: vec![(Address::ZERO, Address::ZERO); 64], window: WINDOW };
        let mut spending = Spending::new(watched, 0, Moment { block: 0, timestamp: 1_700_000_000 });
        let most: BTreeMap<usize, U256> = (0..64).map(|place| (place, U256::ONE << 66)).collect();
        for part in 0..=PARTS {
            let since = 1_700_000_000 + part * 61;
            spending.add(since, since + 61, most.clone());
        }
        let bytes = watchkeeper_sdk::serde_json::to_vec(&spending).unwrap().len();
        assert!((60_000..1 << 19).contains(&bytes), "{bytes}");
    }

    #[test]
    fn a_rate_costs_what_it_says_and_a_deposit_lasts_as_long() {
        let spent = |amount: u64| Spent { amount: U256::from(amount), seconds: 100 };
        assert_eq!(spent(50).over(400), U256::from(200));
        assert_eq!(spent(1).over(1), U256::ONE, "rounded up");
        assert_eq!(spent(0).over(400), U256::ZERO);
        let huge = Spent { amount: U256::MAX, seconds: 1 };
        assert_eq!(huge.over(u64::MAX), U256::MAX, "more than 256 bits hold");
        assert_eq!(spent(50).runway(U256::from(200)), 400.0);
        assert_eq!(spent(0).runway(U256::from(200)), f64::INFINITY);
        assert_eq!(spent(0).runway(U256::ZERO), 0.0);
    }
}
