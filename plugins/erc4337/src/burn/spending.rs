//! What each paymaster spent within each window: pure, bounded, and what the job remembers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use watchkeeper_sdk::prelude::{Address, U256};

use super::times::{Begin, Moment};
use crate::config::{Config, Version, Window, Windows};

/// What the sums are of. Sums of something else are of no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    entry_points: Vec<(String, Address)>,
    paymasters: Vec<Address>,
    windows: Vec<String>,
}

/// The sums, and the span of time that they cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spending {
    plan: Plan,
    /// Everything since this time is in the sums …
    since: u64,
    /// … up to this block.
    until: Moment,
    sums: Vec<Sums>,
}

/// What one paymaster spent at one EntryPoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sums {
    version: String,
    paymaster: Address,
    /// By the window's label: the sum of each bucket in which something was spent.
    windows: BTreeMap<String, BTreeMap<u64, U256>>,
}

/// What was spent in a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spent {
    pub(super) amount: U256,
    /// How long the window is.
    pub(super) seconds: u64,
}

impl Plan {
    pub(super) fn of(config: &Config) -> Self {
        let mut paymasters: Vec<Address> = config.paymasters.iter().map(|(_, paymaster)| paymaster.address).collect();
        paymasters.sort_unstable();
        Self {
            entry_points: config.entry_points.iter().map(|(version, at)| (version.to_string(), at)).collect(),
            paymasters,
            windows: config.windows.iter().map(|window| window.label.clone()).collect(),
        }
    }

    /// Whether nothing is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.paymasters.is_empty() || self.windows.is_empty()
    }
}

