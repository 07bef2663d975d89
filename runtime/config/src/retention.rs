//! `[retention]` of `watchkeeper.toml`: how long the ledger keeps what has ended.

use std::time::Duration;

use serde::Deserialize;

use crate::{
    ConfigError,
    source::{KeyPath, Source},
    values::{Count, Span, in_range, show_duration},
};

/// `[retention]`: whatever is older, or more, goes. Runs still going and what a job's schedule works from stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionSettings {
    /// How long runs, skips and actions are kept. 90 days unless told.
    pub max_age: Duration,
    /// Runs kept of one job. 10,000 unless told.
    pub max_runs_per_job: u64,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RetentionShape {
    max_age: Option<Span>,
    max_runs_per_job: Option<Count>,
}

impl RetentionShape {
    pub(crate) fn resolve(self, source: &Source<'_>) -> Result<RetentionSettings, ConfigError> {
        let at = |name: &str| KeyPath::of(&["retention", name]);
        let max_age = self.max_age.map_or(Duration::from_hours(90 * 24), |age| age.0);
        let ages = Duration::from_hours(1)..=Duration::from_hours(100_000);
        let most = self.max_runs_per_job.map_or(10_000, |count| count.0);
        Ok(RetentionSettings {
            max_age: in_range(source, &at("max_age"), max_age, ages, show_duration)?,
            max_runs_per_job: in_range(source, &at("max_runs_per_job"), most, 1..=10_000_000, |n| n.to_string())?,
        })
    }
}
