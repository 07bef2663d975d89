//! Due times counted and sought from behind, held against plain enumeration; and schedules as the ledger keeps them.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use proptest::{prelude::*, sample::select};
use watchkeeper_model::JobName;
use watchkeeper_schedule::{CatchUp, DueRange, Overlap, Schedule};

const CRON: [(&str, &str); 8] = [
    ("* * * * *", "UTC"),
    ("*/5 9-17 * * 1-5", "America/New_York"),
    ("30 2,14 * * *", "Europe/Berlin"),
    ("0 0 * * *", "America/Santiago"),
    ("*/20 1,2 * * *", "Australia/Lord_Howe"),
    ("0 0 L * *", "Pacific/Apia"),
    ("0 12 * * mon#2", "UTC"),
    ("0 0 29 2 *", "Asia/Tokyo"),
];

fn schedules() -> impl Strategy<Value = Schedule> {
    let job = JobName::new("backup").unwrap();
    let every = select(&["100ms", "1s", "7s", "1m30s", "2h", "8784h"]);
    prop_oneof![
        every.prop_map(move |every| Schedule::parse_every(every).unwrap().spread(&job, Duration::ZERO)),
        select(&CRON).prop_map(|(expression, zone)| Schedule::parse_cron(expression, zone).unwrap()),
    ]
}

proptest! {
    #[test]
    fn counts_and_the_latest_are_those_of_enumeration(
        schedule in schedules(),
        after in 0..2_000_000_000_i64,
        seconds in prop_oneof![-10..100_i64, 0..100_000_i64, 0..40_000_000_i64],
        cap in 1..2_000_usize,
    ) {
        let after = Timestamp::from_second(after).unwrap();
        let until = after + seconds.seconds();
        // From behind, the oldest are too many to go through.
        let due: Vec<_> = schedule.upcoming(after, cap).into_iter().take_while(|due| *due <= until).collect();
        let counted = schedule.count_between(after, until, u64::try_from(cap).unwrap());
        let expected = due.first().zip(due.last()).map(|(first, last)| DueRange {
            first: *first,
            last: *last,
            count: u64::try_from(due.len()).unwrap(),
        });
        prop_assert_eq!(counted, expected);
        let latest = schedule.latest(after, until);
        prop_assert_eq!(latest.is_some(), expected.is_some());
        if let Some(latest) = latest {
            prop_assert!(latest > after && latest <= until);
            prop_assert!(schedule.next(latest).is_none_or(|next| next > until), "{:?} is not the latest", latest);
            prop_assert_eq!(schedule.next(latest - 1.nanosecond()), Some(latest), "no due time");
        }
    }

    #[test]
    fn a_schedule_is_read_back_from_its_record(schedule in schedules(), after in 0..2_000_000_000_i64) {
        let job = JobName::new("backup").unwrap();
        let again = Schedule::from_record(&schedule.to_record(), &job).unwrap();
        let after = Timestamp::from_second(after).unwrap();
        prop_assert_eq!(again.upcoming(after, 5), schedule.upcoming(after, 5));
        prop_assert_eq!(again.to_record(), schedule.to_record());
    }
}

#[test]
fn no_due_times_are_counted_with_a_cap_of_none() {
    for schedule in [Schedule::parse_every("1s").unwrap(), Schedule::parse_cron("* * * * *", "UTC").unwrap()] {
        assert_eq!(schedule.count_between(Timestamp::UNIX_EPOCH, Timestamp::MAX, 0), None);
    }
}

#[test]
fn texts_that_mean_the_same_have_one_record() {
    let cron = |text| Schedule::parse_cron(text, "Europe/Berlin").unwrap().to_record();
    assert_eq!(cron("0 2 * * mon"), "cron/1 Europe/Berlin 0 2 * * MON");
    assert_eq!(cron(" 0  2 * * Mon "), cron("0 2 * * MON"));
    assert_eq!(cron("@daily"), cron("0 0 * * *"));
    let zone = |zone| Schedule::parse_cron("@daily", zone).unwrap().to_record();
    assert_eq!(zone("utc"), "cron/1 UTC 0 0 * * *");
    assert_eq!(zone("europe/berlin"), zone("Europe/Berlin"));
    let every = |text| Schedule::parse_every(text).unwrap().to_record();
    assert_eq!(
        [every("90s"), every("1m30s"), every("1.5s"), every("100.5ms")].join(" "),
        "every/1 90s every/1 90s every/1 1500ms every/1 100500000ns"
    );
}

#[test]
fn a_record_of_other_rules_is_refused() {
    let job = JobName::new("backup").unwrap();
    for text in ["", "every/1", "every/2 30s", "cron/1 UTC", "cron/2 UTC 0 2 * * *", "cron/1 Mars/Base 0 2 * * *"] {
        assert!(Schedule::from_record(text, &job).is_err(), "{text}");
    }
}

#[test]
fn policies_have_the_words_of_the_jobs_file() {
    assert_eq!(Overlap::ALL.map(Overlap::as_str), ["skip", "queue", "cancel-previous", "allow"]);
    assert_eq!(CatchUp::ALL.map(CatchUp::as_str), ["none", "latest", "all"]);
    assert!(Overlap::ALL.iter().all(|overlap| overlap.as_str().parse() == Ok(*overlap)));
    assert!(CatchUp::ALL.iter().all(|catch_up| catch_up.as_str().parse() == Ok(*catch_up)));
    assert!("replace".parse::<Overlap>().is_err() && "one".parse::<CatchUp>().is_err());
}
