//! Retention against a second, slower way to decide, over random histories; and what must hold of every plan.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use watchkeeper_artifact_store::{ArtifactPath, Candidate, Plan, Policy, Rules, plan};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn artifact(created: Timestamp, number: u32, verified: bool) -> Candidate {
    let stamp = created.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    Candidate { path: format!("db/main/{stamp}-{number:08x}").parse().unwrap(), created, verified }
}

fn gfs(
    keep_last: u32,
    keep_hourly: u32,
    keep_daily: u32,
    keep_weekly: u32,
    keep_monthly: u32,
    keep_yearly: u32,
) -> Policy {
    Policy::new(Rules { keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly, keep_within: None })
        .unwrap()
}

fn kept(plan: &Plan) -> Vec<(String, Vec<String>)> {
    let reasons = |kept: &watchkeeper_artifact_store::Kept| kept.reasons.iter().map(ToString::to_string).collect();
    plan.keep.iter().map(|kept| (kept.created.to_string(), reasons(kept))).collect()
}

/// An artifact with the periods that it lies in, in words: hour, day, week, month, year.
struct Dated<'a> {
    key: (Timestamp, String),
    periods: [String; 5],
    one: &'a Candidate,
}

fn dated(one: &Candidate) -> Dated<'_> {
    let utc = one.created.to_zoned(TimeZone::UTC);
    let periods = ["%Y-%m-%d %H", "%Y-%m-%d", "%G-%V", "%Y-%m", "%Y"].map(|format| utc.strftime(format).to_string());
    Dated { key: (one.created, one.path.to_string()), periods, one }
}

/// Whether an artifact stays, asked of it alone: in words of the rules, with nothing remembered between two artifacts.
fn stays(dated: &Dated<'_>, all: &[Dated<'_>], policy: &Policy, now: Timestamp) -> bool {
    let future = |other: &Dated<'_>| other.one.created.as_second() - now.as_second() > 300;
    if future(dated) {
        return true;
    }
    let newer: Vec<_> = all.iter().filter(|other| !future(other) && other.key > dated.key).collect();
    let calendar = |count: u32, period: usize| {
        let periods: BTreeSet<&str> = newer.iter().map(|other| other.periods[period].as_str()).collect();
        !periods.contains(dated.periods[period].as_str()) && periods.len() < count as usize
    };
    let verified = newer.iter().filter(|other| other.one.verified).count();
    newer.is_empty()
        || (dated.one.verified && verified < 2)
        || newer.len() < policy.keep_last as usize
        || calendar(policy.keep_hourly, 0)
        || calendar(policy.keep_daily, 1)
        || calendar(policy.keep_weekly, 2)
        || calendar(policy.keep_monthly, 3)
        || calendar(policy.keep_yearly, 4)
        || policy.keep_within.is_some_and(|within| {
            now.as_second() - dated.one.created.as_second() <= i64::try_from(within.as_secs()).unwrap()
        })
}

/// Artifacts made one after another by a clock that stands still, jumps back, leaps ahead or rests for months.
fn history(random: &mut fastrand::Rng, now: Timestamp) -> Vec<Candidate> {
    let mut clock = now.as_second() - random.i64(0..=4) * random.i64(0..200 * DAY);
    let step = [60, HOUR, DAY, 20 * DAY][random.usize(..4)];
    let mut made = Vec::new();
    for number in 0..random.u32(0..40) {
        clock += match random.u8(..20) {
            0 => 0,
            1 => -random.i64(0..10 * DAY),
            2 => random.i64(0..400 * DAY),
            _ => random.i64(0..=2 * step),
        };
        let created = Timestamp::from_second(clock).unwrap();
        made.push(artifact(created, if random.bool() { number } else { random.u32(..) }, random.u8(..4) == 0));
    }
    if random.u8(..3) == 0 {
        let borders = [-1, 0, 1, 299, 300, 301, HOUR, 3650 * DAY];
        let created = Timestamp::from_second(now.as_second() + borders[random.usize(..borders.len())]).unwrap();
        made.push(artifact(created, random.u32(..), random.bool()));
    }
    random.shuffle(&mut made);
    made
}

fn policy(random: &mut fastrand::Rng) -> Policy {
    loop {
        let mut count = || if random.bool() { 0 } else { random.u32(0..8) };
        let mut rules = Rules {
            keep_last: count(),
            keep_hourly: count(),
            keep_daily: count(),
            keep_weekly: count(),
            keep_monthly: count(),
            keep_yearly: count(),
            keep_within: None,
        };
        if random.u8(..3) == 0 {
            rules.keep_within = Some(Duration::from_secs(random.u64(1..60 * DAY as u64)));
        }
        if let Ok(policy) = Policy::new(rules) {
            return policy;
        }
    }
}

