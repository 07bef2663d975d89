//! Single decisions, one a row: schedule, what its policy says, where the job stands, the time, and what is decided.

use std::time::Duration;

use jiff::ToSpan;
use watchkeeper_model::JobName;
use watchkeeper_schedule::{Blackout, CatchUp, Decision, Policy, Schedule, decide};

use super::text;

/// Schedule, policy, standing, now, decision.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn check(rows: &[Row]) {
    for row in rows {
        let (schedule, policy, standing, now, expected) = row;
        let schedule = text::schedule(schedule);
        let decision = decide(&schedule, &text::policy(policy, &schedule), &text::standing(standing), text::at(now));
        assert_eq!(text::decision(decision), *expected, "{row:?}");
    }
}

#[test]
fn nothing_is_done_before_a_due_time_and_the_next_one_is_waited_for() {
    check(&[
        ("every 1m", "", "10:00", "10:00:59", "wait until 10:01"),
        ("every 1m", "", "10:00", "10:01", "run 10:01"),
        ("30 10 * * *", "", "10:00", "10:00", "wait until 10:30"),
        ("30 10 * * *", "", "10:00", "10:30", "run 10:30"),
        // A clock that was set back: what has its disposition never comes again.
        ("every 1m", "", "10:00", "09:30", "wait until 10:01"),
        ("every 1m", "", "10:00, awake 09:30", "09:40", "wait until 10:01"),
    ]);
}

#[test]
fn what_falls_due_in_a_pause_is_skipped_and_nothing_else_asks_for_it() {
    check(&[
        ("every 1m", "", "10:00, paused", "10:00:59", "wait until 10:01"),
        ("every 1m", "", "10:00, paused", "10:03:10", "skip paused 10:01 to 10:03: 3"),
        ("every 1m", "", "10:00, paused, running 1", "10:01", "skip paused 10:01"),
        ("every 1m", "", "10:00, paused, skip-next 1", "10:01", "skip paused 10:01"),
        ("every 1m", "catch-up all", "10:00, paused, awake 10:05", "10:05", "skip paused 10:01 to 10:05: 5"),
        ("every 1m", "blackout 10:02+1m", "10:00, paused", "10:03", "skip paused 10:01 to 10:03: 3"),
    ]);
}

#[test]
fn the_next_due_times_can_be_left_out_one_by_one() {
    check(&[
        ("every 1m", "", "10:00, skip-next 2", "10:00:59", "wait until 10:01"),
        ("every 1m", "", "10:00, skip-next 2", "10:02", "skip skip_next 10:01"),
        ("every 1m", "", "10:00, skip-next 1, running 1", "10:01", "skip skip_next 10:01"),
        ("every 1m", "blackout 10:00+5m", "10:00, skip-next 1", "10:02", "skip skip_next 10:01"),
        ("every 1m", "catch-up all", "10:00, skip-next 1, awake 10:05", "10:05", "skip skip_next 10:01"),
    ]);
}

#[test]
fn no_run_begins_in_a_blackout_and_what_falls_due_in_one_is_skipped() {
    check(&[
        ("every 1m", "blackout 10:01+3m", "10:00", "10:01", "skip blackout 10:01"),
        ("every 1m", "blackout 10:01+3m", "10:00", "10:10", "skip blackout 10:01 to 10:03: 3"),
        ("every 1m", "blackout 10:01+3m", "10:03", "10:04", "run 10:04"),
        ("every 1m", "blackout 10:01+3m", "10:00, running 1", "10:02", "skip blackout 10:01 to 10:02: 2"),
        // What waited for its turn when the blackout began waits for its end.
        ("every 1m", "blackout 10:02+3m", "10:00", "10:02:30", "wait until 10:05"),
        ("every 1m", "blackout 10:02+3m, blackout 10:04+5m", "10:00", "10:04:30", "wait until 10:09"),
        ("every 1m", "blackout 10:02+3m, overlap cancel-previous", "10:00, running 1", "10:02:30", "wait until 10:05"),
        // A due time in a blackout is no later one: it makes none before it too late.
        ("every 1m", "blackout 10:02+3m", "10:00", "10:05", "skip too_late 10:01"),
        ("*/5 * * * *", "blackout 10:02+5m", "10:00, awake 09:59", "10:07", "skip blackout 10:05"),
        ("*/5 * * * *", "blackout 10:04+5m", "09:59, awake 09:58", "10:09:30", "run 10:00"),
        ("*/5 * * * *", "blackout 10:04+5m", "09:59, awake 09:58", "10:10", "skip too_late 10:00"),
    ]);
}

