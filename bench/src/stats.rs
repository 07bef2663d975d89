//! Orders of samples. Medians, because a busy neighbour on the machine makes some samples long and none short.

use std::time::{Duration, Instant};

/// Durations of one kind of work.
#[derive(Default)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    /// Does the work `rounds` times.
    pub(crate) fn of(rounds: usize, mut work: impl FnMut()) -> Self {
        let sample = || {
            let begun = Instant::now();
            work();
            begun.elapsed()
        };
        std::iter::repeat_with(sample).take(rounds).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn median(&self) -> Duration {
        let mut sorted = self.0.clone();
        let middle = sorted.len() / 2;
        if sorted.is_empty() { Duration::ZERO } else { *sorted.select_nth_unstable(middle).1 }
    }

    /// What so many of a hundred samples don't exceed.
    pub(crate) fn percentile(&self, of_hundred: usize) -> Duration {
        let mut sorted = self.0.clone();
        let rank = (sorted.len() * of_hundred).div_ceil(100).clamp(1, sorted.len().max(1));
        if sorted.is_empty() { Duration::ZERO } else { *sorted.select_nth_unstable(rank - 1).1 }
    }

    pub(crate) fn max(&self) -> Duration {
        self.0.iter().copied().max().unwrap_or_default()
    }
}

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(samples: I) -> Self {
        Self(samples.into_iter().collect())
    }
}

/// The one in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// A duration as a number of microseconds.
pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// A duration as a number of milliseconds.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
