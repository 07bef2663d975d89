//! Times as a node writes them, RFC 3339 with up to nanoseconds, and spans as an operator writes them.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, de::Error};

/// A point in time after the Unix epoch: Go's own zero is in the year 1, and means that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(Timestamp);

impl Time {
    /// Seconds since the Unix epoch.
    pub(crate) fn seconds(self) -> f64 {
        self.0.as_duration().as_secs_f64()
    }

    /// Seconds from an earlier time to this one; none if time went backwards.
    pub(crate) fn since(self, earlier: Self) -> Option<f64> {
        let passed = self.0.duration_since(earlier.0);
        (!passed.is_negative()).then(|| passed.as_secs_f64())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: Timestamp = text.parse().map_err(D::Error::custom)?;
        match time > Timestamp::UNIX_EPOCH {
            true => Ok(Self(time)),
            false => Err(D::Error::custom(format!("`{text}` is no time of a block"))),
        }
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A span of time that isn't zero: `"30s"`, `"10m"`, `"1h 30m"`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Span(f64);

impl Span {
    /// In seconds.
    pub(crate) fn seconds(self) -> f64 {
        self.0
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let span: SignedDuration =
            text.parse().map_err(|_| format!("`{text}` is not a span of time, such as \"30s\" or \"10m\""))?;
        if !span.is_positive() {
            return Err(format!("`{text}` is not more than nothing"));
        }
        Ok(Self(span.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn a_time_keeps_its_nanoseconds_and_its_offset_counts() {
        let time: Time = from_value(json!("2023-02-25T12:10:28.067566292Z")).unwrap();
        assert_eq!(time.seconds(), 1_677_327_028.067_566_3);
        assert_eq!(to_value(time).unwrap(), json!("2023-02-25T12:10:28.067566292Z"));
        let later: Time = from_value(json!("2023-02-25T14:10:34+02:00")).unwrap();
        assert!((later.since(time).unwrap() - 5.932_433_708).abs() < 1e-9);
        assert_eq!(time.since(later), None);
    }

    #[test]
    fn what_is_no_time_or_span_is_an_error() {
        for bad in [
            json!(""),
            json!("yesterday"),
            json!("2023-02-25"),
            json!("2023-02-25T12:10:28"),
            json!("0001-01-01T00:00:00Z"),
            json!(1),
            json!(null),
        ] {
            assert!(from_value::<Time>(bad.clone()).is_err(), "{bad}");
        }
        for bad in ["", "10", "0s", "-5m", "soon"] {
            assert!(Span::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert_eq!(Span::try_from("1h 30m".to_owned()).unwrap().seconds(), 5_400.0);
    }
}