#[test]
fn missed_due_times_are_skipped_where_nothing_is_to_be_made_up_for() {
    check(&[
        ("every 1m", "catch-up none", "10:00, awake 10:05", "10:05", "skip too_late 10:01 to 10:05: 5"),
        ("every 1m", "catch-up none", "10:00, awake 10:05:30", "10:06", "skip too_late 10:01 to 10:05: 5"),
        ("every 1m", "catch-up none", "10:05, awake 10:05:30", "10:06", "run 10:06"),
        // Awake since a time that the clock, set back, will show again.
        ("every 1m", "catch-up none", "10:00, awake 10:30", "10:03", "skip too_late 10:01 to 10:03: 3"),
        (
            "every 1m",
            "catch-up none, blackout 10:03+1m",
            "10:00, awake 10:05",
            "10:05",
            "skip too_late 10:01 to 10:02: 2",
        ),
        (
            "every 1m",
            "catch-up none, overlap allow",
            "10:00, awake 10:05, running 1",
            "10:05",
            "skip too_late 10:01 to 10:05: 5",
        ),
    ]);
}

#[test]
fn the_latest_missed_due_time_is_made_up_for() {
    check(&[
        ("every 1m", "", "10:00, awake 10:05:30", "10:05:30", "skip too_late 10:01 to 10:04: 4"),
        ("every 1m", "", "10:04, awake 10:05:30", "10:05:30", "run 10:05"),
        // It isn't the latest any more.
        ("every 1m", "", "10:04, awake 10:05:30", "10:06", "skip too_late 10:05"),
        // Its window is the longest gap, at most a day, and counts from the waking.
        ("0 12 * * SUN", "", "sun 11:00, awake 12:00", "13:00", "run sun 12:00"),
        ("0 12 * * SUN", "", "sun 11:00, awake 12:01", "12:01", "skip too_late sun 12:00"),
        ("0 12 * * SUN", "window 48h", "sun 11:00, awake 12:01", "12:01", "run sun 12:00"),
        ("0 10 * * *", "window 0s", "sun 10:30, awake 10:00:01", "10:00:01", "skip too_late 10:00"),
        // The latest of those outside blackouts.
        ("every 1m", "blackout 10:04+10m", "10:00, awake 10:05", "10:20", "skip too_late 10:01 to 10:03: 3"),
        ("every 1m", "blackout 10:04+10m", "10:00, awake 10:15, running 1", "10:15", "skip too_late 10:01 to 10:03: 3"),
        ("*/5 * * * *", "blackout 10:04+10m", "10:03, awake 10:14", "10:14", "skip blackout 10:05 to 10:10: 2"),
        ("*/5 * * * *", "window 1h, blackout 10:04+10m", "09:55, awake 10:14", "10:14", "run 10:00"),
    ]);
}

#[test]
fn what_is_made_up_for_waits_for_the_run_that_goes_and_cancels_none() {
    check(&[
        ("every 1m", "overlap skip", "10:04, awake 10:05, running 1", "10:05", "wait until 10:06"),
        ("every 1m", "overlap skip", "10:04, awake 10:05, running 1", "10:06", "skip too_late 10:05"),
        ("every 1m", "overlap queue", "10:04, awake 10:05, running 1", "10:05", "wait until 10:06"),
        ("every 1m", "overlap cancel-previous", "10:04, awake 10:05, running 1", "10:05", "wait until 10:06"),
        ("every 1m", "overlap allow", "10:04, awake 10:05, running 1", "10:05", "run 10:05"),
        ("every 1m", "catch-up all, overlap skip", "10:00, awake 10:05, running 1", "10:09", "wait"),
        ("every 1m", "catch-up all, overlap queue", "10:00, awake 10:05, running 1", "10:09", "wait"),
        ("every 1m", "catch-up all, overlap cancel-previous", "10:00, awake 10:05, running 1", "10:09", "wait"),
        ("every 1m", "catch-up all, overlap allow", "10:00, awake 10:05, running 1", "10:09", "run 10:01"),
    ]);
}

