//! Which endpoint gets the next read: a circuit breaker for each. Pure: the time is passed in.
//!
//! An endpoint that failed rests: it is still asked, but after all others, so that a dead first endpoint costs its
//! time once and not at each call, and a bad moment of all of them doesn't close the chain. Once it has rested, one read
//! tries it in its old place while others still go round it; each try in vain doubles the rest. One that asked for peace, that
//! serves another chain or that stands at an old head is not asked for data at all until it has rested.

use std::time::{Duration, Instant};

/// How long an endpoint rests after a failure.
pub(crate) const REST: Duration = Duration::from_secs(5);
/// The longest rest, however often it was tried in vain.
const LONGEST_REST: Duration = Duration::from_mins(5);
/// The longest that an endpoint's own wish (`Retry-After`) is heeded.
const LONGEST_WISH: Duration = Duration::from_mins(10);
/// An endpoint in use says again which chain it serves after this time: one behind a name may have been exchanged.
const VERIFIED_FOR: Duration = Duration::from_mins(10);

/// What is known of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing yet.
    New,
    /// It serves the right chain, and answered last time.
    Good {
        /// When it said which chain it serves.
        verified: Instant,
        /// How often it was tried in vain before; none once a read was answered.
        tries: u32,
    },
    /// It is out.
    Out {
        /// Why.
        why: Why,
        /// Until when it rests.
        until: Instant,
        /// How often it was tried in vain.
        tries: u32,
    },
}

/// Why an endpoint is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It failed.
    Failing,
    /// It asked for so much time without requests.
    Throttled(Duration),
    /// It serves this chain id.
    WrongChain(u64),
    /// Its newest block is so old.
    Stale(Duration),
}

impl Why {
    /// All values of the label `reason`.
    pub(crate) const REASONS: [&'static str; 4] = ["failing", "throttled", "wrong_chain", "stale"];

    /// The value of the label `reason`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Throttled(_) => "throttled",
            Self::WrongChain(_) => "wrong_chain",
            Self::Stale(_) => "stale",
        }
    }
}

/// When an endpoint is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// In its place.
    Now,
    /// After all that are asked now.
    Last,
    /// Not at all.
    Never(Why),
}

impl Standing {
    /// When to ask it; who is told `Now` after a rest is the one who tries it.
    pub(crate) fn turn(&mut self, now: Instant) -> Turn {
        match self {
            Self::New | Self::Good { .. } => Turn::Now,
            Self::Out { until, tries, .. } if *until <= now => {
                *tries += 1;
                *until = now + rest(*tries);
                Turn::Now
            }
            Self::Out { why: Why::Failing, .. } => Turn::Last,
            Self::Out { why, .. } => Turn::Never(*why),
        }
    }

    /// It failed, or may not be used.
    pub(crate) fn failed(&mut self, why: Why, now: Instant) {
        let wish = match why {
            Why::Throttled(wish) => wish.min(LONGEST_WISH),
            _ => Duration::ZERO,
        };
        let (tries, rests_until) = match self {
            Self::Out { tries, until, .. } => (*tries, *until),
            Self::Good { tries, .. } => (*tries, now + rest(*tries)),
            Self::New => (0, now + REST),
        };
        *self = Self::Out { why, tries, until: rests_until.max(now + wish) };
    }

    /// It serves the right chain. Whether it is of use shows with the first read: one that says its chain's id and nothing else
    /// must not begin anew with short rests.
    pub(crate) fn works(&mut self, now: Instant) {
        let tries = match self {
            Self::New => 0,
            Self::Good { tries, .. } | Self::Out { tries, .. } => *tries,
        };
        *self = Self::Good { verified: now, tries };
    }

    /// It gave a read its answer.
    pub(crate) fn answered(&mut self) {
        if let Self::Good { tries, .. } = self {
            *tries = 0;
        }
    }

