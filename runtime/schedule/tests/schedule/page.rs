//! The operators' page on schedules: its tables say what the code does.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use watchkeeper_model::{JobName, Outcome, RunId, SkipReason};
use watchkeeper_schedule::{CatchUp, Overlap, Policy, Retry, Schedule, retry_at};

const PAGE: &str = include_str!("../../../../docs/schedules.md");

/// The second cells of the page's rows of two cells, by each word in code style of the first.
fn rows(heading: &str) -> BTreeMap<&'static str, &'static str> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    rows.flat_map(|(words, cell)| words.split('`').skip(1).step_by(2).map(move |word| (word, cell))).collect()
}

#[test]
fn the_page_says_which_outcome_is_tried_again() {
    let rows = rows("What is tried again");
    let tried_again = |outcome, attempts, idempotent| {
        let schedule = Schedule::parse_every("1m").unwrap();
        let retry = Retry { attempts, backoff: Duration::from_secs(1), max_backoff: Duration::from_secs(1) };
        let policy = Policy { retry, idempotent, ..Policy::for_schedule(&schedule) };
        let job = JobName::new("backup").unwrap();
        retry_at(&policy, outcome, 1, &job, RunId::from_bits(1), Timestamp::UNIX_EPOCH).is_some()
    };
    for outcome in Outcome::ALL {
        let cell = rows[outcome.as_str()];
        assert_eq!(cell != "never", tried_again(outcome, 2, true), "{outcome}: {cell}");
        let only_idempotent = cell.starts_with("only with `idempotent = true`");
        assert_eq!(cell != "never" && !only_idempotent, tried_again(outcome, 2, false), "{outcome}: {cell}");
        assert_eq!(cell.contains("at least 3"), tried_again(outcome, 1, true), "{outcome}: {cell}");
    }
}

#[test]
fn the_page_has_every_reason_and_every_word() {
    let rows = rows("Why there was no run");
    for reason in SkipReason::ALL {
        assert!(rows.contains_key(reason.as_str()), "{reason}");
    }
    for word in CatchUp::ALL.map(CatchUp::as_str).into_iter().chain(Overlap::ALL.map(Overlap::as_str)) {
        assert!(PAGE.contains(&format!("| `{word}`")), "{word}");
    }
}
