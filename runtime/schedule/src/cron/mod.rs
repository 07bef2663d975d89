//! Cron expressions: read strictly, then searched in a time zone.
//!
//! croner reads the fields and knows which days match (`L`, `W`, `#`); it is asked once, when an expression is read. The
//! search is ours, because croner's differs where it matters:
//!
//! - It counts an expression as fixed only if it names one minute and one hour: `30 2,14 * * *` would miss its 02:30 on
//!   the day that the clock is put forward, and come twice on the day that it is put back.
//! - In a zone that left out a day it gives up for good (`30 2 * * *` in Pacific/Apia, December 2011), or makes up for
//!   the day's times at its end.
//! - Unless told otherwise, `*/2` in a day field beside a restricted one means "either".

mod days;
mod fields;
mod search;
mod times;

use std::time::Duration;

use croner::parser::{CronParser, Seconds, Year};
use jiff::{Timestamp, tz::TimeZone, tz::TimeZoneDatabase};

use self::{days::Days, fields::Fields, times::Times};
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
    fields: String,
    days: Box<Days>,
    times: Times,
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
        let pattern = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .dom_and_dow(fields.both_days_must_match())
            .build()
            .parse(&fields.to_string())
            .map_err(|error| {
                ScheduleError::new(format!("{expression:?} is not a cron expression: {error}"), fields::HINT)
            })?
            .pattern;
        let cron = Self {
            expression: expression.to_owned(),
            fields: fields.to_string(),
            days: Box::new(Days::of(&pattern)),
            times: Times::of(&pattern.hours, &pattern.minutes),
            fixed: fields.times_are_fixed(),
            zone,
            start_offset: Duration::ZERO,
        };
        if cron.days.any() {
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

    /// The five fields in one form for all texts that mean the same: upper case, single spaces, no `@` words.
    pub(crate) fn fields(&self) -> &str {
        &self.fields
    }

    /// The zone's name in the IANA database.
    pub(crate) fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
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
}
