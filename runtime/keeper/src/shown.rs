//! Schedules as people read them: close to what the operator wrote.

use std::time::Duration;

use watchkeeper_schedule::{Cron, Schedule};
use watchkeeper_web::api::ScheduleInfo;

/// As the operator would write it.
pub(crate) fn schedule(schedule: &Schedule) -> ScheduleInfo {
    match schedule {
        Schedule::Every(every) => {
            ScheduleInfo { written: format!("every {}", show(every.period())).into(), time_zone: None }
        }
        Schedule::Cron(cron) => ScheduleInfo { written: cron.expression().into(), time_zone: Some(zone(cron).into()) },
    }
}

/// A duration as configuration files have it: `1m 30s`.
pub(crate) fn show(period: Duration) -> String {
    jiff::SignedDuration::try_from(period).map_or_else(|_| format!("{period:?}"), |period| format!("{period:#}"))
}

/// The name of the time zone that an expression is read in.
pub(crate) fn zone(cron: &Cron) -> String {
    cron.time_zone().iana_name().unwrap_or("UTC").to_owned()
}
