//! What the operator wrote of retention. A policy that keeps nothing is no policy: it can't be made.

use std::{ops::Deref, time::Duration};

use serde::{Deserialize, Deserializer, de};

/// The rules of a policy as they are written; each keeps what it keeps, whatever the others say.
///
/// As TOML: `keep_last = 7`, `keep_daily = 30`, `keep_within = "48h"`. Unknown keys are errors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// So many of the newest.
    pub keep_last: u32,
    /// The newest of each of the last so many hours that have an artifact.
    pub keep_hourly: u32,
    /// The same for days, in UTC.
    pub keep_daily: u32,
    /// The same for ISO weeks, which begin on Monday.
    pub keep_weekly: u32,
    /// The same for months.
    pub keep_monthly: u32,
    /// The same for years.
    pub keep_yearly: u32,
    /// All that are at most this old.
    #[serde(deserialize_with = "duration")]
    pub keep_within: Option<Duration>,
}

/// Rules of which at least one keeps something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Rules")]
pub struct Policy(Rules);

/// Rules that are no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the retention policy is empty\nhint: give at least one of keep_last, keep_hourly, keep_daily, keep_weekly, \
     keep_monthly, keep_yearly and keep_within above 0; without a policy nothing is ever deleted"
)]
pub struct UnusablePolicy;

impl Policy {
    /// Accepts rules that keep something.
    ///
    /// # Errors
    /// [`UnusablePolicy`] if every number is 0 and no time is given.
    pub fn new(rules: Rules) -> Result<Self, UnusablePolicy> {
        let Rules { keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly, keep_within } = rules;
        let counts = [keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly];
        let keeps = counts.iter().any(|count| *count > 0) || keep_within.is_some_and(|within| !within.is_zero());
        keeps.then_some(Self(rules)).ok_or(UnusablePolicy)
    }
}

impl TryFrom<Rules> for Policy {
    type Error = UnusablePolicy;

    fn try_from(rules: Rules) -> Result<Self, UnusablePolicy> {
        Self::new(rules)
    }
}

impl Deref for Policy {
    type Target = Rules;

    fn deref(&self) -> &Rules {
        &self.0
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let duration = watchkeeper_schedule::parse_duration(&text);
    duration.map(Some).map_err(|error| de::Error::custom(format!("{error}\nhint: {}", error.hint())))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Policy, Rules};

    fn read(json: &str) -> Result<Policy, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_policy_is_read_as_the_operator_writes_it() {
        let policy = read(r#"{"keep_last": 7, "keep_weekly": 5, "keep_within": "48h"}"#).unwrap();
        let within = Some(Duration::from_hours(48));
        assert_eq!(*policy, Rules { keep_last: 7, keep_weekly: 5, keep_within: within, ..Rules::default() });
    }

    #[test]
    fn a_policy_that_keeps_nothing_is_refused_with_what_to_do() {
        for empty in ["{}", r#"{"keep_last": 0, "keep_yearly": 0}"#, r#"{"keep_within": "0s"}"#] {
            let error = read(empty).unwrap_err();
            assert!(error.contains("the retention policy is empty\nhint: give at least one of keep_last"), "{error}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for (wrong, said) in [
            (r#"{"keep_last": 7, "keep_dayly": 1}"#, "unknown field `keep_dayly`"),
            (r#"{"keep_last": -1}"#, "expected u32"),
            (r#"{"keep_within": "2 fortnights"}"#, "is not a duration\nhint: write a number and a unit"),
            (r#"{"keep_within": 48}"#, "expected a string"),
        ] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }
}
