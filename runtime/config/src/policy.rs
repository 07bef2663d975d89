//! What a job file says of its due times: catch-up, overlap, retries, blackouts. Shapes and ranges only; what the words
//! mean is the schedule's room.

use std::time::Duration;

use serde::Deserialize;
use watchkeeper_schedule::{Blackout, CatchUp, Overlap, Policy, Retry, Schedule};

use crate::{
    ConfigError,
    source::{KeyPath, Source},
    values::{Count, Span, in_range, one_of, show_duration},
};

const DAY: Duration = Duration::from_hours(24);
/// The most blackouts of one job.
const MOST_BLACKOUTS: usize = 100;

/// The keys of a job file that decide what becomes of its due times, as written.
pub(crate) struct PolicyKeys {
    pub(crate) catch_up: Option<String>,
    pub(crate) catch_up_window: Option<Span>,
    pub(crate) overlap: Option<String>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) pause_after_failures: Option<Count>,
    pub(crate) retry: RetryShape,
    pub(crate) blackouts: Vec<BlackoutShape>,
}

/// `[retry]`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RetryShape {
    attempts: Option<Count>,
    backoff: Option<Span>,
    max_backoff: Option<Span>,
}

/// One of `[[blackouts]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlackoutShape {
    start: String,
    length: Span,
}

impl PolicyKeys {
    /// The policy of a job with a schedule, or of one that only heads, probes and people start: that one has no due times,
    /// so keys about them are mistakes. Blackouts are read in `zone`.
    pub(crate) fn resolve(
        self,
        source: &Source<'_>,
        schedule: Option<&Schedule>,
        follows_heads: bool,
        zone: &str,
    ) -> Result<Policy, ConfigError> {
        let pause_after_failures = match self.pause_after_failures {
            None => None,
            Some(Count(failures)) => Some(count(source, &KeyPath::of(&["pause_after_failures"]), failures, 1_000_000)?),
        };
        let common = Policy {
            retry: self.retry.resolve(source)?,
            idempotent: self.idempotent.unwrap_or(false),
            pause_after_failures,
            catch_up: CatchUp::None,
            catch_up_window: Duration::ZERO,
            overlap: Overlap::Skip,
            blackouts: Vec::new(),
        };
        let Some(schedule) = schedule else {
            return match self.of_due_times() {
                None => Ok(common),
                Some(key) => {
                    let hint = if follows_heads {
                        "leave it out: a run is for all heads since the run before, and none overlaps another"
                    } else {
                        "leave it out, or add `every` or `schedule`: only probes and people start this job"
                    };
                    Err(source.error(&KeyPath::of(&[key]), "the job has no due times", hint))
                }
            };
        };
        let catch_up = self.catch_up.as_deref();
        let catch_up = one_of(source, "catch_up", catch_up, &CatchUp::ALL.map(CatchUp::as_str))?;
        let catch_up = catch_up.unwrap_or(CatchUp::Latest);
        let overlap = one_of(source, "overlap", self.overlap.as_deref(), &Overlap::ALL.map(Overlap::as_str))?;
        Ok(Policy {
            catch_up,
            catch_up_window: window(source, catch_up, self.catch_up_window, schedule)?,
            overlap: overlap.unwrap_or(Overlap::Skip),
            blackouts: blackouts(source, self.blackouts, zone)?,
            ..common
        })
    }

    /// The first key that says something of due times.
    fn of_due_times(&self) -> Option<&'static str> {
        [
            ("catch_up", self.catch_up.is_some()),
            ("catch_up_window", self.catch_up_window.is_some()),
            ("overlap", self.overlap.is_some()),
            ("blackouts", !self.blackouts.is_empty()),
        ]
        .into_iter()
        .find_map(|(key, given)| given.then_some(key))
    }
}

fn window(
    source: &Source<'_>,
    catch_up: CatchUp,
    given: Option<Span>,
    schedule: &Schedule,
) -> Result<Duration, ConfigError> {
    let key = KeyPath::of(&["catch_up_window"]);
    match given {
        None => Ok(catch_up.default_window(schedule)),
        Some(_) if catch_up == CatchUp::None => {
            Err(source.error(&key, r#"stands beside `catch_up = "none"`"#, "keep one of them"))
        }
        Some(Span(window)) => in_range(source, &key, window, Duration::from_secs(1)..=400 * DAY, show_duration),
    }
}

impl RetryShape {
    fn resolve(&self, source: &Source<'_>) -> Result<Retry, ConfigError> {
        let at = |name: &str| KeyPath::of(&["retry", name]);
        let default = Retry::default();
        let attempts = match self.attempts {
            None => default.attempts,
            Some(Count(attempts)) => count(source, &at("attempts"), attempts, 100)?,
        };
        let backoff = self.backoff.map_or(default.backoff, |backoff| backoff.0);
        let backoff = in_range(source, &at("backoff"), backoff, Duration::from_millis(100)..=DAY, show_duration)?;
        let max_backoff = match self.max_backoff {
            None => default.max_backoff.max(backoff),
            Some(Span(most)) => in_range(source, &at("max_backoff"), most, backoff..=DAY, show_duration)?,
        };
        Ok(Retry { attempts, backoff, max_backoff })
    }
}

fn blackouts(source: &Source<'_>, given: Vec<BlackoutShape>, zone: &str) -> Result<Vec<Blackout>, ConfigError> {
    let all = KeyPath::of(&["blackouts"]);
    if given.len() > MOST_BLACKOUTS {
        let message = format!("{} blackouts are more than {MOST_BLACKOUTS}", given.len());
        return Err(source.error(&all, message, "one `start` may name several days and hours"));
    }
    let resolve = |(index, shape): (usize, BlackoutShape)| {
        let key = all.with(index);
        let lengths = Duration::from_mins(1)..=30 * DAY;
        let length = in_range(source, &key.with("length"), shape.length.0, lengths, show_duration)?;
        let start = Schedule::parse_cron(&shape.start, zone)
            .map_err(|error| source.error(&key.with("start"), error.to_string(), error.hint()))?;
        Blackout::new(start, length).map_err(|error| source.error(&key, error.to_string(), error.hint()))
    };
    given.into_iter().enumerate().map(resolve).collect()
}

/// A number of 1 to `most`.
fn count(source: &Source<'_>, key: &KeyPath, given: u64, most: u32) -> Result<u32, ConfigError> {
    let checked = in_range(source, key, given, 1..=u64::from(most), |number| number.to_string())?;
    Ok(u32::try_from(checked).unwrap_or(most))
}