impl Spending {
    pub(super) fn new(plan: Plan, begin: Begin) -> Self {
        // As if the block before the first one was just counted.
        let until = Moment { block: begin.first.saturating_sub(1), timestamp: begin.since.saturating_sub(1) };
        Self { plan, since: begin.since, until, sums: Vec::new() }
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn until(&self) -> Moment {
        self.until
    }

    /// Adds what an operation cost.
    pub(super) fn add(&mut self, windows: &Windows, version: Version, paymaster: Address, time: u64, cost: U256) {
        let place = self.sums.iter().position(|sums| sums.is_of(version, paymaster));
        let sums = match place.and_then(|place| self.sums.get_mut(place)) {
            Some(sums) => sums,
            None => self.sums.push_mut(Sums { version: version.to_string(), paymaster, windows: BTreeMap::new() }),
        };
        for window in windows.iter() {
            let buckets = sums.windows.entry(window.label.clone()).or_default();
            let sum = buckets.entry(window.bucket(time)).or_default();
            *sum = sum.saturating_add(cost);
        }
    }

    /// Says up to where everything was added, and drops what is older than the windows that end now.
    pub(super) fn advance(&mut self, windows: &Windows, until: Moment, now: u64) {
        self.until = until;
        for sums in &mut self.sums {
            for window in windows.iter() {
                if let Some(buckets) = sums.windows.get_mut(&window.label) {
                    *buckets = buckets.split_off(&window.first_bucket(now));
                }
            }
        }
    }

    /// What was spent in the window that ends with the last block; none if the sums don't cover it.
    pub(super) fn over(&self, window: &Window, version: Version, paymaster: Address) -> Option<Spent> {
        let now = self.until.timestamp;
        let begin = window.begin(now);
        if begin < self.since {
            return None;
        }
        let sums = self.sums.iter().find(|sums| sums.is_of(version, paymaster));
        let buckets = sums.and_then(|sums| sums.windows.get(&window.label));
        let amounts = buckets.into_iter().flat_map(|buckets| buckets.range(window.first_bucket(now)..));
        let amount = amounts.fold(U256::ZERO, |sum, (_, amount)| sum.saturating_add(*amount));
        Some(Spent { amount, seconds: now - begin })
    }
}

impl Sums {
    fn is_of(&self, version: Version, paymaster: Address) -> bool {
        self.paymaster == paymaster && self.version == version.as_str()
    }
}

impl Spent {
    /// How many seconds a deposit lasts if it goes on like that.
    pub(super) fn runway(self, deposit: U256) -> f64 {
        if deposit.is_zero() {
            return 0.0;
        }
        f64::from(deposit) / f64::from(self.amount) * self.seconds as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows() -> Windows {
        Windows::try_from(vec!["1h".to_owned(), "1d".to_owned()]).unwrap()
    }

    fn spending(since: u64) -> Spending {
        let plan = Plan { entry_points: Vec::new(), paymasters: Vec::new(), windows: Vec::new() };
        Spending::new(plan, Begin { first: 10, since })
    }

    fn over(spending: &Spending, place: usize) -> Option<Spent> {
        spending.over(windows().iter().nth(place).unwrap(), Version::V07, Address::repeat_byte(1))
    }

    #[test]
    fn the_sum_of_a_window_is_that_of_its_operations_and_stays_bounded() {
        let windows = windows();
        let mut spending = spending(0);
        let mut paid = Vec::new();
        let mut time = 1_700_000_000;
        for number in 10..5_000 {
            time += number * 7919 % 113;
            let (mine, other) = (U256::from(number), U256::from(1_000_000));
            spending.add(&windows, Version::V07, Address::repeat_byte(1), time, mine);
            spending.add(&windows, Version::V06, Address::repeat_byte(1), time, other);
            spending.add(&windows, Version::V07, Address::repeat_byte(2), time, other);
            spending.advance(&windows, Moment { block: number, timestamp: time }, time);
            paid.push((time, number));
            for (place, window) in windows.iter().enumerate() {
                let begin = window.begin(time);
                let sum: u64 = paid.iter().filter(|(at, _)| *at >= begin).map(|(_, amount)| *amount).sum();
                assert_eq!(over(&spending, place), Some(Spent { amount: U256::from(sum), seconds: time - begin }));
            }
        }
        let kept = spending.sums.iter().flat_map(|sums| sums.windows.values()).map(BTreeMap::len);
        assert!(kept.max().unwrap() <= 61);
    }

    #[test]
    fn what_is_remembered_fits_into_the_state_at_its_most() {
        let windows: Vec<String> = ["1m", "2m", "3m", "4m"].map(str::to_owned).to_vec();
        assert!(Windows::try_from([windows.clone(), vec!["5m".to_owned()]].concat()).is_err(), "these are the most");
        let windows = Windows::try_from(windows).unwrap();
        let (mut spending, now) = (spending(0), 1_700_000_000);
        for paymaster in 1..=24 {
            for version in [Version::V06, Version::V07, Version::V08, Version::V09] {
                for time in now - 241..=now {
                    spending.add(&windows, version, Address::repeat_byte(paymaster), time, U256::ONE << 66);
                }
            }
        }
        spending.advance(&windows, Moment { block: 99, timestamp: now }, now);
        let bytes = watchkeeper_sdk::serde_json::to_vec(&spending).unwrap().len();
        assert!((600_000..1 << 20).contains(&bytes), "{bytes}");
    }

    #[test]
    fn a_window_that_begins_before_the_sums_do_is_unknown() {
        let (windows, now) = (windows(), 1_700_000_000);
        let begin = windows.iter().next().unwrap().begin(now);
        for (since, known) in [(begin - 1, true), (begin, true), (begin + 1, false), (now, false)] {
            let mut spending = spending(since);
            spending.advance(&windows, Moment { block: 99, timestamp: now }, now);
            assert_eq!(over(&spending, 0).is_some(), known, "{since}");
            assert_eq!(over(&spending, 1), None);
        }
    }

    #[test]
    fn a_deposit_lasts_as_long_as_the_rate_says() {
        let spent = |amount: u64| Spent { amount: U256::from(amount), seconds: 100 };
        assert_eq!(spent(50).runway(U256::from(200)), 400.0);
        assert_eq!(spent(0).runway(U256::from(200)), f64::INFINITY);
        assert_eq!(spent(50).runway(U256::ZERO), 0.0);
        assert_eq!(spent(0).runway(U256::ZERO), 0.0);
    }
}
