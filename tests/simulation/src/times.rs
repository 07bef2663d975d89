//! Due times once more, in the plainest way: what the oracle believes of a schedule. Nothing here asks the schedule crate;
//! times are milliseconds since the Unix epoch, and cron expressions are lists of minutes written out by hand.

use std::iter;

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

/// When a job falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Never by itself.
    Never,
    /// At `offset` and every `period` before and after it.
    Every {
        /// Milliseconds.
        period: i64,
        /// Milliseconds.
        offset: i64,
    },
    /// At minutes of a day, in UTC.
    Cron(&'static Pattern),
}

/// A cron expression and what it means.
#[derive(Debug, PartialEq, Eq)]
pub struct Pattern {
    /// As a job's file has it.
    pub text: &'static str,
    hours: (u32, u32),
    minutes: (u32, u32, u32),
    weekday: Option<i64>,
    day: Option<i8>,
}

/// Expressions that fall due at least once an hour.
pub const DENSE: [Pattern; 4] = [
    Pattern { text: "* * * * *", hours: (0, 23), minutes: (0, 59, 1), weekday: None, day: None },
    Pattern { text: "*/2 * * * *", hours: (0, 23), minutes: (0, 59, 2), weekday: None, day: None },
    Pattern { text: "1-59/3 * * * *", hours: (0, 23), minutes: (1, 59, 3), weekday: None, day: None },
    Pattern { text: "7 * * * *", hours: (0, 23), minutes: (7, 7, 1), weekday: None, day: None },
];

/// Expressions that fall due at most a few times a day.
pub const SPARSE: [Pattern; 5] = [
    Pattern { text: "30 2 * * *", hours: (2, 2), minutes: (30, 30, 1), weekday: None, day: None },
    Pattern { text: "0,30 8-9 * * *", hours: (8, 9), minutes: (0, 30, 30), weekday: None, day: None },
    Pattern { text: "15 6 * * MON", hours: (6, 6), minutes: (15, 15, 1), weekday: Some(1), day: None },
    Pattern { text: "0 0 1 * *", hours: (0, 0), minutes: (0, 0, 1), weekday: None, day: Some(1) },
    Pattern { text: "59 23 31 * *", hours: (23, 23), minutes: (59, 59, 1), weekday: None, day: Some(31) },
];

/// When blackouts begin: each twenty minutes.
pub const DARK: Pattern =
    Pattern { text: "*/20 * * * *", hours: (0, 23), minutes: (0, 59, 20), weekday: None, day: None };

impl Pattern {
    fn matches_day(&self, day: i64) -> bool {
        let weekday = (day + 4).rem_euclid(7);
        self.weekday.is_none_or(|wanted| wanted == weekday)
            && self.day.is_none_or(|wanted| {
                jiff::Timestamp::from_millisecond(day * DAY)
                    .is_ok_and(|start| start.to_zoned(jiff::tz::TimeZone::UTC).day() == wanted)
            })
    }

    fn of_day(&self, day: i64) -> impl Iterator<Item = i64> {
        let (first, last, step) = self.minutes;
        let hours = self.hours.0..=self.hours.1;
        let minutes =
            hours.flat_map(move |hour| (first..=last).step_by(step as usize).map(move |minute| hour * 60 + minute));
        minutes.map(move |minute| day * DAY + i64::from(minute) * MINUTE)
    }

    /// The due times in (`after`, `until`].
    fn between(&self, after: i64, until: i64) -> impl Iterator<Item = i64> {
        let days = after.div_euclid(DAY)..=until.div_euclid(DAY);
        let due = days.filter(|day| self.matches_day(*day)).flat_map(|day| self.of_day(day));
        due.filter(move |due| *due > after && *due <= until)
    }
}

impl Times {
    /// How many due times lie in (`after`, `until`].
    pub fn count(self, after: i64, until: i64) -> u64 {
        let count = match self {
            _ if until <= after => 0,
            Self::Never => 0,
            Self::Every { period, offset } => (until - offset).div_euclid(period) - (after - offset).div_euclid(period),
            Self::Cron(pattern) => pattern.between(after, until).map(|_| 1).sum(),
        };
        u64::try_from(count).unwrap_or(0)
    }

    /// Whether this is a due time.
    pub fn is_due(self, at: i64) -> bool {
        self.count(at - 1, at) == 1
    }

    /// The first `most` due times in (`after`, `until`].
    pub fn first(self, most: usize, after: i64, until: i64) -> Vec<i64> {
        match self {
            Self::Never => Vec::new(),
            Self::Every { period, offset } => {
                let first = ((after - offset).div_euclid(period) + 1) * period + offset;
                let due = iter::successors(Some(first), |due| Some(due + period));
                due.take_while(|due| *due <= until).take(most).collect()
            }
            Self::Cron(pattern) => pattern.between(after, until).take(most).collect(),
        }
    }
}
