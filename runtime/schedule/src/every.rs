//! Intervals of real time, counted from the Unix epoch: a restart doesn't shift them.

use std::time::Duration;

use jiff::Timestamp;

use crate::{DueRange, ScheduleError, parse_duration};

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// An interval: due at epoch + offset + n × period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Every {
    period: Duration,
    offset: Duration,
}

impl Every {
    pub(crate) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let period = parse_duration(text)?;
        if period < SHORTEST {
            return Err(ScheduleError::new(
                format!("{text:?} is shorter than 100ms"),
                r#"write an interval of 100ms or more, such as "1s""#,
            ));
        }
        if period > LONGEST {
            return Err(ScheduleError::new(
                format!("{text:?} is longer than 366 days"),
                r#"write `schedule = "@yearly"` in place of `every`"#,
            ));
        }
        Ok(Self { period, offset: Duration::ZERO })
    }

    /// The distance between two due times.
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// How far the due times are moved from the multiples of the period.
    pub const fn offset(&self) -> Duration {
        self.offset
    }

    pub(crate) const fn with_offset(self, offset: Duration) -> Self {
        Self { offset, ..self }
    }

    pub(crate) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.due(self.number(after)? + 1)
    }

    /// The latest due time at or before `until`.
    pub(crate) fn latest(&self, until: Timestamp) -> Option<Timestamp> {
        self.due(self.number(until)?)
    }

    /// See [`Schedule::all_but_newest`](crate::Schedule).
    pub(crate) fn all_but_newest(&self, keep: usize, after: Timestamp, until: Timestamp, cap: u64) -> Option<DueRange> {
        let before = self.number(after)?;
        let surplus = self.number(until)? - before - i128::try_from(keep).ok()?;
        let count = surplus.min(i128::from(cap));
        let count = u64::try_from(count).ok().filter(|count| *count > 0)?;
        Some(DueRange { first: self.due(before + 1)?, last: self.due(before + i128::from(count))?, count })
    }

    /// The number of the latest due time at or before an instant.
    fn number(&self, instant: Timestamp) -> Option<i128> {
        let (period, offset) = self.nanoseconds()?;
        Some((instant.as_nanosecond() - offset).div_euclid(period))
    }

    fn due(&self, number: i128) -> Option<Timestamp> {
        let (period, offset) = self.nanoseconds()?;
        Timestamp::from_nanosecond(offset + number * period).ok()
    }

    fn nanoseconds(&self) -> Option<(i128, i128)> {
        Some((i128::try_from(self.period.as_nanos()).ok()?, i128::try_from(self.offset.as_nanos()).ok()?))
    }
}