    /// Whether it needn't say which chain it serves.
    pub(crate) fn is_verified(&self, now: Instant) -> bool {
        matches!(self, Self::Good { verified, .. } if now.duration_since(*verified) < VERIFIED_FOR)
    }
}

fn rest(tries: u32) -> Duration {
    REST.saturating_mul(2_u32.saturating_pow(tries)).min(LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(why: Why, start: Instant) -> Standing {
        let mut standing = Standing::New;
        standing.failed(why, start);
        standing
    }

    #[test]
    fn a_failed_endpoint_is_asked_last_until_one_read_tries_it_again() {
        let start = Instant::now();
        let mut standing = out(Why::Failing, start);
        assert_eq!(standing.turn(start), Turn::Last);
        let rested = start + REST;
        assert_eq!(standing.turn(rested), Turn::Now);
        assert_eq!(standing.turn(rested), Turn::Last, "only one read tries it");
    }

    #[test]
    fn each_try_in_vain_doubles_the_rest_up_to_a_bound_and_a_success_forgets_them() {
        let mut now = Instant::now();
        let mut standing = out(Why::Failing, now);
        let mut rests = Vec::new();
        for _ in 0..9 {
            let since = now;
            while standing.turn(now) != Turn::Now {
                now += Duration::from_secs(1);
            }
            rests.push(now.duration_since(since).as_secs());
            standing.failed(Why::Failing, now);
        }
        assert_eq!(rests, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        standing.works(now);
        standing.answered();
        standing.failed(Why::Failing, now);
        assert_eq!(standing.turn(now + REST), Turn::Now);
    }

    #[test]
    fn an_endpoint_that_only_says_its_chain_rests_longer_each_time() {
        let mut now = Instant::now();
        let mut standing = out(Why::Failing, now);
        for rest in [5, 10, 20, 40] {
            let rest = Duration::from_secs(rest);
            assert_eq!(standing.turn(now + rest - Duration::from_millis(1)), Turn::Last, "{rest:?}");
            now += rest;
            assert_eq!(standing.turn(now), Turn::Now, "{rest:?}");
            standing.works(now);
            standing.failed(Why::Failing, now);
        }
    }

    #[test]
    fn many_failures_at_once_are_one() {
        let start = Instant::now();
        let mut standing = out(Why::Failing, start);
        for _ in 0..50 {
            standing.failed(Why::Failing, start);
        }
        assert_eq!(standing.turn(start + REST), Turn::Now);
    }

    #[test]
    fn who_asked_for_peace_has_it_for_as_long_as_they_said_within_a_bound() {
        let start = Instant::now();
        let seconds = Duration::from_secs;
        let mut standing = out(Why::Throttled(seconds(30)), start);
        assert_eq!(standing.turn(start + seconds(29)), Turn::Never(Why::Throttled(seconds(30))));
        assert_eq!(standing.turn(start + seconds(30)), Turn::Now);
        let mut standing = out(Why::Throttled(seconds(1_000_000)), start);
        assert_eq!(standing.turn(start + LONGEST_WISH), Turn::Now);
    }

    #[test]
    fn an_endpoint_of_another_chain_or_at_an_old_head_is_never_a_last_resort() {
        let start = Instant::now();
        for why in [Why::WrongChain(5), Why::Stale(Duration::from_secs(90))] {
            let mut standing = out(why, start);
            assert_eq!(standing.turn(start), Turn::Never(why));
            assert_eq!(standing.turn(start + REST), Turn::Now, "it is tried again");
        }
    }

    #[test]
    fn the_chain_is_asked_for_again_after_a_while() {
        let start = Instant::now();
        let mut standing = Standing::New;
        assert!(!standing.is_verified(start));
        standing.works(start);
        assert!(standing.is_verified(start + VERIFIED_FOR / 2));
        assert!(!standing.is_verified(start + VERIFIED_FOR));
        assert_eq!(standing.turn(start + VERIFIED_FOR), Turn::Now);
    }
}
