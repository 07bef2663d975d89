//! When jobs fall due, and what is done about it: intervals, cron expressions, time zones, the stable spread of starts,
//! catch-up, overlap, blackouts and retries.
//!
//! Pure: the time is passed in, nothing here reads a clock, a file or the machine's time zone, and zones come from the
//! database in the binary, so that the same text gives the same times on every machine. Decisions are values; who waits,
//! records and runs is elsewhere.

mod blackout;
mod cron;
mod decide;
mod due;
mod duration;
mod error;
mod every;
mod heads;
mod policy;
mod record;
mod retry;
mod spread;
pub mod timetable;

use std::{iter, time::Duration};

use jiff::{Timestamp, ToSpan};
use watchkeeper_model::JobName;

pub use blackout::Blackout;
pub use cron::Cron;
pub use decide::{Decision, Standing, decide};
pub use due::DueRange;
pub use duration::parse_duration;
pub use error::ScheduleError;
pub use every::Every;
pub use heads::HeadTrigger;
pub use policy::{CatchUp, Overlap, Policy, Retry};
pub use retry::retry_at;

/// When a job falls due.
///
/// A due time is *nominal*: it names the run. The run starts [`Schedule::start_offset`] after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// At equal distances of real time.
    Every(Every),
    /// At the times of day and days that an expression names, in a time zone.
    Cron(Cron),
}

impl Schedule {
    /// Reads an interval such as `30s`, `1m30s` or `500ms`: 100 ms to 366 days.
    ///
    /// # Errors
    /// [`ScheduleError`] for a text that is no duration and for one out of range.
    pub fn parse_every(text: &str) -> Result<Self, ScheduleError> {
        Every::parse(text).map(Self::Every)
    }

    /// Reads a cron expression of five fields, or a word such as `@daily`, for a time zone by its IANA name.
    /// [`Cron`] has the rules.
    ///
    /// # Errors
    /// [`ScheduleError`] for a malformed expression, for one that is written for another kind of cron, for one that
    /// never matches (30 February), and for an unknown zone.
    pub fn parse_cron(expression: &str, time_zone: &str) -> Result<Self, ScheduleError> {
        Cron::parse(expression, time_zone).map(Self::Cron)
    }

    /// Spreads the job's starts by a hash of its name, the same on every machine and in every version.
    ///
    /// An interval is moved whole, by 0 up to its period: its nominal times carry the offset, and `jitter` means
    /// nothing to it. A cron schedule keeps its nominal times, and its runs start 0 up to `jitter` later, though never
    /// later than its shortest gap; with a jitter of zero, 02:00 means 02:00.
    #[must_use]
    pub fn spread(self, job: &JobName, jitter: Duration) -> Self {
        match self {
            Self::Every(every) => {
                let offset = spread::offset(job, every.period());
                Self::Every(every.with_offset(offset))
            }
            Self::Cron(cron) => {
                let window = if jitter.is_zero() { jitter } else { jitter.min(cron.gaps().shortest) };
                Self::Cron(cron.with_start_offset(spread::offset(job, window)))
            }
        }
    }

    /// The first nominal time strictly after `after`; none only at the end of the calendar (the year 9999).
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(every) => every.next(after),
            Self::Cron(cron) => cron.next(after),
        }
    }

    /// The first `count` nominal times strictly after `after`.
    pub fn upcoming(&self, after: Timestamp, count: usize) -> Vec<Timestamp> {
        iter::successors(self.next(after), |due| self.next(*due)).take(count).collect()
    }

    /// How long after its nominal time a run starts. Zero for intervals: their nominal times hold it.
    pub const fn start_offset(&self) -> Duration {
        match self {
            Self::Every(_) => Duration::ZERO,
            Self::Cron(cron) => cron.start_offset(),
        }
    }

    /// The longest time that passes from one due time to the next: what a missed refresh is measured by.
    ///
    /// For cron schedules it is the longest gap of the first 1,500 due times, or of those within nine years, from a fixed Friday
    /// on, so that office hours count their weekend and the answer doesn't depend on when it is asked.
    pub fn longest_gap(&self) -> Duration {
        match self {
            Self::Every(every) => every.period(),
            Self::Cron(cron) => cron.gaps().longest,
        }
    }
}

/// The shortest and the longest distance between due times of one schedule.
#[derive(Debug, Clone, Copy)]
struct Gaps {
    shortest: Duration,
    longest: Duration,
}

impl Gaps {
    /// Measures from Friday, 1 March 2024, 00:00 UTC; see [`Schedule::longest_gap`].
    fn measure(next: impl Fn(Timestamp) -> Option<Timestamp>) -> Self {
        const FIRINGS: usize = 1500;
        let start = Timestamp::constant(1_709_251_200, 0);
        let end = start.checked_add((9 * 366 * 24).hours()).unwrap_or(Timestamp::MAX);
        let mut gaps = Self { shortest: Duration::MAX, longest: Duration::ZERO };
        let mut last = start;
        for number in 0..FIRINGS {
            let Some(due) = next(last) else { break };
            let gap = Duration::try_from(due.duration_since(last)).unwrap_or_default();
            gaps.longest = gaps.longest.max(gap);
            if number > 0 {
                gaps.shortest = gaps.shortest.min(gap);
                if due > end {
                    break;
                }
            }
            last = due;
        }
        gaps
    }
}
