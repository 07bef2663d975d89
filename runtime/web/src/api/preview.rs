//! When a schedule would fall due.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchkeeper_model::JobName;

use super::{ScheduleInfo, Text};

/// A schedule to try: `expression` or `every`, not both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PreviewQuery {
    /// A cron expression of five fields, or an `@` word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// An interval, such as `30s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// The time zone that the expression counts in; UTC unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How many due times, 1 to 100; 10 unless told.
    #[param(minimum = 1, maximum = 100)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// Whose due times are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviewOf {
    /// A job as it is.
    Job(JobName),
    /// A cron expression.
    Cron {
        /// Five fields, or an `@` word.
        expression: String,
        /// UTC where none is given.
        time_zone: Option<String>,
    },
    /// An interval.
    Every(String),
}

/// The next due times of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// As it was understood.
    pub schedule: ScheduleInfo,
    /// The next due times after now; none where it never falls due again.
    pub times: Vec<Due>,
}

/// One due time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// On the clocks of the schedule's time zone, with their offset: `2026-03-29T03:30:00+02:00`.
    pub local: Text,
}
