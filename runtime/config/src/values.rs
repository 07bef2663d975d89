//! The words of a configuration file that TOML has no type for: durations, sizes, counts, moments; read from and shown in
//! the operator's units.

use std::{fmt, ops::RangeInclusive, str::FromStr, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};

use crate::{
    ConfigError,
    source::{KeyPath, Source},
};

const SIZE_HINT: &str = r#"write a number and a unit (B, KB, MB, GB, KiB, MiB or GiB), such as "64MiB""#;

const MOMENT_HINT: &str = r#"write date, time and offset from UTC, such as "2027-01-31T00:00:00Z""#;

/// A duration such as `"30s"`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span(pub(crate) Duration);

/// The text of an interval; the schedule's own room reads it.
#[derive(Debug, Clone)]
pub(crate) struct Interval(pub(crate) String);

/// A size in bytes, such as `"64MiB"`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size(pub(crate) u64);

/// A whole number, not negative.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count(pub(crate) u64);

/// The text of an amount, such as `"1.5 USDC"`; what it is worth depends on the currency.
#[derive(Debug, Clone)]
pub(crate) struct Money(pub(crate) String);

/// A moment such as `"2027-01-31T00:00:00Z"`, in quotes or without.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(pub(crate) Timestamp);

struct Visit<T> {
    expecting: &'static str,
    text: fn(&str) -> Result<T, String>,
    number: fn(i64) -> Result<T, String>,
}

impl<T> de::Visitor<'_> for Visit<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.text)(text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        (self.number)(number).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visit {
            expecting: "a duration",
            text: |text| match watchkeeper_schedule::parse_duration(text) {
                Ok(duration) => Ok(Self(duration)),
                Err(error) => Err(format!("{error}\nhint: {}", error.hint())),
            },
            number: without_unit,
        })
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visit {
            expecting: "a duration",
            text: |text| Ok(Self(text.to_owned())),
            number: without_unit,
        })
    }
}

fn without_unit<T>(number: i64) -> Result<T, String> {
    Err(format!("the duration {number} has no unit\nhint: write \"{number}s\" or \"{number}ms\""))
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visit {
            expecting: "a size",
            text: |text| parse_size(text).map(Self).ok_or_else(|| format!("{text:?} is not a size\nhint: {SIZE_HINT}")),
            number: |number| Err(format!("the size {number} has no unit\nhint: {SIZE_HINT}")),
        })
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visit {
            expecting: "a whole number",
            text: |text| Err(format!("{text:?} is a string\nhint: write the number without quotes")),
            number: |number| match u64::try_from(number) {
                Ok(count) => Ok(Self(count)),
                Err(_) => Err(format!("{number} is negative\nhint: write a number of 0 or more")),
            },
        })
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visit {
            expecting: "an amount",
            text: |text| Ok(Self(text.to_owned())),
            number: |number| Err(format!("the amount {number} has no unit\nhint: write it as \"{number} USDC\"")),
        })
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => text,
            toml::Value::Datetime(moment) => moment.to_string(),
            other => {
                return Err(de::Error::custom(format!(
                    "expected a moment, found {}\nhint: {MOMENT_HINT}",
                    kind_of(&other)
                )));
            }
        };
        let moment = text.parse().map_err(|_| format!("{text:?} is not a moment\nhint: {MOMENT_HINT}"));
        moment.map(Self).map_err(de::Error::custom)
    }
}

fn parse_size(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let unit: u64 = match unit.trim_start_matches(' ') {
        "B" => 1,
        "KB" | "kB" => 1000,
        "MB" => 1000 * 1000,
        "GB" => 1000 * 1000 * 1000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// A size in the largest unit that gives a whole number.
pub(crate) fn show_size(bytes: u64) -> String {
    [(30, "GiB"), (20, "MiB"), (10, "KiB")]
        .into_iter()
        .find(|(bits, _)| bytes > 0 && bytes.trailing_zeros() >= *bits)
        .map_or_else(|| format!("{bytes}B"), |(bits, unit)| format!("{}{unit}", bytes >> bits))
}

/// A duration in the largest unit that gives a whole number, as a configuration file takes it: `10m`.
pub fn show_duration(duration: Duration) -> String {
    if duration.is_zero() {
        return "0s".to_owned();
    }
    let millis = duration.as_millis();
    [(3_600_000, "h"), (60_000, "m"), (1000, "s")]
        .into_iter()
        .find(|(unit, _)| millis.is_multiple_of(*unit))
        .map_or_else(|| format!("{millis}ms"), |(unit, name)| format!("{}{name}", millis / unit))
}

/// Refuses a value outside `range`, naming both ends in the operator's units.
pub(crate) fn in_range<T: PartialOrd + Copy>(
    source: &Source<'_>,
    key: &KeyPath,
    value: T,
    range: RangeInclusive<T>,
    show: fn(T) -> String,
) -> Result<T, ConfigError> {
    if range.contains(&value) {
        return Ok(value);
    }
    let (least, most) = (show(*range.start()), show(*range.end()));
    Err(source.error(key, format!("{} is out of range", show(value)), format!("write {least} to {most}")))
}

/// Reads one of a few words, if one is given; `words` lists them for the message.
pub(crate) fn one_of<T: FromStr>(
    source: &Source<'_>,
    key: &str,
    given: Option<&str>,
    words: &[&str],
) -> Result<Option<T>, ConfigError> {
    let read = |text: &str| {
        text.parse().map_err(|_| {
            let hint = format!("write {}", or(words));
            source.error(&KeyPath::of(&[key]), format!("{text:?} is unknown here"), hint)
        })
    };
    given.map(read).transpose()
}

/// `"a", "b" or "c"`.
fn or(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.as_slice() {
        [most @ .., last] if !most.is_empty() => format!("{} or {last}", most.join(", ")),
        all => all.join(", "),
    }
}

/// What a value is, in messages.
pub(crate) fn kind_of(value: &toml::Value) -> &'static str {
    match value {
        toml::Value::String(_) => "a string",
        toml::Value::Integer(_) => "an integer",
        toml::Value::Float(_) => "a float",
        toml::Value::Boolean(_) => "a boolean",
        toml::Value::Datetime(_) => "a date or time",
        toml::Value::Array(_) => "an array",
        toml::Value::Table(_) => "a table",
    }
}