#[test]
fn all_missed_due_times_are_made_up_for_within_the_window_and_the_newest_thousand() {
    check(&[
        ("every 1m", "catch-up all", "10:00, awake 10:05", "10:05", "run 10:01"),
        ("every 1m", "catch-up all", "10:01, awake 10:05", "10:07", "run 10:02"),
        ("every 1m", "catch-up all, window 2m", "10:00, awake 10:05", "10:05", "skip too_late 10:01 to 10:02: 2"),
        ("every 1m", "catch-up all, window 2m", "10:02, awake 10:05", "10:30", "run 10:03"),
        ("every 1m", "catch-up all", "10:05, awake 10:05", "10:08", "skip too_late 10:06 to 10:07: 2"),
        (
            "every 1m",
            "catch-up all, window 48h",
            "sun 12:00, awake 10:00",
            "10:00",
            "skip too_late sun 12:01 to sun 17:20: 320",
        ),
        (
            "* * * * *",
            "catch-up all, window 48h",
            "sun 12:00, awake 10:00",
            "10:00",
            "skip too_late sun 12:01 to sun 17:20: 320",
        ),
        ("* * * * *", "catch-up all, window 48h", "sun 17:20, awake 10:00", "10:00", "run sun 17:21"),
        (
            "every 1s",
            "catch-up all, window 1h",
            "00:00, awake 10:00",
            "10:00",
            "skip too_late 00:00:01 to 02:46:40: 10000",
        ),
        (
            "every 1s",
            "catch-up all, window 1h",
            "09:00, awake 10:00",
            "10:00",
            "skip too_late 09:00:01 to 09:43:20: 2600",
        ),
        // The newest thousand lie on both sides of a blackout.
        (
            "every 1m",
            "catch-up all, window 48h, blackout 09:00+30m",
            "sun 12:00, awake 10:00",
            "10:00",
            "skip too_late sun 12:01 to sun 16:50: 290",
        ),
    ]);
}

#[test]
fn due_times_that_come_while_a_run_goes_are_skipped() {
    check(&[
        ("every 1m", "overlap skip", "10:00, running 1", "10:01", "skip overlap 10:01"),
        ("every 1m", "overlap skip", "10:00, running 1", "10:03:30", "skip overlap 10:01 to 10:03: 3"),
        ("every 1m", "overlap skip, blackout 10:02+1m", "10:00, running 1", "10:03:30", "skip overlap 10:01"),
        ("every 1m", "overlap skip", "10:00", "10:03:30", "skip too_late 10:01 to 10:02: 2"),
        ("every 1m", "overlap skip", "10:02", "10:03:30", "run 10:03"),
    ]);
}

#[test]
fn due_times_that_come_while_a_run_goes_are_queued() {
    check(&[
        ("every 1m", "overlap queue", "10:00, running 1", "10:03", "wait"),
        ("every 1m", "overlap queue", "10:00", "10:03", "run 10:01"),
        ("every 1m", "overlap queue", "10:00, running 1", "11:42", "skip overlap 10:01 to 10:02: 2"),
        ("every 1m", "overlap queue", "10:02, running 1", "11:42", "wait"),
        ("every 1m", "overlap queue", "10:00", "11:42", "skip too_late 10:01 to 10:02: 2"),
        ("* * * * *", "overlap queue", "10:00", "11:42", "skip too_late 10:01 to 10:02: 2"),
        (
            "every 1m",
            "overlap queue, blackout 11:00+30m",
            "10:00, running 1",
            "12:12",
            "skip overlap 10:01 to 10:02: 2",
        ),
    ]);
}

