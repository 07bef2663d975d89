//! Schedules, policies, standings and decisions in the words of a table's row. All times are of Monday, 5 January 2026,
//! UTC.

use std::time::Duration;

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use watchkeeper_schedule::{Blackout, Decision, Policy, Schedule, Standing, parse_duration};

/// `10:01` or `10:01:30`; `sun 10:01` is the day before.
pub(super) fn at(text: &str) -> Timestamp {
    let (day, time) = match text.strip_prefix("sun ") {
        Some(time) => (4, time),
        None => (5, text),
    };
    let time: Time = time.parse().unwrap();
    jiff::civil::date(2026, 1, day).to_datetime(time).to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// `every 1m`, or five fields.
pub(super) fn schedule(text: &str) -> Schedule {
    match text.strip_prefix("every ") {
        Some(period) => Schedule::parse_every(period).unwrap(),
        None => Schedule::parse_cron(text, "UTC").unwrap(),
    }
}

/// What differs from the defaults: `catch-up all`, `window 1h`, `overlap queue`, `blackout 10:02+5m`.
pub(super) fn policy(text: &str, schedule: &Schedule) -> Policy {
    let mut policy = Policy::for_schedule(schedule);
    for item in text.split(", ").filter(|item| !item.is_empty()) {
        let (key, value) = item.split_once(' ').unwrap();
        match key {
            "catch-up" => {
                policy.catch_up = value.parse().unwrap();
                policy.catch_up_window = policy.catch_up.default_window(schedule);
            }
            "window" => policy.catch_up_window = parse_duration(value).unwrap(),
            "overlap" => policy.overlap = value.parse().unwrap(),
            "blackout" => policy.blackouts.push(blackout(value)),
            _ => panic!("{item}"),
        }
    }
    policy
}

fn blackout(text: &str) -> Blackout {
    let (start, length) = text.split_once('+').unwrap();
    let (hour, minute) = start.split_once(':').unwrap();
    Blackout::new(schedule(&format!("{minute} {hour} * * *")), parse_duration(length).unwrap()).unwrap()
}

/// The cursor, and what differs from a job that was always awake and does nothing: `10:00, awake 10:05, running 1`.
pub(super) fn standing(text: &str) -> Standing {
    let (cursor, rest) = text.split_once(", ").unwrap_or((text, ""));
    let awake_since = at("sun 00:00");
    let mut standing = Standing { cursor: at(cursor), awake_since, paused: false, skip_next: 0, running: 0 };
    for item in rest.split(", ").filter(|item| !item.is_empty()) {
        let (key, value) = item.split_once(' ').unwrap_or((item, ""));
        match key {
            "awake" => standing.awake_since = at(value),
            "paused" => standing.paused = true,
            "skip-next" => standing.skip_next = value.parse().unwrap(),
            "running" => standing.running = value.parse().unwrap(),
            _ => panic!("{item}"),
        }
    }
    standing
}

/// `wait until 10:05`, `wait`, `run 10:01`, `cancel previous`, `skip paused 10:01 to 10:03: 3`.
pub(super) fn decision(decision: Decision) -> String {
    match decision {
        Decision::Wait { until: None } => "wait".to_owned(),
        Decision::Wait { until: Some(until) } => format!("wait until {}", time(until)),
        Decision::Run { nominal } => format!("run {}", time(nominal)),
        Decision::CancelPrevious => "cancel previous".to_owned(),
        Decision::Skip { reason, first, count: 1, .. } => format!("skip {reason} {}", time(first)),
        Decision::Skip { reason, first, last, count } => {
            format!("skip {reason} {} to {}: {count}", time(first), time(last))
        }
    }
}

fn time(instant: Timestamp) -> String {
    let since_midnight = Duration::try_from(instant.duration_since(at("00:00"))).map(|passed| passed.as_secs());
    let sunday = if since_midnight.is_err() { "sun " } else { "" };
    let local = TimeZone::UTC.to_datetime(instant);
    let seconds = if local.second() > 0 { format!(":{:02}", local.second()) } else { String::new() };
    format!("{sunday}{:02}:{:02}{seconds}", local.hour(), local.minute())
}
