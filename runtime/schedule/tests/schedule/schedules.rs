//! What operators write as `every` and `schedule`: when it falls due, and what they are told when it can't.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use watchkeeper_model::JobName;
use watchkeeper_schedule::Schedule;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn utc(expression: &str) -> Schedule {
    Schedule::parse_cron(expression, "UTC").unwrap()
}

fn next(expression: &str, after: &str) -> String {
    utc(expression).next(at(after)).unwrap().to_string()
}

#[test]
fn intervals_are_counted_from_the_epoch_so_a_restart_does_not_shift_them() {
    let job = JobName::new("head").unwrap();
    let schedule = Schedule::parse_every("7s").unwrap().spread(&job, Duration::ZERO);
    let first = schedule.next(at("2026-01-01T00:00:00Z")).unwrap();
    for restart in ["2026-01-01T00:00:00.5Z", "2026-01-02T03:04:05Z", "1969-12-31T23:59:59Z"] {
        let due = schedule.next(at(restart)).unwrap();
        assert!(due > at(restart) && due.duration_since(at(restart)) <= SignedDuration::from_secs(7));
        assert_eq!(due.duration_since(first).as_nanos() % 7_000_000_000, 0);
    }
    assert_eq!(schedule.start_offset(), Duration::ZERO);
}

#[test]
fn jobs_with_one_interval_do_not_start_at_one_time() {
    let first = |name: &str| {
        let job = JobName::new(name).unwrap();
        Schedule::parse_every("1m").unwrap().spread(&job, Duration::ZERO).next(Timestamp::UNIX_EPOCH)
    };
    assert_ne!(first("job-1"), first("job-2"));
}

#[test]
fn a_cron_job_starts_on_time_unless_it_is_given_jitter() {
    let job = JobName::new("backup").unwrap();
    assert_eq!(utc("0 2 * * *").spread(&job, Duration::ZERO).start_offset(), Duration::ZERO);
    let jittered = utc("0 2 * * *").spread(&job, Duration::from_mins(10));
    assert!(jittered.start_offset() > Duration::ZERO && jittered.start_offset() < Duration::from_mins(10));
    assert_eq!(jittered.next(at("2026-01-01T00:00Z")), utc("0 2 * * *").next(at("2026-01-01T00:00Z")));
    let crowded = utc("* * * * *").spread(&job, Duration::from_hours(1));
    assert!(crowded.start_offset() < Duration::from_mins(1), "never later than the next due time");
}

#[test]
fn expressions_mean_what_vixie_cron_means() {
    let sunday = "2026-11-22T16:13:00Z";
    for (expression, expected) in [
        ("*/5 * * * *", "2026-11-22T16:15:00Z"),
        ("13 16 * * *", "2026-11-23T16:13:00Z"),
        ("0 2 * * 1", "2026-11-23T02:00:00Z"),
        ("0 2 * * mon", "2026-11-23T02:00:00Z"),
        ("0 2 * * 7", "2026-11-29T02:00:00Z"),
        ("0 2 * * fri-sun", "2026-11-27T02:00:00Z"),
        ("0 0 13 * 5", "2026-11-27T00:00:00Z"),  // either day field
        ("0 0 */2 * 2", "2026-12-01T00:00:00Z"), // both: one begins with a star
        ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
        ("0 0 L * *", "2026-11-30T00:00:00Z"),
        ("0 0 LW 1 *", "2027-01-29T00:00:00Z"),
        ("0 0 15W 8 *", "2027-08-16T00:00:00Z"),
        ("0 0 * * 5L", "2026-11-27T00:00:00Z"),
        ("0 0 * * mon#2", "2026-12-14T00:00:00Z"),
        ("0 12 * DEC *", "2026-12-01T12:00:00Z"),
        ("10-50/20 * * * *", "2026-11-22T16:30:00Z"),
        ("@hourly", "2026-11-22T17:00:00Z"),
        ("@daily", "2026-11-23T00:00:00Z"),
        ("@weekly", "2026-11-29T00:00:00Z"),
        ("@monthly", "2026-12-01T00:00:00Z"),
        ("@Yearly", "2027-01-01T00:00:00Z"),
    ] {
        assert_eq!(next(expression, sunday), expected, "{expression}");
    }
}