#[test]
fn due_times_that_come_while_a_run_goes_take_its_place() {
    check(&[
        ("every 1m", "overlap cancel-previous", "10:00, running 1", "10:01", "cancel previous"),
        ("every 1m", "overlap cancel-previous", "10:00, running 1", "10:03", "skip overlap 10:01 to 10:02: 2"),
        ("every 1m", "overlap cancel-previous", "10:02, running 1", "10:03", "cancel previous"),
        ("every 1m", "overlap cancel-previous", "10:02", "10:03", "run 10:03"),
        ("every 1m", "overlap cancel-previous", "10:00", "10:03", "skip too_late 10:01 to 10:02: 2"),
    ]);
}

#[test]
fn due_times_that_come_while_a_run_goes_run_beside_it() {
    check(&[
        ("every 1m", "overlap allow", "10:00, running 7", "10:03", "run 10:01"),
        ("every 1m", "overlap allow", "10:00", "10:03", "run 10:01"),
        ("every 1m", "overlap allow", "10:00, running 7", "11:42", "skip too_late 10:01 to 10:02: 2"),
    ]);
}

#[test]
fn jitter_moves_the_start_and_what_counts_as_missed_but_no_nominal_time() {
    let job = JobName::new("backup").unwrap();
    let schedule = text::schedule("0 * * * *").spread(&job, Duration::from_mins(10));
    let start = text::at("10:00") + schedule.start_offset();
    let none = Policy { catch_up: CatchUp::None, ..Policy::for_schedule(&schedule) };
    let decided = |standing, now| decide(&schedule, &none, &text::standing(standing), now);
    assert_eq!(decided("09:30", start - 1.nanosecond()), Decision::Wait { until: Some(start) });
    assert_eq!(decided("09:30", start), Decision::Run { nominal: text::at("10:00") });
    // Awake after the nominal time, though before the start: nothing was missed.
    assert_eq!(decided("09:30, awake 10:00:01", start), Decision::Run { nominal: text::at("10:00") });
    assert_eq!(text::decision(decided("09:30, awake 10:10", start)), "skip too_late 10:00");
}

#[test]
fn after_400_days_the_decisions_are_few_and_none_is_long() {
    for text in ["every 1m", "* * * * *"] {
        let schedule = text::schedule(text);
        let policy = Policy::for_schedule(&schedule);
        let now = text::at("10:00");
        let mut standing = text::standing("10:00");
        standing.cursor = now - (400 * 24).hours();
        standing.awake_since = now;
        let mut skipped = Vec::new();
        while let Decision::Skip { last, count, .. } = decide(&schedule, &policy, &standing, now) {
            skipped.push(count);
            standing.cursor = last;
        }
        assert_eq!(decide(&schedule, &policy, &standing, now), Decision::Run { nominal: now });
        assert_eq!(skipped.iter().sum::<u64>(), 400 * 1440 - 1, "{text}");
        assert!(skipped.len() < 60 && skipped.iter().all(|count| *count <= 10_000), "{text}: {skipped:?}");
    }
}

#[test]
fn the_end_of_the_calendar_is_waited_for() {
    let schedule = Schedule::parse_cron("0 0 29 2 *", "UTC").unwrap();
    let mut standing = text::standing("10:00");
    standing.cursor = jiff::Timestamp::MAX;
    let decision = decide(&schedule, &Policy::for_schedule(&schedule), &standing, text::at("11:00"));
    assert_eq!(decision, Decision::Wait { until: None });
}

#[test]
fn a_blackout_that_makes_no_sense_is_refused_with_a_way_out() {
    for (start, length, message) in [
        ("every 1h", 60, "begins by a cron expression"),
        ("0 2 * * *", 0, "has a length"),
        ("*/5 * * * *", 60, "more often than each ten minutes"),
        ("0 * * * *", 3600, "never ends"),
    ] {
        let error = Blackout::new(text::schedule(start), Duration::from_secs(length)).unwrap_err();
        assert!(error.to_string().contains(message), "{start}: {error}");
        assert!(!error.hint().is_empty());
    }
}
