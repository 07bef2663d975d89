//! Cron expressions: read strictly, then searched in a time zone.
//!
//! croner reads the fields and knows which days match (`L`, `W`, `#`). The search is ours, because croner counts an
//! expression as "fixed" only if it names one minute and one hour: `30 2,14 * * *` would miss its 02:30 on the day that
//! the clock is put forward. It would also give up in zones that skipped a day.

mod fields;
mod search;

use std::time::Duration;

use croner::parser::{CronParser, Seconds, Year};
use jiff::{Timestamp, civil::Date, tz::TimeZone, tz::TimeZoneDatabase};

use self::fields::Fields;
use crate::{Gaps, ScheduleError};

/// A cron expression in a time zone.
///
/// - Five fields: minute, hour, day of month, month, day of week. Lists, ranges, steps (`*/5`, `10-50/10`), names
///   (`MON`, `JAN`), `L`, `LW` and `15W` in the day of month, `5L` and `1#2` in the day of week; Sunday is 0 and 7.
/// - Where both day fields are restricted, a day matches if either does; where one of them begins with `*` (also
///   `*/2`), both must match. These are Vixie cron's rules.
/// - If neither minute nor hour holds a `*`, the times are *fixed*: each comes once on each matching day. A time that the
///   clock jumps over comes when the jump is over, and of one that the clock shows twice, the first counts. A day that a
///   zone left out whole has no times.
/// - All other expressions follow real time: what the clock jumps over doesn't come, what it repeats comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    expression: String,
    days: Box<croner::Cron>,
    hours: Vec<i8>,
    minutes: Vec<i8>,
    fixed: bool,
    zone: TimeZone,
    start_offset: Duration,
}

impl Cron {
    pub(crate) fn parse(expression: &str, time_zone: &str) -> Result<Self, ScheduleError> {
        let fields = Fields::parse(expression)?;
        let zone = TimeZoneDatabase::bundled().get(time_zone).map_err(|_| {
            ScheduleError::new(
                format!("{time_zone:?} is not a time zone"),
                r#"write a name of the IANA database, such as "UTC" or "Europe/Berlin""#,
            )
        })?;
        let days = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .dom_and_dow(fields.both_days_must_match())
            .build()
            .parse(&fields.to_string())
            .map_err(|error| {
                ScheduleError::new(format!("{expression:?} is not a cron expression: {error}"), fields::HINT)
            })?;
        let values = |component: &croner::CronComponent| {
            component.values().into_iter().filter_map(|value| i8::try_from(value).ok()).collect()
        };
        let cron = Self {
            expression: expression.to_owned(),
            hours: values(&days.pattern.hours),
            minutes: values(&days.pattern.minutes),
            fixed: fields.times_are_fixed(),
            days: Box::new(days),
            zone,
            start_offset: Duration::ZERO,
        };
        if cron.matches_some_day() {
            Ok(cron)
        } else {
            Err(ScheduleError::new(
                format!("{expression:?} never comes: no year has such a day"),
                r#"write a day that its month has; `L` is a month's last day, as in "0 0 L 2 *""#,
            ))
        }
    }

    /// The expression as it was written.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The time zone in which the expression is read.
    pub const fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    pub(crate) const fn start_offset(&self) -> Duration {
        self.start_offset
    }

    pub(crate) fn with_start_offset(self, start_offset: Duration) -> Self {
        Self { start_offset, ..self }
    }

    pub(crate) fn gaps(&self) -> Gaps {
        Gaps::measure(|after| self.next(after))
    }

    pub(crate) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        if self.fixed { self.next_fixed(after) } else { self.next_of_real_time(after) }
    }

    /// Whether any day of a whole cycle of the Gregorian calendar (400 years) matches.
    fn matches_some_day(&self) -> bool {
        let cycle = Date::constant(2000, 1, 1).series(jiff::Span::new().days(1)).take(146_097);
        cycle.into_iter().any(|date| self.matches(date))
    }

    fn matches(&self, date: Date) -> bool {
        let (year, month, day) = (i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs());
        let weekday = u32::from(date.weekday().to_sunday_zero_offset().unsigned_abs());
        let weekday = croner::Weekday::from_days_from_sunday(weekday);
        let pattern = &self.days.pattern;
        pattern.month_match(u32::from(month)).unwrap_or(false)
            && pattern.day_match(year, u32::from(month), u32::from(day), weekday).unwrap_or(false)
    }
}
