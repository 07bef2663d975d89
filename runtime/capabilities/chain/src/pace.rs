//! So many requests a second, and a second's worth at once: the generic cell rate algorithm. Pure: the time is passed in.

use std::time::{Duration, Instant};

/// What an endpoint allows.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    burst: Duration,
    /// When the next request would be due if all came evenly.
    due: Option<Instant>,
}

impl Pace {
    /// `per_second` is above zero.
    pub(crate) fn new(per_second: f64) -> Self {
        let interval = Duration::from_secs_f64(1.0 / per_second);
        Self { interval, burst: Duration::from_secs(1).max(interval), due: None }
    }

    /// Takes a place, and says how long it is away; none if that is more than `patience`: then no place was taken.
    pub(crate) fn take(&mut self, now: Instant, patience: Duration) -> Option<Duration> {
        let due = self.due.map_or(now, |due| due.max(now));
        let wait = (due + self.interval).saturating_duration_since(now + self.burst);
        if wait > patience {
            return None;
        }
        self.due = Some(due + self.interval);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_goes_at_once_and_what_follows_goes_evenly() {
        let (mut pace, start) = (Pace::new(10.0), Instant::now());
        let waits: Vec<u128> = (0..13).map(|_| pace.take(start, Duration::MAX).unwrap().as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 200, 300]);
        let later = start + Duration::from_secs(10);
        assert!((0..10).all(|_| pace.take(later, Duration::ZERO) == Some(Duration::ZERO)));
    }

    #[test]
    fn who_would_wait_too_long_takes_no_place() {
        let (mut pace, start) = (Pace::new(0.5), Instant::now());
        assert_eq!(pace.take(start, Duration::ZERO), Some(Duration::ZERO));
        for _ in 0..100 {
            assert_eq!(pace.take(start, Duration::from_secs(1)), None);
        }
        assert_eq!(pace.take(start + Duration::from_secs(2), Duration::ZERO), Some(Duration::ZERO));
    }

    #[test]
    fn over_any_time_no_more_than_allowed_go() {
        let (mut pace, start) = (Pace::new(50.0), Instant::now());
        let gone = (0..5_000).filter(|millis| {
            let now = start + Duration::from_millis(*millis);
            pace.take(now, Duration::ZERO).is_some()
        });
        assert!((290..=300).contains(&gone.count()));
    }
}
