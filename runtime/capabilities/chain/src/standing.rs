//! Which endpoint gets the next read. Pure: the time is passed in.
//!
//! An endpoint that failed rests: it is still asked, but after all others, so that a dead first endpoint costs its
//! time once and not at each call, and a bad moment of all of them doesn't close the chain. Once it has rested, one read
//! tries it in its old place while others still go round it. An endpoint of another chain is never asked for data.

use std::time::{Duration, Instant};

/// How long an endpoint rests after a failure.
pub(crate) const REST: Duration = Duration::from_secs(15);

/// What is known of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing yet.
    New,
    /// It serves the right chain, and answered last time.
    Good,
    /// It failed.
    Resting { until: Instant },
    /// It serves this chain id.
    WrongChain { found: u64, until: Instant },
}

/// When an endpoint is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// In its place.
    Now,
    /// After all that are asked now.
    Last,
    /// Not at all: it serves this chain id.
    Never(u64),
}

impl Standing {
    /// When to ask it; who is told `Now` after a rest is the one who tries it.
    pub(crate) fn turn(&mut self, now: Instant) -> Turn {
        match self {
            Self::New | Self::Good => Turn::Now,
            Self::Resting { until } | Self::WrongChain { until, .. } if *until <= now => {
                *until = now + REST;
                Turn::Now
            }
            Self::Resting { .. } => Turn::Last,
            Self::WrongChain { found, .. } => Turn::Never(*found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_endpoint_is_asked_last_until_one_read_tries_it_again() {
        let start = Instant::now();
        let mut standing = Standing::Resting { until: start + REST };
        assert_eq!(standing.turn(start), Turn::Last);
        let rested = start + REST;
        assert_eq!(standing.turn(rested), Turn::Now);
        assert_eq!(standing.turn(rested), Turn::Last, "only one read tries it");
        assert_eq!(standing.turn(rested + REST), Turn::Now);
    }

    #[test]
    fn an_endpoint_of_another_chain_is_never_a_last_resort() {
        let start = Instant::now();
        let mut standing = Standing::WrongChain { found: 5, until: start + REST };
        assert_eq!(standing.turn(start), Turn::Never(5));
        assert_eq!(standing.turn(start + REST), Turn::Now, "it is verified again");
    }
}