#[test]
fn what_means_something_else_to_another_cron_is_refused_with_a_way_out() {
    for (expression, message, hint) in [
        ("", "has 0 fields", "write five fields"),
        ("* * * *", "has 4 fields", "write five fields"),
        ("0 */5 * * * *", "has 6 fields", r#"`every = "10s"`"#),
        ("0 0 2 * * * 2026", "has 7 fields", "without seconds and years"),
        ("0/10 * * * *", "minute `0/10` has a step without a range", "write `*/10`"),
        ("/10 * * * *", "minute `/10` has a step without a range", "write `*/10`"),
        ("*/90 * * * *", "minute `*/90` has a step out of range", "`every`"),
        ("*/0 * * * *", "minute `*/0` has a step out of range", "1 to 59"),
        ("60 * * * *", "minute `60` is out of range", "the minute is 0 to 59"),
        ("0 24 * * *", "hour `24` is out of range", "the hour is 0 to 23"),
        ("0 0 0 * *", "day of month `0` is out of range", "1 to 31"),
        ("0 0 * MON *", "month `MON` is out of range", "or JAN to DEC"),
        ("0 0 * 1JAN *", "month `1JAN` is out of range", "or JAN to DEC"),
        ("0 0 ? * MON", "day of month `?` is Quartz' syntax", "write `*`"),
        ("0 0 * * +5", "day of week `+5` is out of range", "0 to 7"),
        ("0 0 * * L", "day of week `L` names no day", "`5L`"),
        ("0 0 * * 1#6", "counts no week of a month", "1 to 5"),
        ("0 0 L,LW * *", "has both `L` and `LW`", "two jobs"),
        ("22-6 * * * *", "minute `22-6` runs backwards", "write two ranges"),
        ("1,,2 * * * *", "minute `` is out of range", "0 to 59"),
        ("@reboot", "nothing runs at start alone", "`every"),
        ("@every 5m", "intervals have a key of their own", "`every"),
        ("@fortnightly", "unknown word", "@daily"),
        ("CRON_TZ=UTC 0 2 * * *", "a time zone has no place in it", "`time_zone"),
        ("0 0 30 2 *", "never comes", "`L` is a month's last day"),
        ("0 0 31 4,6,9,11 *", "never comes", "a day that its month has"),
    ] {
        let error = Schedule::parse_cron(expression, "UTC").unwrap_err();
        assert!(error.to_string().contains(message), "{expression}: {error}");
        assert!(error.hint().contains(hint), "{expression}: {}", error.hint());
    }
    let error = Schedule::parse_cron("0 2 * * *", "Europe/Atlantis").unwrap_err();
    assert_eq!(error.to_string(), r#""Europe/Atlantis" is not a time zone"#);
}

#[test]
fn intervals_out_of_range_are_refused() {
    for (text, message) in [
        ("99ms", "shorter than 100ms"),
        ("0s", "shorter"),
        ("9000h", "longer than 366 days"),
        ("5 parsecs", "not a duration"),
    ] {
        let error = Schedule::parse_every(text).unwrap_err();
        assert!(error.to_string().contains(message), "{text}: {error}");
    }
}

#[test]
fn the_longest_gap_counts_nights_and_weekends() {
    for (expression, hours) in [
        ("@hourly", 1),
        ("@daily", 24),
        ("0 9 * * 1-5", 72),
        ("*/5 9-16 * * 1-5", 65),
        ("* * * * 1", 145),
        ("@monthly", 744),
    ] {
        let gap = utc(expression).longest_gap();
        assert_eq!(gap.as_secs().div_ceil(3600), hours, "{expression}");
    }
    assert_eq!(Schedule::parse_every("5s").unwrap().longest_gap(), Duration::from_secs(5));
}

#[test]
fn the_end_of_the_calendar_ends_the_search() {
    for schedule in [utc("0 0 29 2 *"), utc("*/5 * * * *"), Schedule::parse_every("1s").unwrap()] {
        assert_eq!(schedule.next(Timestamp::MAX), None);
        assert!(schedule.next(Timestamp::MIN).is_some());
    }
}

fn expressions() -> impl Strategy<Value = String> {
    let item = prop_oneof![
        Just("*".to_owned()),
        (1..32_u8).prop_map(|value| value.to_string()),
        (1..8_u8).prop_map(|step| format!("*/{step}")),
        (0..12_u8, 0..60_u8).prop_map(|(first, last)| format!("{first}-{last}")),
        "[0-9LW#,/*-]{1,4}",
    ];
    proptest::collection::vec(item, 5).prop_map(|fields| fields.join(" "))
}

proptest! {
    #[test]
    fn any_text_is_a_schedule_or_an_error(text in "\\PC*") {
        let _ = Schedule::parse_cron(&text, "UTC");
        let _ = Schedule::parse_cron("@daily", &text);
        let _ = Schedule::parse_every(&text);
    }

    #[test]
    fn an_accepted_expression_always_has_a_next_time_and_moves_on(
        text in expressions(),
        zone in prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("America/Santiago"), Just("Pacific/Apia")],
        seconds in -4_000_000_000_i64..200_000_000_000,
    ) {
        let Ok(schedule) = Schedule::parse_cron(&text, zone) else { return Ok(()) };
        let after = Timestamp::from_second(seconds).unwrap();
        let due = schedule.upcoming(after, 3);
        prop_assert_eq!(due.len(), 3, "{}", text);
        prop_assert!(due.iter().all(|due| *due > after) && due.is_sorted_by(|one, next| one < next), "{}", text);
    }
}
