//! What a job file says of its due times and runs, and what it means where it says nothing.

use std::{path::Path, time::Duration};

use watchkeeper_config::{History, JobSpec};
use watchkeeper_schedule::{Blackout, CatchUp, Overlap, Retry, Schedule};

const HOUR: Duration = Duration::from_hours(1);

fn job(text: &str) -> JobSpec {
    JobSpec::parse(Path::new("jobs.d/head.toml"), &format!("plugin = \"evm-chain\"\n{text}")).unwrap()
}

#[test]
fn without_a_word_the_latest_miss_is_made_up_for_and_nothing_overlaps_or_is_tried_again() {
    let job = job("every = \"5m\"");
    let policy = &job.policy;
    assert_eq!((policy.catch_up, policy.overlap), (CatchUp::Latest, Overlap::Skip));
    assert_eq!(policy.catch_up_window, Duration::from_mins(5));
    assert_eq!(policy.retry.attempts, 1);
    assert_eq!((policy.idempotent, policy.pause_after_failures), (false, None));
    assert!(policy.blackouts.is_empty());
    assert_eq!(job.history, History::All);
    assert!(job.probe.is_empty());
}

#[test]
fn a_miss_is_made_up_for_within_its_period_and_a_day() {
    for (text, window) in [
        ("every = \"30s\"", Duration::from_secs(30)),
        ("schedule = \"@hourly\"", HOUR),
        ("schedule = \"@weekly\"", 24 * HOUR),
        ("schedule = \"@hourly\"\ncatch_up = \"all\"", 24 * HOUR),
        ("schedule = \"@hourly\"\ncatch_up_window = \"9600h\"", 9600 * HOUR),
        ("every = \"100ms\"\ncatch_up_window = \"1s\"", Duration::from_secs(1)),
    ] {
        assert_eq!(job(text).policy.catch_up_window, window, "{text}");
    }
}

#[test]
fn each_key_of_the_policy_is_taken_as_it_is_written() {
    let job = job(r#"
        schedule = "0 * * * *"
        time_zone = "Europe/Berlin"
        catch_up = "all"
        catch_up_window = "48h"
        overlap = "cancel-previous"
        idempotent = true
        pause_after_failures = 5
        history = "failures"

        [retry]
        attempts = 4
        backoff = "2s"
        max_backoff = "1m"

        [[blackouts]]
        start = "0 2 * * SAT"
        length = "2h"
        [[blackouts]]
        start = "30 12 24 12 *"
        length = "36h"
    "#);
    let policy = job.policy;
    assert_eq!((policy.catch_up, policy.catch_up_window), (CatchUp::All, 48 * HOUR));
    assert_eq!((policy.overlap, policy.idempotent), (Overlap::CancelPrevious, true));
    let retry = Retry { attempts: 4, backoff: Duration::from_secs(2), max_backoff: Duration::from_mins(1) };
    assert_eq!((policy.retry, policy.pause_after_failures), (retry, Some(5)));
    assert_eq!(job.history, History::Failures);
    let blackout = |start: &str, hours: u32| {
        Blackout::new(Schedule::parse_cron(start, "Europe/Berlin").unwrap(), hours * HOUR).unwrap()
    };
    assert_eq!(policy.blackouts, [blackout("0 2 * * SAT", 2), blackout("30 12 24 12 *", 36)]);
}

#[test]
fn every_word_of_the_schedules_room_can_be_written() {
    for catch_up in CatchUp::ALL {
        assert_eq!(job(&format!("every = \"5s\"\ncatch_up = {:?}", catch_up.as_str())).policy.catch_up, catch_up);
    }
    for overlap in Overlap::ALL {
        assert_eq!(job(&format!("every = \"5s\"\noverlap = {:?}", overlap.as_str())).policy.overlap, overlap);
    }
    for history in History::ALL {
        assert_eq!(job(&format!("every = \"5s\"\nhistory = {:?}", history.as_str())).history, history);
    }
}

#[test]
fn a_backoff_longer_than_the_default_maximum_is_its_own_maximum() {
    let retry = job("every = \"5s\"\nretry = { attempts = 2, backoff = \"1h\" }").policy.retry;
    assert_eq!(retry, Retry { attempts: 2, backoff: HOUR, max_backoff: HOUR });
}

#[test]
fn beside_an_interval_the_time_zone_is_that_of_the_blackouts() {
    let job = job(r#"
        every = "5s"
        time_zone = "Asia/Tokyo"
        [[blackouts]]
        start = "0 2 * * *"
        length = "1h"
    "#);
    let inside = "2026-11-21T17:30:00Z".parse().unwrap();
    assert_eq!(job.policy.blackout_end(inside), Some("2026-11-21T18:00:00Z".parse().unwrap()));
    assert_eq!(job.policy.blackout_end("2026-11-22T02:30:00Z".parse().unwrap()), None);
}

#[test]
fn probe_targets_are_no_capabilitys_grant() {
    let job = job(r#"
        every = "5s"
        [grants]
        state = true
        probe = ["https://example.com/?a=b", "10.0.0.1:22", "grün"]
    "#);
    assert_eq!(job.probe, ["https://example.com/?a=b", "10.0.0.1:22", "grün"]);
    assert_eq!(job.grants.keys().collect::<Vec<_>>(), ["state"]);
}

#[test]
fn a_job_that_only_probes_and_people_start_has_no_schedule() {
    let job = job(r#"
        idempotent = true
        retry = { attempts = 2 }
        grants = { probe = ["a:1"] }
    "#);
    assert_eq!(job.schedule, None);
    assert_eq!(job.max_age, Duration::from_mins(5));
    assert_eq!((job.policy.catch_up, job.policy.overlap), (CatchUp::None, Overlap::Skip));
    assert_eq!((job.policy.idempotent, job.policy.retry.attempts), (true, 2));
}
