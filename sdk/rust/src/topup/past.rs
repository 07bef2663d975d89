//! What earlier runs paid, so that it is counted once and not paid again.
//!
//! Samples and state of a run that fails are dropped, though what it paid is paid. So a run asks the host for the keys of its
//! period and of those that no successful run has seen the end of, and counts what it finds there for the first time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Period, Target};
use crate::{
    Result,
    join::join_all,
    state,
    wallet::{Error, Receipt, Wallet},
    warn,
};

/// Periods that are looked back at most; keys that were counted are remembered as long.
const MOST_PERIODS: u64 = 48;
/// Keys that are asked for at once, as many as the host serves.
const AT_ONCE: usize = 64;

/// What a job remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Past {
    /// The last period that a successful run was in.
    seen: Option<u64>,
    /// Keys that were counted, with their period.
    counted: BTreeMap<String, u64>,
}

/// What became of an earlier payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The target's place.
    pub(super) target: usize,
    pub(super) key: String,
    pub(super) period: Period,
    pub(super) fate: Result<Receipt, Error>,
}

impl Found {
    /// Whether its fate is known and stays.
    pub(super) fn is_settled(&self) -> bool {
        match &self.fate {
            Ok(_) | Err(Error::Reverted(_)) => true,
            Err(error) => error.kind() == "abandoned",
        }
    }
}

impl Past {
    pub(super) async fn read(key: &str) -> Result<Self> {
        Ok(state::get(key).await?.unwrap_or_default())
    }

    /// What the host knows of the targets' keys in this period and in those that may hold payments of runs that failed.
    pub(super) async fn find(&self, wallet: &Wallet, period: Period, targets: &[Target]) -> Vec<Found> {
        let periods = self.periods(period);
        let keys = targets
            .iter()
            .enumerate()
            .flat_map(|(target, asked)| periods.iter().map(move |period| (target, asked.key(*period), *period)));
        let keys: Vec<(usize, String, Period)> = keys.collect();
        let mut found = Vec::new();
        for part in keys.chunks(AT_ONCE) {
            let finds = part.iter().map(async |(target, key, period)| {
                let fate = wallet.find(key).await.transpose()?;
                Some(Found { target: *target, key: key.clone(), period: *period, fate })
            });
            found.extend(join_all(finds).await.into_iter().flatten());
        }
        found
    }

    /// Whether a key is counted now for the first time.
    pub(super) fn count(&mut self, key: &str, period: Period) -> bool {
        self.counted.insert(key.to_owned(), period.start).is_none()
    }

    /// Keeps what was counted, if the run succeeds. Periods with a payment whose fate is open are looked at again.
    pub(super) async fn save(mut self, key: &str, period: Period, found: &[Found]) -> Result<()> {
        let newest = self.seen.map_or(period.start, |seen| seen.max(period.start));
        let oldest = newest.saturating_sub(MOST_PERIODS * period.length);
        let open = found.iter().filter(|found| !found.is_settled()).map(|found| found.period.start);
        self.seen = Some(open.fold(newest, u64::min));
        self.counted.retain(|_, of| *of >= oldest);
        Ok(state::set(key, &self).await?)
    }

    fn periods(&self, now: Period) -> Vec<Period> {
        let before = |periods: u64| now.start.saturating_sub(periods * now.length);
        let since = self.seen.unwrap_or_else(|| before(MOST_PERIODS));
        let first = since - since % now.length.max(1);
        if first < before(MOST_PERIODS) {
            warn!(
                "no run has succeeded for more than {MOST_PERIODS} periods: what was paid before them is in no counter"
            );
        }
        let behind = now.start.saturating_sub(first) / now.length.max(1);
        (0..=behind.min(MOST_PERIODS)).rev().map(|behind| Period { start: before(behind), ..now }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topup::Span;

    fn starts(seen: Option<u64>, now: u64) -> Vec<u64> {
        let past = Past { seen, ..Past::default() };
        past.periods(Period::at(Span::from_secs(10), now)).iter().map(|period| period.start).collect()
    }

    #[test]
    fn periods_that_may_hold_uncounted_payments_are_looked_at_oldest_first() {
        assert_eq!(starts(None, 1_005).first(), Some(&520), "none has succeeded yet");
        assert_eq!(starts(Some(100), 105), [100]);
        assert_eq!(starts(Some(80), 105), [80, 90, 100]);
        assert_eq!(starts(Some(85), 105), [80, 90, 100], "kept when periods were of another length");
        assert_eq!(starts(Some(200), 105), [100], "a time that went back");
        assert_eq!(starts(Some(0), 10_000).len(), 49);
        assert_eq!(starts(None, 5), [0], "the first period of all");
    }

    #[test]
    fn a_key_is_counted_once() {
        let (mut past, period) = (Past::default(), Period::at(Span::from_secs(10), 105));
        assert!(past.count("a", period));
        assert!(!past.count("a", period));
        assert!(past.count("b", period));
    }
}