#[test]
fn a_plan_is_what_the_rules_say_of_each_artifact_alone() {
    let mut random = fastrand::Rng::with_seed(41);
    let mut deleted = 0;
    for round in 0..4_000 {
        let now = Timestamp::from_second(random.i64(1_700_000_000..1_900_000_000)).unwrap();
        let (artifacts, policy) = (history(&mut random, now), policy(&mut random));
        let plan = plan(&artifacts, &policy, now);
        let mut all: Vec<_> = artifacts.iter().map(dated).collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        let (keep, delete): (Vec<&Dated<'_>>, Vec<_>) = all.iter().partition(|one| stays(one, &all, &policy, now));
        let paths = |list: &[&Dated<'_>]| list.iter().map(|one| one.one.path.clone()).collect::<Vec<ArtifactPath>>();
        assert_eq!(plan.delete, paths(&delete), "round {round}: {policy:?} at {now} over {artifacts:?}");
        assert_eq!(plan.keep.iter().map(|kept| kept.path.clone()).collect::<Vec<_>>(), paths(&keep), "round {round}");
        assert!(plan.keep.iter().all(|kept| !kept.reasons.is_empty()));
        deleted += delete.len();
    }
    assert!(deleted > 10_000, "the histories hardly ask anything: {deleted} deletions");
}

#[test]
fn a_plan_carried_out_leaves_nothing_more_to_delete() {
    let mut random = fastrand::Rng::with_seed(42);
    for round in 0..3_000 {
        let now = Timestamp::from_second(random.i64(1_700_000_000..1_900_000_000)).unwrap();
        let (artifacts, policy) = (history(&mut random, now), policy(&mut random));
        let gone: BTreeSet<_> = plan(&artifacts, &policy, now).delete.into_iter().collect();
        let left: Vec<_> = artifacts.into_iter().filter(|one| !gone.contains(&one.path)).collect();
        assert_eq!(plan(&left, &policy, now).delete, [], "round {round}: {policy:?}");
    }
}

#[test]
fn forged_future_dates_push_nothing_out() {
    let mut random = fastrand::Rng::with_seed(43);
    for round in 0..1_000 {
        let now = Timestamp::from_second(random.i64(1_700_000_000..1_900_000_000)).unwrap();
        let (mut artifacts, policy) = (history(&mut random, now), policy(&mut random));
        let before = plan(&artifacts, &policy, now).delete;
        for number in 0..50 {
            let ahead = SignedDuration::from_secs(random.i64(301..5000 * DAY));
            artifacts.push(artifact(now + ahead, number, true));
        }
        assert_eq!(plan(&artifacts, &policy, now).delete, before, "round {round}");
    }
}

#[test]
fn an_artifact_each_hour_for_two_years_keeps_as_many_as_the_rules_count() {
    let policy = gfs(3, 24, 7, 5, 12, 10);
    let start = at("2026-01-01T00:30:00Z");
    let mut there = Vec::new();
    for hour in 0..2 * 365 * 24 {
        let now = start + SignedDuration::from_hours(hour);
        there.push(artifact(now, 0, false));
        let gone: BTreeSet<_> = plan(&there, &policy, now).delete.into_iter().collect();
        there.retain(|one| !gone.contains(&one.path));
        // No rule overlaps another by more than it holds itself, and none keeps more than its number.
        assert!(there.len() <= 3 + 24 + 7 + 5 + 12 + 10, "{} at {now}", there.len());
    }
    // At the last hour of 2027: 24 hours; 7 days, of which the last is among the hours; 5 weeks, of which that of today and that of
    // Sunday the 26th are among the days; 12 months but this; 2 years but this.
    let plan = plan(&there, &policy, start + SignedDuration::from_hours(2 * 365 * 24 - 1));
    assert_eq!(there.len(), 24 + 6 + 3 + 11 + 1);
    let with =
        |word: &str| kept(&plan).iter().filter(|(_, reasons)| reasons.iter().any(|one| one.starts_with(word))).count();
    let counts = ["last 3", "hourly", "daily", "weekly", "monthly", "yearly", "newest"].map(with);
    assert_eq!(counts, [3, 24, 7, 5, 12, 2, 1]);
}

#[test]
fn each_kept_artifact_says_why() {
    let now = at("2026-11-28T14:30:00Z");
    let rules = Rules {
        keep_last: 2,
        keep_hourly: 1,
        keep_daily: 2,
        keep_weekly: 2,
        keep_monthly: 2,
        keep_yearly: 2,
        ..Rules::default()
    };
    let policy = Policy::new(Rules { keep_within: Some(Duration::from_hours(48)), ..rules }).unwrap();
    let artifacts = [
        artifact(at("2025-12-31T23:00:00Z"), 1, true),
        artifact(at("2026-10-31T23:00:00Z"), 2, true),
        artifact(at("2026-11-22T09:00:00Z"), 3, false),
        artifact(at("2026-11-26T14:29:59Z"), 4, false),
        artifact(at("2026-11-26T14:30:00Z"), 5, false),
        artifact(at("2026-11-28T14:00:00Z"), 6, false),
        artifact(at("2026-11-28T14:30:00Z"), 7, false),
        artifact(at("2026-11-28T14:36:00Z"), 8, false),
    ];
    let plan = plan(&artifacts, &policy, now);
    assert_eq!(plan.delete, [artifacts[3].path.clone()]);
    let told: Vec<String> =
        kept(&plan).into_iter().map(|(time, reasons)| format!("{time}: {}", reasons.join(", "))).collect();
    assert_eq!(
        told,
        [
            "2025-12-31T23:00:00Z: one of the last two verified, yearly 2025",
            "2026-10-31T23:00:00Z: one of the last two verified, monthly 2026-10",
            "2026-11-22T09:00:00Z: weekly 2026-W47",
            "2026-11-26T14:30:00Z: daily 2026-11-26, within 48h",
            "2026-11-28T14:00:00Z: last 2, within 48h",
            "2026-11-28T14:30:00Z: newest, last 2, hourly 2026-11-28T14, daily 2026-11-28, weekly 2026-W48, monthly 2026-11, \
             yearly 2026, within 48h",
            "2026-11-28T14:36:00Z: from the future",
        ]
    );
}

#[test]
fn the_last_two_verified_stay_however_old_they_are() {
    let now = at("2026-11-28T00:00:00Z");
    let day = |days: i64| now - SignedDuration::from_secs(days * DAY);
    let mut artifacts: Vec<_> = (1..200).map(|days| artifact(day(days), 0, false)).collect();
    for days in [150, 170, 190] {
        artifacts[days - 1].verified = true;
    }
    let plan = plan(&artifacts, &gfs(1, 0, 0, 0, 0, 0), now);
    assert_eq!(plan.keep.iter().map(|kept| kept.created).collect::<Vec<_>>(), [day(170), day(150), day(1)]);
}

#[test]
fn weeks_are_those_of_iso_also_at_the_turn_of_a_year() {
    // The Friday of 2026-W53 and the Monday of 2027-W01 lie in one calendar year, Thursday and Friday of 2026-W53 in two.
    let artifacts = ["2026-12-31T12:00:00Z", "2027-01-01T12:00:00Z", "2027-01-04T12:00:00Z"]
        .map(|text| artifact(at(text), 0, false));
    let plan = plan(&artifacts, &gfs(0, 0, 0, 9, 0, 0), at("2027-01-05T00:00:00Z"));
    let told: Vec<_> = kept(&plan).into_iter().flat_map(|(_, reasons)| reasons).collect();
    assert_eq!(told, ["weekly 2026-W53", "newest", "weekly 2027-W01"]);
    assert_eq!(plan.delete, [artifacts[0].path.clone()]);
}

#[test]
fn a_path_given_twice_counts_once() {
    let now = at("2026-11-28T00:00:00Z");
    let artifacts = [1, 1, 1, 2].map(|days| artifact(now - SignedDuration::from_secs(days * DAY), 0, true));
    assert_eq!(plan(&artifacts, &gfs(2, 0, 0, 0, 0, 0), now).keep.len(), 2);
}

#[test]
fn times_at_both_ends_of_the_calendar_are_no_trouble() {
    let policy = Policy::new(Rules { keep_within: Some(Duration::MAX), ..Rules::default() }).unwrap();
    let candidate = |created| Candidate { created, ..artifact(at("2026-11-28T00:00:00Z"), 0, false) };
    for (created, now) in [(Timestamp::MIN, Timestamp::MAX), (Timestamp::MAX, Timestamp::MIN)] {
        assert_eq!(plan(&[candidate(created)], &policy, now).delete, []);
    }
}
