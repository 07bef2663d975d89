//! Cron expressions, read in the plainest way: each field is asked of each value.

use std::rc::Rc;

use jiff::civil::Date;

const DAY: i64 = 86_400;
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// An expression, and what it names from 1969 to 2038.
pub(crate) struct Expression {
    pub(crate) text: String,
    /// Neither minute nor hour holds a `*`.
    pub(crate) fixed: bool,
    /// The seconds of the day at which a minute begins that matches.
    seconds: Vec<i64>,
    /// For each day since 1 January 1969, whether it matches.
    days: Rc<[bool]>,
}

impl Expression {
    /// Every pair of minute and hour with every triple of day, month and weekday.
    pub(crate) fn product<'a>(times: impl IntoIterator<Item = &'a str>, days: &[&str]) -> Vec<Self> {
        let days: Vec<_> = days.iter().map(|days| (*days, matching_days(days))).collect();
        let with = |time: &str| {
            let [minute, hour] = fields(time);
            let minutes = (0..1440).filter(|now| has(minute, now % 60, &[]) && has(hour, now / 60, &[]));
            let seconds: Vec<i64> = minutes.map(|minute| minute * 60).collect();
            let fixed = !time.contains('*');
            let with = move |(text, days): &(&str, Rc<[bool]>)| Self {
                text: format!("{time} {text}"),
                fixed,
                seconds: seconds.clone(),
                days: Rc::clone(days),
            };
            days.iter().map(with).collect::<Vec<_>>()
        };
        times.into_iter().flat_map(with).collect()
    }

    /// How many times a matching day has.
    pub(crate) fn times_a_day(&self) -> usize {
        self.seconds.len()
    }

    /// The matching local times in [`first`, `end`), in seconds since the epoch as if they were UTC.
    pub(crate) fn within(&self, first: i64, end: i64) -> impl Iterator<Item = i64> {
        let days = first.div_euclid(DAY)..=end.div_euclid(DAY);
        days.filter(|day| self.days[usize::try_from(day + 365).unwrap()])
            .flat_map(|day| self.seconds.iter().map(move |second| day * DAY + second))
            .filter(move |local| (first..end).contains(local))
    }
}

fn fields<const N: usize>(text: &str) -> [&str; N] {
    text.split(' ').collect::<Vec<_>>().try_into().unwrap()
}

fn matching_days(text: &str) -> Rc<[bool]> {
    let [day, month, weekday] = fields(text);
    let both = day.starts_with('*') || weekday.starts_with('*');
    let matches = |date: Date| {
        let (of_month, of_week) = (has_day(day, date), has_weekday(weekday, date));
        has(month, date.month().into(), &MONTHS) && if both { of_month && of_week } else { of_month || of_week }
    };
    let dates = Date::constant(1969, 1, 1).series(jiff::Span::new().days(1));
    dates.take_while(|date| date.year() < 2039).map(matches).collect()
}

/// Whether a field of numbers, ranges and steps holds a value.
fn has(field: &str, value: i64, names: &[&str]) -> bool {
    let number = |text: &str| match names.iter().position(|name| *name == text) {
        Some(place) => Some(i64::try_from(place).unwrap() + i64::from(names.len() == 12)),
        None => text.parse().ok(),
    };
    field.split(',').any(|item| {
        let (range, step) = item.split_once('/').unwrap_or((item, "1"));
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (number(first), number(last)),
            None if range == "*" => (Some(i64::from(names.len() == 12)), Some(i64::MAX)),
            None => (number(range), number(range)),
        };
        let (Some(first), Some(last)) = (first, last) else { return false };
        (first..=last).contains(&value) && (value - first) % step.parse::<i64>().unwrap() == 0
    })
}

fn has_day(field: &str, date: Date) -> bool {
    let last = date.last_of_month();
    let plain = if field.starts_with("*/") { field.replace("*/", "1-31/") } else { field.to_owned() };
    has(&plain, date.day().into(), &[])
        || field.split(',').any(|item| match item {
            "L" => date == last,
            "LW" => date == nearest_weekday(last),
            item => match item.strip_suffix('W') {
                Some(day) => Date::new(date.year(), date.month(), day.parse().unwrap())
                    .is_ok_and(|day| date == nearest_weekday(day)),
                None => false,
            },
        })
}

/// The weekday nearest to a day, in the same month.
fn nearest_weekday(day: Date) -> Date {
    let distances = [0, -1, 1, -2, 2];
    let near = distances.map(|distance| day.checked_add(jiff::Span::new().days(distance)).unwrap());
    let is_weekday = |date: &Date| date.weekday().to_monday_zero_offset() < 5 && date.month() == day.month();
    near.into_iter().find(is_weekday).unwrap()
}

fn has_weekday(field: &str, date: Date) -> bool {
    let weekday = i64::from(date.weekday().to_sunday_zero_offset());
    let names = |text: &str, value| has(text, value, &WEEKDAYS);
    // Sunday is 0 and 7.
    names(field, weekday)
        || (weekday == 0 && names(field, 7))
        || field.split(',').any(|item| match (item.strip_suffix('L'), item.split_once('#')) {
            (Some(day), _) => names(day, weekday) && date.day() > date.days_in_month() - 7,
            (_, Some((day, week))) => {
                names(day, weekday) && i64::from((date.day() + 6) / 7) == week.parse::<i64>().unwrap()
            }
            _ => false,
        })
}
