//! Intervals of real time, counted from the Unix epoch: a restart doesn't shift them.

use std::time::Duration;

use jiff::Timestamp;

use crate::{ScheduleError, parse_duration};

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
        let period = i128::try_from(self.period.as_nanos()).ok()?;
        let offset = i128::try_from(self.offset.as_nanos()).ok()?;
        let passed = (after.as_nanosecond() - offset).div_euclid(period);
        Timestamp::from_nanosecond(offset + (passed + 1) * period).ok()
    }
}
