//! Durations as operators write them.

use std::time::Duration;

use jiff::SignedDuration;

use crate::ScheduleError;

const HINT: &str = r#"write a number and a unit (ms, s, m or h), such as "30s", "1m30s" or "500ms""#;

/// Reads a duration such as `30s`, `1m30s`, `500ms` or `1h`: jiff's "friendly" form without signs, days and ISO 8601,
/// so that one text can be read in one way only.
///
/// # Errors
/// [`ScheduleError`], quoting the text.
pub fn parse_duration(text: &str) -> Result<Duration, ScheduleError> {
    let plain = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase() || c == ' ' || c == '.';
    let wrong = || ScheduleError::new(format!("{text:?} is not a duration"), HINT);
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(plain) || text.ends_with("ago") {
        return Err(wrong());
    }
    let signed: SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(signed).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::parse_duration;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        for (text, millis) in [
            ("30s", 30_000),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("1h", 3_600_000),
            ("1h 30m", 5_400_000),
            ("1.5s", 1_500),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_no_duration() {
        for text in
            ["", "5", "s", "5 parsecs", "5M", "-5s", "5s ago", "PT5S", "1d", "1month", "00:05:00", "9e9s", " 5s"]
        {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
