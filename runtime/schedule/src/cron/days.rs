//! Which days an expression names: one set of days for each shape that a month can have, asked of croner once, so that
//! no search asks it again.

use std::array;

use croner::{CronPattern, Weekday};
use jiff::civil::Date;

use super::times::at_or_after;

/// Months that a search looks ahead. The rarest expressions name a weekday that must be 29 February: at most 40 years
/// apart, where 2100 is between.
const HORIZON: usize = 41 * 12;

/// The days that an expression names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Days {
    /// Bits 1 to 12.
    months: u32,
    /// By the month's length (28 days and more) and its first weekday (Sunday first): bits 1 to 31.
    of_month: [[u32; 7]; 4],
}

impl Days {
    pub(super) fn of(pattern: &CronPattern) -> Self {
        let months = (1..=12).filter(|month| pattern.month_match(*month).unwrap_or(false));
        let of_month = array::from_fn(|length| {
            array::from_fn(|weekday| month_of_shape(length, weekday).map_or(0, |first| days_of(pattern, first)))
        });
        Self { months: months.fold(0, |set, month| set | 1 << month), of_month }
    }

    /// Whether any month that can be has such a day.
    pub(super) fn any(&self) -> bool {
        let years = (2000..2400).flat_map(|year| (1..=12).filter_map(move |month| Date::new(year, month, 1).ok()));
        years.into_iter().any(|first| self.first_in_month(first).is_some())
    }

    pub(super) fn contain(&self, date: Date) -> bool {
        self.first_in_month(date) == Some(date)
    }

    /// The first of the days strictly after a day.
    pub(super) fn after(&self, date: Date) -> Option<Date> {
        let mut from = date.tomorrow().ok()?;
        for _ in 0..HORIZON {
            if let Some(day) = self.first_in_month(from) {
                return Some(day);
            }
            from = match from.month() {
                12 => Date::new(from.year().checked_add(1)?, 1, 1),
                month => Date::new(from.year(), month + 1, 1),
            }
            .ok()?;
        }
        None
    }

    /// The first of the days in a day's month that isn't before it.
    fn first_in_month(&self, from: Date) -> Option<Date> {
        if self.months >> from.month() & 1 == 0 {
            return None;
        }
        let length = usize::try_from(from.days_in_month() - 28).ok()?;
        // Of the month's first day: 36 less the day is 1 less the day, and weeks.
        let weekday = usize::try_from((from.weekday().to_sunday_zero_offset() + 36 - from.day()) % 7).ok()?;
        let days = *self.of_month.get(length)?.get(weekday)?;
        let day = i8::try_from(at_or_after(u64::from(days), from.day().unsigned_abs())?).ok()?;
        Date::new(from.year(), from.month(), day).ok()
    }
}

/// The first day of some month of so many days above 28 that begins on a weekday.
fn month_of_shape(length: usize, weekday: usize) -> Option<Date> {
    let firsts = (2000..2028).flat_map(|year| (1..=4).filter_map(move |month| Date::new(year, month, 1).ok()));
    firsts.into_iter().find(|first| {
        usize::try_from(first.days_in_month() - 28) == Ok(length)
            && usize::try_from(first.weekday().to_sunday_zero_offset()) == Ok(weekday)
    })
}

/// The matching days of the month that begins with `first`.
fn days_of(pattern: &CronPattern, first: Date) -> u32 {
    let matches = |date: &Date| {
        let weekday = u32::from(date.weekday().to_sunday_zero_offset().unsigned_abs());
        let (month, day) = (u32::from(date.month().unsigned_abs()), u32::from(date.day().unsigned_abs()));
        pattern.day_match(i32::from(date.year()), month, day, Weekday::from_days_from_sunday(weekday)).unwrap_or(false)
    };
    let days = (1..=first.days_in_month()).filter_map(|day| Date::new(first.year(), first.month(), day).ok());
    days.filter(matches).fold(0, |set, date| set | 1 << date.day())
}
