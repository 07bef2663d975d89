//! `--since`: a moment, or how long ago.

use std::{str::FromStr, time::Duration};

use jiff::Timestamp;
use watchkeeper_schedule::parse_duration;

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// This moment.
    Moment(Timestamp),
    /// So long before now.
    Ago(Duration),
}

impl Since {
    /// As a moment; none where that lies before all time.
    pub(crate) fn before(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Moment(moment) => Some(moment),
            Self::Ago(duration) => now.checked_sub(duration).ok(),
        }
    }
}

impl FromStr for Since {
    type Err = String;

    /// Reads `2h`, or `2026-11-22T16:13:00Z`.
    fn from_str(text: &str) -> Result<Self, String> {
        match (parse_duration(text), text.parse()) {
            (Ok(duration), _) => Ok(Self::Ago(duration)),
            (Err(_), Ok(moment)) => Ok(Self::Moment(moment)),
            (Err(_), Err(_)) => Err("write how long ago, such as 2h, or when, such as 2026-11-22T16:13:00Z".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Since;

    #[test]
    fn since_is_a_moment_or_how_long_ago() {
        let now = "2026-11-22T18:13:00Z".parse().unwrap();
        for text in ["2h", "120m", "2026-11-22T16:13:00Z", "2026-11-22T17:13:00+01:00"] {
            let since: Since = text.parse().unwrap();
            assert_eq!(since.before(now).unwrap().to_string(), "2026-11-22T16:13:00Z", "{text}");
        }
        for text in ["", "2", "yesterday", "2026-11-22", "-2h"] {
            assert!(text.parse::<Since>().is_err(), "{text}");
        }
    }
}
