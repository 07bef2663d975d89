//! The five fields of a cron expression: split, checked, and named in what is wrong with them.
//!
//! croner takes more than we do (seconds, `?`, names in any field, empty lists), and what it takes beyond our grammar
//! means something else to the next cron. So the grammar is checked here first.

use std::fmt;

use crate::ScheduleError;

pub(super) const HINT: &str =
    r#"write five fields: minute, hour, day of month, month, day of week; such as "*/5 * * * *" or "0 2 * * MON""#;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A checked expression, in upper case.
pub(super) struct Fields([String; 5]);

struct Field {
    name: &'static str,
    least: u16,
    most: u16,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", least: 0, most: 59, names: &[] },
    Field { name: "hour", least: 0, most: 23, names: &[] },
    Field { name: "day of month", least: 1, most: 31, names: &[] },
    Field { name: "month", least: 1, most: 12, names: &MONTHS },
    Field { name: "day of week", least: 0, most: 7, names: &WEEKDAYS },
];

impl Fields {
    pub(super) fn parse(expression: &str) -> Result<Self, ScheduleError> {
        let wrong =
            |why: &str, hint: &str| ScheduleError::new(format!("{expression:?} is not a cron expression: {why}"), hint);
        let upper = expression.trim().to_ascii_uppercase();
        let text = if upper.starts_with('@') { word(&upper, &wrong)? } else { &upper };
        if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
            return Err(wrong("a time zone has no place in it", r#"write `time_zone = "Europe/Berlin"` beside it"#));
        }
        let parts: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
        let parts: [String; 5] = parts.try_into().map_err(|parts: Vec<String>| match parts.len() {
            6 | 7 => wrong(
                &format!("it has {} fields", parts.len()),
                r#"write five, without seconds and years; for seconds write `every = "10s"` in place of it"#,
            ),
            count => wrong(&format!("it has {count} fields"), HINT),
        })?;
        for (field, part) in FIELDS.iter().zip(&parts) {
            field.check(part).map_err(|(why, hint)| wrong(&why, &hint))?;
        }
        Ok(Self(parts))
    }

    /// Vixie cron's rule: both day fields must match if either begins with `*`.
    pub(super) fn both_days_must_match(&self) -> bool {
        let [_, _, day, _, weekday] = &self.0;
        day.starts_with('*') || weekday.starts_with('*')
    }

    /// Whether neither minute nor hour holds a `*`.
    pub(super) fn times_are_fixed(&self) -> bool {
        let [minute, hour, ..] = &self.0;
        !minute.contains('*') && !hour.contains('*')
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

fn word(word: &str, wrong: &dyn Fn(&str, &str) -> ScheduleError) -> Result<&'static str, ScheduleError> {
    match word {
        "@YEARLY" | "@ANNUALLY" => Ok("0 0 1 1 *"),
        "@MONTHLY" => Ok("0 0 1 * *"),
        "@WEEKLY" => Ok("0 0 * * 0"),
        "@DAILY" | "@MIDNIGHT" => Ok("0 0 * * *"),
        "@HOURLY" => Ok("0 * * * *"),
        "@REBOOT" => Err(wrong("nothing runs at start alone", r#"write `every = "5m"` in place of it"#)),
        word if word.starts_with("@EVERY") => {
            Err(wrong("intervals have a key of their own", r#"write `every = "5m"` in place of it"#))
        }
        _ => Err(wrong("unknown word", "write @hourly, @daily, @weekly, @monthly, @yearly or five fields")),
    }
}

type Wrong = (String, String);

impl Field {
    fn check(&self, text: &str) -> Result<(), Wrong> {
        text.split(',').try_for_each(|item| self.check_item(item))?;
        let items: Vec<&str> = text.split(',').collect();
        if items.contains(&"L") && items.contains(&"LW") {
            return self.wrong(text, "has both `L` and `LW`", "write two jobs");
        }
        Ok(())
    }

    fn check_item(&self, item: &str) -> Result<(), Wrong> {
        match item.split_once('/') {
            Some((range, step)) => self.check_step(item, range, step),
            None if item == "*" => Ok(()),
            None => match item.split_once('-') {
                Some((first, last)) => self.check_range(item, first, last),
                None => self.check_single(item),
            },
        }
    }

    fn check_step(&self, item: &str, range: &str, step: &str) -> Result<(), Wrong> {
        match range.split_once('-') {
            Some((first, last)) => self.check_range(item, first, last)?,
            None if range == "*" => {}
            None => {
                let hint = format!("write `*/{step}`, or a range such as `{}-{}/{step}`", self.least, self.most);
                return self.wrong(item, "has a step without a range", &hint);
            }
        }
        match digits(step) {
            Some(1..) if digits(step) <= Some(self.most) => Ok(()),
            _ => {
                let hint = format!("write a step of 1 to {}, or `every` for longer intervals", self.most);
                self.wrong(item, "has a step out of range", &hint)
            }
        }
    }

    fn check_range(&self, item: &str, first: &str, last: &str) -> Result<(), Wrong> {
        let from = self.value(item, first)?;
        // Sunday ends a week as well as it begins one.
        let to = if last == "SUN" { 7 } else { self.value(item, last)? };
        if from <= to {
            return Ok(());
        }
        let hint = format!("write two ranges, such as `{first}-{},{}-{last}`", self.most, self.least);
        self.wrong(item, "runs backwards", &hint)
    }

    fn check_single(&self, item: &str) -> Result<(), Wrong> {
        let day_of_month = self.most == 31;
        let day_of_week = self.most == 7;
        match item {
            "L" | "LW" if day_of_month => return Ok(()),
            "L" if day_of_week => {
                return self.wrong(item, "names no day", "write `5L` for the month's last Friday, or `6` for Saturday");
            }
            "?" => {
                return self.wrong(
                    item,
                    "is Quartz' syntax, where days count from 1 on",
                    "write `*`, and MON for a Monday",
                );
            }
            _ => {}
        }
        if let Some(day) = item.strip_suffix('W').filter(|_| day_of_month) {
            return self.value(item, day).map(|_| ());
        }
        if let Some(day) = item.strip_suffix('L').filter(|_| day_of_week) {
            return self.value(item, day).map(|_| ());
        }
        if let Some((day, week)) = item.split_once('#').filter(|_| day_of_week) {
            self.value(item, day)?;
            return match digits(week) {
                Some(1..=5) => Ok(()),
                _ => self.wrong(item, "counts no week of a month", "write 1 to 5 behind the `#`"),
            };
        }
        self.value(item, item).map(|_| ())
    }

    /// A number in range, or one of the field's names.
    fn value(&self, item: &str, text: &str) -> Result<u16, Wrong> {
        let named = self.names.iter().position(|name| *name == text);
        let named = named.and_then(|place| u16::try_from(place).ok()).map(|place| place + self.least);
        match named.or_else(|| digits(text)) {
            Some(value) if (self.least..=self.most).contains(&value) => Ok(value),
            _ => {
                let names = match self.names {
                    [first, .., last] => format!(", or {first} to {last}"),
                    _ => String::new(),
                };
                let hint = format!("the {} is {} to {}{names}", self.name, self.least, self.most);
                self.wrong(item, "is out of range or no number", &hint)
            }
        }
    }

    fn wrong<T>(&self, item: &str, why: &str, hint: &str) -> Result<T, Wrong> {
        Err((format!("{} `{item}` {why}", self.name), hint.to_owned()))
    }
}

/// One to three digits: croner reads them the same way.
fn digits(text: &str) -> Option<u16> {
    let plain = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}
