//! Spans of time that end with the last settled block. A window is kept in 60 buckets and one, so it begins at a multiple of a
//! sixtieth of its length: it is as long as it says, or up to a sixtieth longer, and its rate is taken over its true length.

use std::collections::BTreeSet;

/// Buckets of a window.
const BUCKETS: u64 = 60;
const SHORTEST: u64 = 60;
const LONGEST: u64 = 31 * 86_400;
const MOST: usize = 4;

/// A window, by the words that the label `window` gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) label: String,
    seconds: u64,
}

/// The windows that are wanted.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct Windows(Vec<Window>);

impl Window {
    /// The bucket that a time falls into.
    pub(crate) fn bucket(&self, time: u64) -> u64 {
        time / self.width()
    }

    /// When the window begins that ends now.
    pub(crate) fn begin(&self, now: u64) -> u64 {
        self.first_bucket(now) * self.width()
    }

    /// The oldest bucket of the window that ends now.
    pub(crate) fn first_bucket(&self, now: u64) -> u64 {
        self.bucket(now.saturating_sub(self.seconds))
    }

    fn width(&self) -> u64 {
        self.seconds / BUCKETS
    }

    fn parse(text: &str) -> Result<Self, String> {
        let problem =
            || format!("`{text}` is no window: whole minutes, hours or days from 1m to 31d, such as 90m, 24h or 7d");
        let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(problem)?;
        let unit = match unit {
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(problem()),
        };
        let plain =
            !digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit());
        let count: u64 = if plain { digits.parse().map_err(|_| problem())? } else { return Err(problem()) };
        let seconds = count.checked_mul(unit).filter(|seconds| (SHORTEST..=LONGEST).contains(seconds));
        Ok(Self { label: text.to_owned(), seconds: seconds.ok_or_else(problem)? })
    }
}

impl Windows {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Window> {
        self.0.iter()
    }

    /// When the longest window begins that ends now.
    pub(crate) fn begin(&self, now: u64) -> u64 {
        self.iter().map(|window| window.begin(now)).min().unwrap_or(now)
    }

    /// Whether two times fall into the same bucket of every window, as seen from now: what is older than all windows does.
    pub(crate) fn same_buckets(&self, now: u64, one: u64, other: u64) -> bool {
        let bucket = |window: &Window, time| window.bucket(time).max(window.first_bucket(now).saturating_sub(1));
        self.iter().all(|window| bucket(window, one) == bucket(window, other))
    }
}

impl Default for Windows {
    fn default() -> Self {
        let window = |label: &str, seconds| Window { label: label.to_owned(), seconds };
        Self(vec![window("1h", 3_600), window("24h", 86_400)])
    }
}

impl TryFrom<Vec<String>> for Windows {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Self, String> {
        if texts.len() > MOST {
            return Err(format!("at most {MOST} windows"));
        }
        let mut lengths = BTreeSet::new();
        let windows = texts.iter().map(|text| Window::parse(text)).collect::<Result<Vec<_>, _>>()?;
        match windows.iter().find(|window| !lengths.insert(window.seconds)) {
            Some(twice) => Err(format!("`{}` is there twice", twice.label)),
            None => Ok(Self(windows)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_whole_minutes_hours_or_days() {
        for (text, seconds) in [("1m", 60), ("90m", 5_400), ("24h", 86_400), ("31d", 2_678_400)] {
            assert_eq!(Window::parse(text).unwrap().seconds, seconds);
        }
        for bad in
            ["", "m", "0m", "01h", "-1h", "+1h", "1.5h", "60s", "60", "1 h", "32d", "99999999999999999999d", "1é"]
        {
            assert!(Window::parse(bad).is_err(), "{bad}");
        }
        let windows =
            |texts: &[&str]| Windows::try_from(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert!(windows(&["24h", "1d"]).is_err());
        assert!(windows(&["1m", "2m", "3m", "4m", "5m"]).is_err());
    }

    #[test]
    fn a_window_is_as_long_as_it_says_or_a_sixtieth_longer() {
        for window in ["1m", "1h", "7d"].map(|text| Window::parse(text).unwrap()) {
            for now in 1_700_000_000..1_700_000_500 {
                let length = now - window.begin(now);
                assert!(
                    (window.seconds..window.seconds + window.seconds / 60).contains(&length),
                    "{window:?} {length}"
                );
            }
        }
    }
}
