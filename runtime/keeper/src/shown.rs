//! Schedules as people read them: close to what the operator wrote.

use std::time::Duration;

use watchkeeper_config::JobSpec;
use watchkeeper_schedule::{Cron, HeadTrigger, Schedule};
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

/// What makes a job run; none where only probes and people do.
pub(crate) fn trigger(spec: &JobSpec) -> Option<ScheduleInfo> {
    let heads = || Some(ScheduleInfo { written: heads(spec.heads.as_ref()?).into(), time_zone: None });
    spec.schedule.as_ref().map(schedule).or_else(heads)
}

fn heads(trigger: &HeadTrigger) -> String {
    let mut text = match trigger.every {
        1 => format!("head of {}", trigger.feed.chain),
        every => format!("each {every} blocks of {}", trigger.feed.chain),
    };
    if trigger.feed.confirmations > 0 {
        text.push_str(&format!(", {} confirmed", trigger.feed.confirmations));
    }
    text
}

/// A duration as configuration files have it: `1m 30s`.
fn show(period: Duration) -> String {
    jiff::SignedDuration::try_from(period).map_or_else(|_| format!("{period:?}"), |period| format!("{period:#}"))
}

/// The name of the time zone that an expression is read in.
fn zone(cron: &Cron) -> String {
    cron.time_zone().iana_name().unwrap_or("UTC").to_owned()
}
