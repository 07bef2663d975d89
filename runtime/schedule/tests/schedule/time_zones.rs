//! Across changes of the clock: fixed times come once on each matching local day, all others follow real time. Held
//! against an oracle that knows no rules: it looks at every minute of the days around a change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan, Unit, civil::DateTime, tz::TimeZone, tz::TimeZoneDatabase};
use watchkeeper_schedule::Schedule;

/// An expression, and the same spelled out: minutes, hours, whether its times are fixed.
struct Case(&'static str, &'static [i8], &'static [i8], bool);

const EVERY_HOUR: &[i8] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];

const CASES: [Case; 8] = [
    Case("30 2 * * *", &[30], &[2], true),
    Case("0 0 * * *", &[0], &[0], true),
    Case("30 2,14 * * *", &[30], &[2, 14], true),
    Case("15,45 0-3 * * *", &[15, 45], &[0, 1, 2, 3], true),
    Case("59 23 * * *", &[59], &[23], true),
    Case("0 * * * *", &[0], EVERY_HOUR, false),
    Case("*/20 1,2 * * *", &[0, 20, 40], &[1, 2], false),
    Case("30 */2 * * *", &[30], &[0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22], false),
];

/// The local times of each minute of the days around an instant.
struct Days {
    around: Timestamp,
    minutes: Vec<(Timestamp, DateTime)>,
    first_shown: BTreeMap<DateTime, Timestamp>,
}

impl Days {
    fn around(zone: &TimeZone, instant: Timestamp) -> Self {
        let around = instant.round(Unit::Minute).unwrap();
        let minutes: Vec<_> = (-3 * 1440..3 * 1440)
            .map(|minute: i64| around + minute.minutes())
            .map(|instant| (instant, zone.to_datetime(instant)))
            .collect();
        let mut first_shown = BTreeMap::new();
        for (instant, local) in &minutes {
            first_shown.entry(*local).or_insert(*instant);
        }
        Self { around, minutes, first_shown }
    }

    fn expected(&self, Case(_, minutes, hours, fixed): &Case) -> BTreeSet<Timestamp> {
        if !fixed {
            let matches = |local: &DateTime| hours.contains(&local.hour()) && minutes.contains(&local.minute());
            return self.minutes.iter().filter(|(_, local)| matches(local)).map(|(instant, _)| *instant).collect();
        }
        let dates: BTreeSet<_> = self.minutes.iter().map(|(_, local)| local.date()).collect();
        let times = hours.iter().flat_map(|hour| minutes.iter().map(move |minute| (*hour, *minute)));
        dates
            .iter()
            .flat_map(|date| times.clone().map(|(hour, minute)| date.at(hour, minute, 0, 0)))
            // Shown by the clock: its first instant. Jumped over: the first that is shown after it.
            .filter_map(|local| self.first_shown.range(local..).next())
            .map(|(_, instant)| *instant)
            .collect()
    }

    fn check(&self, zone: &str) {
        let (from, until) = (self.around - 36.hours(), self.around + 36.hours());
        for case in &CASES {
            let schedule = Schedule::parse_cron(case.0, zone).unwrap();
            let expected: Vec<_> = self.expected(case).into_iter().filter(|due| (from..until).contains(due)).collect();
            let mut found = schedule.upcoming(from - 1.nanosecond(), expected.len() + 1);
            found.retain(|due| *due < until);
            assert_eq!(found, expected, "{:?} in {zone} around {}", case.0, self.around);
        }
    }
}

fn changes(zone: &TimeZone, from: &str, until: &str) -> Vec<Timestamp> {
    let until: Timestamp = until.parse().unwrap();
    let changes = zone.following(from.parse().unwrap()).map(|change| change.timestamp());
    changes.take_while(|change| *change < until).collect()
}

#[test]
fn all_rules_hold_at_every_change_of_the_clock_in_zones_of_every_kind() {
    let zones = [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe", // half an hour
        "America/Santiago",    // at midnight
        "America/Nuuk",        // in the evening
        "Africa/Casablanca",   // four times a year
        "Antarctica/Troll",    // two hours
        "Asia/Kathmandu",      // none
    ];
    for name in zones {
        let zone = TimeZoneDatabase::bundled().get(name).unwrap();
        for change in changes(&zone, "2024-01-01T00:00Z", "2028-01-01T00:00Z") {
            Days::around(&zone, change).check(name);
        }
        Days::around(&zone, "2026-07-01T00:00Z".parse().unwrap()).check(name);
    }
}

#[test]
fn a_day_that_a_zone_left_out_has_no_fixed_times() {
    for (name, change) in [
        ("Pacific/Apia", "2011-12-30T10:00Z"),
        ("Pacific/Kwajalein", "1993-08-21T12:00Z"),
        ("Pacific/Kiritimati", "1994-12-31T10:40Z"),
    ] {
        let zone = TimeZoneDatabase::bundled().get(name).unwrap();
        Days::around(&zone, change.parse().unwrap()).check(name);
    }
}

#[test]
fn all_rules_hold_in_a_sample_of_all_zones_and_years() {
    let database = TimeZoneDatabase::bundled();
    let mut seen = 0_usize;
    for name in database.available() {
        let zone = database.get(name.as_str()).unwrap();
        for change in changes(&zone, "1972-06-01T00:00Z", "2037-01-01T00:00Z") {
            seen += 1;
            if seen.is_multiple_of(97) {
                Days::around(&zone, change).check(name.as_str());
            }
        }
    }
    assert!(seen > 10_000, "{seen}");
}
