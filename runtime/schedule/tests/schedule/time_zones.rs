//! Across changes of the clock: fixed times come once on each matching local day, all others follow real time. Held
//! against the brute force of `oracle`.
//!
//! A sample runs each time, from a fixed seed. With `WATCHKEEPER_WHOLE_DST=1`, every zone of the IANA database is gone
//! through from 1970 to 2037 with every expression below: those with up to [`SPARSE`] times a day in one chain from the
//! first due time to the last, the denser ones for the days around each change of the clock. Of names whose clocks went
//! alike, the first is taken. That takes a quarter of an hour, optimised:
//! `WATCHKEEPER_WHOLE_DST=1 cargo test --release -p watchkeeper-schedule time_zones`.

use std::{collections::HashSet, env};

use jiff::{
    Timestamp, ToSpan,
    tz::{TimeZone, TimeZoneDatabase},
};

use crate::oracle::{Clock, Expression, Random, check};

const FIXED: [&str; 18] = [
    "0 0",
    "30 2",
    "0 2",
    "0 3",
    "59 23",
    "30 2,14",
    "15,45 0-3",
    "0 1-3",
    "30 0,12",
    "0 0,6,12,18",
    "5 4",
    "45 23",
    "1 1",
    "59 1",
    "59 2",
    "7-11 2",
    "1-59/2 2",
    "15 0-23/2",
];
const FOLLOWING: [&str; 13] = [
    "* *",
    "*/5 *",
    "*/20 1,2",
    "0 *",
    "30 */2",
    "*/15 0-4",
    "* 2",
    "59 *",
    "*/59 *",
    "7 */3",
    "*/30 23",
    "30-59 */12",
    "*/7 0-23/3",
];
const DAYS: [&str; 18] = [
    "* * *",
    "* * 1-5",
    "1 * *",
    "1,L * *",
    "LW * *",
    "15W * *",
    "1W 1-6 *",
    "* * 5L",
    "* * 1#2",
    "13 * 5",
    "*/2 * 2",
    "29 2 *",
    "1 1 *",
    "31 * *",
    "* 3,10,11 0",
    "* JAN-MAR,OCT MON-FRI",
    "28-31 * 7",
    "1-7 * */2",
];
/// Times a day up to which an expression is followed through all years.
const SPARSE: usize = 48;
/// Pairs of an expression and a change of some clock that the sample looks at.
const SAMPLE: usize = 9_000;

fn expressions() -> Vec<Expression> {
    Expression::product(FIXED.into_iter().chain(FOLLOWING), &DAYS)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

fn every_zone() -> Vec<String> {
    TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect()
}

fn changes(name: &str, from: &str, until: &str) -> Vec<Timestamp> {
    let zone = zone(name);
    let changes = zone.following(at(from)).map(|change| change.timestamp());
    changes.take_while(|change| *change < at(until)).collect()
}

/// Looks at the days around an instant.
fn check_around<'a>(name: &str, instant: Timestamp, expressions: impl IntoIterator<Item = &'a Expression>) {
    let (from, until) = (instant - 48.hours(), instant + 48.hours());
    let clock = Clock::walk(&zone(name), from, until);
    for expression in expressions {
        check(name, &clock, expression, from, until);
    }
}

#[test]
fn all_rules_hold_at_every_change_of_the_clock_in_zones_of_every_kind() {
    let expressions = Expression::product(FIXED.into_iter().chain(FOLLOWING), &["* * *"]);
    for name in [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe", // half an hour
        "America/Santiago",    // at midnight
        "America/Nuuk",        // in the evening
        "Africa/Casablanca",   // four times a year
        "Antarctica/Troll",    // two hours
        "Asia/Kathmandu",      // none
    ] {
        for change in changes(name, "2024-01-01T00:00Z", "2026-01-01T00:00Z") {
            check_around(name, change, &expressions);
        }
        check_around(name, at("2026-07-01T00:00Z"), &expressions);
    }
}

#[test]
fn a_day_that_a_zone_left_out_has_no_fixed_times() {
    let midnight = Expression::product(["0 0", "15,45 0-3", "59 23"], &["* * *"]);
    for (name, change) in [
        ("Pacific/Apia", "2011-12-30T10:00Z"),
        ("Pacific/Kwajalein", "1993-08-21T12:00Z"),
        ("Pacific/Kiritimati", "1994-12-31T10:40Z"),
        ("Africa/Monrovia", "1972-01-07T00:44:30Z"), // by 44 minutes and 30 seconds, at midnight: not the whole day
    ] {
        check_around(name, at(change), &midnight);
    }
}

#[test]
fn all_rules_hold_in_a_sample_of_all_zones_years_and_expressions() {
    let (zones, expressions) = (every_zone(), expressions());
    let mut random = Random(2026);
    let mut seen = 0;
    while seen < SAMPLE {
        let name = random.pick(&zones);
        let changes = changes(name, "1970-01-05T00:00Z", "2037-12-25T00:00Z");
        if changes.is_empty() {
            continue;
        }
        for _ in 0..12 {
            check_around(name, *random.pick(&changes), [random.pick(&expressions)]);
            seen += 1;
        }
    }
}

#[test]
fn rare_times_are_found_over_all_changes_of_the_clock_between() {
    let (zones, expressions) = (every_zone(), expressions());
    let rare: Vec<_> = expressions.into_iter().filter(|expression| expression.times_a_day() <= 2).collect();
    let mut random = Random(2037);
    for _ in 0..100 {
        let (name, from) = (random.pick(&zones), random.pick(&["1970-01-02T00:00Z", "1994-01-01T00:00Z"]));
        let (from, until) = (at(from), at(from) + (12 * 366 * 24).hours());
        let clock = Clock::walk(&zone(name), from, until);
        for _ in 0..4 {
            check(name, &clock, random.pick(&rare), from, until);
        }
    }
}

#[test]
fn all_rules_hold_in_every_zone_from_1970_to_2037() {
    if env::var_os("WATCHKEEPER_WHOLE_DST").is_none() {
        return;
    }
    let expressions = expressions();
    let (sparse, dense): (Vec<_>, Vec<_>) =
        expressions.iter().partition(|expression| expression.times_a_day() <= SPARSE);
    let (from, until) = (at("1970-01-01T00:00Z"), at("2037-12-31T23:59:59Z"));
    let (mut clocks, mut due) = (HashSet::new(), 0);
    for name in every_zone() {
        let clock = Clock::walk(&zone(&name), from, until);
        if !clocks.contains(&clock) {
            due += sparse.iter().map(|expression| check(&name, &clock, expression, from, until)).sum::<usize>();
            for change in changes(&name, "1970-01-05T00:00Z", "2037-12-25T00:00Z") {
                check_around(&name, change, dense.iter().copied());
            }
            clocks.insert(clock);
            eprintln!("{name}: {} clocks, {due} due times followed", clocks.len());
        }
    }
}
