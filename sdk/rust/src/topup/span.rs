//! Lengths of time in a job's config, and the period that a run belongs to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    chain::Header,
    context::{self, Trigger},
};

const LONGEST: u64 = 366 * 86_400;

/// A length of time as operators write it: whole seconds, minutes, hours or days, as in "30s", "10m", "48h" or "7d".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Span(u64);

/// The period that a run belongs to: within it, a target is paid once at most, whoever asks and however often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// When it began, in seconds since the Unix epoch; a multiple of its length.
    pub(super) start: u64,
    /// How many seconds it is long.
    pub(super) length: u64,
}

impl Span {
    /// So many seconds; at least one, and a year at most.
    pub const fn from_secs(seconds: u64) -> Self {
        match seconds {
            0 => Self(1),
            seconds if seconds > LONGEST => Self(LONGEST),
            seconds => Self(seconds),
        }
    }

    /// In seconds.
    pub const fn as_secs(self) -> u64 {
        self.0
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let problem = || {
            format!(
                "{text:?} is no length of time\nhint: write whole seconds, minutes, hours or days, such as \"30s\", \"10m\", \"48h\" or \"7d\""
            )
        };
        let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(problem)?;
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(problem()),
        };
        if digits.starts_with('0') || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(problem());
        }
        let count: u64 = digits.parse().map_err(|_| problem())?;
        let seconds = count.checked_mul(unit).filter(|seconds| *seconds <= LONGEST);
        seconds.map(Self).ok_or_else(|| format!("{text:?} is more than a year"))
    }
}

impl From<Span> for String {
    fn from(Span(seconds): Span) -> Self {
        match seconds {
            seconds if seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
            seconds if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
            seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
            seconds => format!("{seconds}s"),
        }
    }
}

impl Period {
    /// The period of this run: that of the schedule's due time, which a retry has in common with its first try, or, where no
    /// schedule started the run, that of the block that it read.
    pub fn of_run(length: Span, read: &Header) -> Self {
        let now = match context::trigger() {
            Trigger::Schedule(nominal) => nominal.as_secs(),
            _ => read.timestamp,
        };
        Self::at(length, now)
    }

    /// The period that a time, in seconds since the Unix epoch, belongs to.
    pub fn at(length: Span, now: u64) -> Self {
        let Span(length) = length;
        Self { start: now - now % length.max(1), length }
    }
}

/// A length of time for people, in the unit that suits it: `95 min`, `31 h`, `12 d`.
pub fn show_seconds(seconds: f64) -> String {
    match seconds {
        short if short < 7_200.0 => format!("{:.0} min", (short / 60.0).floor()),
        middle if middle < 259_200.0 => format!("{:.0} h", (middle / 3_600.0).floor()),
        long => format!("{:.0} d", (long / 86_400.0).floor()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_a_number_and_a_unit() {
        for (text, seconds) in [("30s", 30), ("10m", 600), ("48h", 172_800), ("7d", 604_800), ("366d", LONGEST)] {
            assert_eq!(Span::try_from(text.to_owned()), Ok(Span(seconds)));
            assert_eq!(Span::try_from(String::from(Span(seconds))), Ok(Span(seconds)), "read back");
        }
        for bad in
            ["", "s", "0s", "01h", "-1h", "+1h", "1.5h", "60", "1 h", "1w", "1é", "367d", "99999999999999999999d"]
        {
            assert!(Span::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_period_begins_at_a_multiple_of_its_length() {
        let start = |length, now| Period::at(Span(length), now).start;
        assert_eq!((start(600, 1_200), start(600, 1_799), start(600, 1_800)), (1_200, 1_200, 1_800));
        assert_eq!(start(86_400, 1_700_000_000), 1_699_920_000);
    }

    #[test]
    fn people_read_whole_units() {
        let shown = [0.0, 5_700.0, 111_600.0, 1_036_800.0].map(show_seconds);
        assert_eq!(shown, ["0 min", "95 min", "31 h", "12 d"]);
    }
}
