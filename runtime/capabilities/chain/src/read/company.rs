//! How many calls one request of an endpoint may hold, and whether it takes them together at all, as it taught us: pure, the time
//! is passed in.

use std::time::{Duration, Instant};

/// The most calls in one Multicall3 request. A thousand small reads use about 10 million gas, where nodes allow 30 to 50
/// million, and 220 KiB of a body.
pub(crate) const MOST_CALLS: usize = 1_000;

/// How long an endpoint without Multicall3, or one that lends no code, isn't asked for it again.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

/// What is known of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Company {
    most: usize,
    /// The lowest block at which it answered.
    here: Option<u64>,
    /// It had no answer; asked again from then on.
    away: Option<Instant>,
}

impl Default for Company {
    fn default() -> Self {
        Self { most: MOST_CALLS, here: None, away: None }
    }
}

impl Company {
    /// How many calls may go together at a block; none if they must go apart. A contract that is at a block is at all later
    /// ones, and a read of a block before it was made says nothing of them.
    pub(crate) fn most(&self, block: u64, now: Instant) -> Option<usize> {
        let here = self.here.is_some_and(|lowest| lowest <= block);
        (here || self.away.is_none_or(|until| until <= now)).then_some(self.most)
    }

    /// It answered; `fitted` calls were the most that went together, and whether more were refused.
    pub(crate) fn answered(&mut self, block: u64, fitted: usize, refused: bool) {
        self.here = Some(self.here.map_or(block, |lowest| lowest.min(block)));
        self.away = None;
        if refused {
            self.most = fitted.max(1);
        } else if fitted >= self.most {
            self.most = (self.most + (self.most / 8).max(1)).min(MOST_CALLS);
        }
    }

    /// It had no answer at a block where plain calls have one.
    pub(crate) fn missing(&mut self, block: u64, now: Instant) {
        if self.here.is_some_and(|lowest| lowest <= block) {
            self.here = None;
        }
        self.away = Some(now + LOOK_AGAIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_looked_for_again_after_a_while() {
        let (mut company, start) = (Company::default(), Instant::now());
        assert_eq!(company.most(5, start), Some(MOST_CALLS));
        company.missing(5, start);
        assert_eq!(company.most(6, start), None);
        assert_eq!(company.most(6, start + LOOK_AGAIN), Some(MOST_CALLS));
    }

    #[test]
    fn a_block_before_the_contract_says_nothing_of_later_ones() {
        let (mut company, now) = (Company::default(), Instant::now());
        company.answered(100, 7, false);
        company.missing(5, now);
        assert_eq!((company.most(5, now), company.most(100, now)), (None, Some(MOST_CALLS)));
        company.missing(200, now);
        assert_eq!(company.most(200, now), None, "it is gone");
    }

    #[test]
    fn it_shrinks_to_what_fitted_and_regrows() {
        let (mut company, now) = (Company::default(), Instant::now());
        company.answered(1, 250, true);
        assert_eq!(company.most(1, now), Some(250));
        company.answered(1, 10, false);
        assert_eq!(company.most(1, now), Some(250), "few say nothing of many");
        company.answered(1, 250, false);
        assert_eq!(company.most(1, now), Some(281));
        (0..100).for_each(|_| company.answered(1, MOST_CALLS, false));
        assert_eq!(company.most(1, now), Some(MOST_CALLS));
    }
}
