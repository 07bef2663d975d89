//! Questions find what they ask for, whole and in order.

use std::{collections::BTreeMap, time::Duration};

use watchkeeper_model::{Outcome, SkipReason};

use super::{asked, at, book, claim, claim_after, due, end, finish, generation, job, one, ran, skip, skipped};
use crate::{Action, Book, COMMIT_BOUNDS, Entry, Ledger, RunFilter, TriggerKind};

fn seconds(book: &Book, filter: RunFilter) -> Vec<i64> {
    let limit = if filter.limit == 0 { 100 } else { filter.limit };
    let found = book.runs(&RunFilter { limit, ..filter }).unwrap();
    found.into_iter().map(|run| run.start.claimed.as_second() - at(0).as_second()).collect()
}

/// `probe` at seconds 1 to 8 (every fourth fails), asked for at 5; `other` at 2, which goes on.
fn filled() -> Book {
    let mut book = book();
    one(&mut book, generation("other", "every 1s", 0)).unwrap();
    one(&mut book, claim_after(0, &due("other", 2))).unwrap();
    for second in 1..=8 {
        let run = if second == 5 { asked("probe", 5) } else { due("probe", second) };
        ran(&mut book, &run, if second % 4 == 0 { Outcome::Failed } else { Outcome::Success });
    }
    book
}

#[test]
fn runs_are_found_by_what_is_asked_newest_first() {
    let book = filled();
    let any = RunFilter::default;
    assert_eq!(seconds(&book, any()), [8, 7, 6, 5, 4, 3, 2, 2, 1]);
    assert_eq!(seconds(&book, RunFilter { job: Some(job("other")), ..any() }), [2]);
    assert_eq!(seconds(&book, RunFilter { job: Some(job("nobody")), ..any() }), [0; 0]);
    assert_eq!(seconds(&book, RunFilter { outcome: Some(Outcome::Failed), ..any() }), [8, 4]);
    assert_eq!(seconds(&book, RunFilter { outcome: Some(Outcome::Success), limit: 2, ..any() }), [7, 6]);
    assert_eq!(seconds(&book, RunFilter { trigger: Some(TriggerKind::Manual), ..any() }), [5]);
    assert_eq!(seconds(&book, RunFilter { trigger: Some(TriggerKind::Schedule), limit: 1, ..any() }), [8]);
    assert_eq!(seconds(&book, RunFilter { after: Some(at(6)), ..any() }), [8, 7, 6]);
    assert_eq!(seconds(&book, RunFilter { before: Some(at(2)), ..any() }), [1]);
    let both = RunFilter { job: Some(job("probe")), outcome: Some(Outcome::Failed), before: Some(at(8)), ..any() };
    assert_eq!(seconds(&book, both), [4]);
    assert_eq!(book.unfinished().unwrap().len(), 1);
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let book = filled();
    let (mut pages, mut before_id) = (Vec::new(), None);
    loop {
        let page = book.runs(&RunFilter { limit: 2, before_id, ..RunFilter::default() }).unwrap();
        let Some(last) = page.last() else { break };
        before_id = Some(last.start.id);
        pages.extend(page.iter().map(|run| run.start.id));
    }
    let whole = book.runs(&RunFilter { limit: 100, ..RunFilter::default() }).unwrap();
    assert_eq!(pages, whole.iter().map(|run| run.start.id).collect::<Vec<_>>());
}

#[test]
fn actions_are_told_newest_first_and_in_pages() {
    let mut book = book();
    for number in 1..=5 {
        let (by, verb, note) = ("ann".to_owned(), "run".to_owned(), number.to_string());
        let action = Action { at: at(number), by, verb, job: Some(job("probe")), run: None, note };
        one(&mut book, Entry::Action(action.clone())).unwrap();
        one(&mut book, Entry::Action(action)).unwrap();
    }
    let page = book.actions(None, 2).unwrap();
    assert_eq!(page.iter().map(|record| record.action.note.as_str()).collect::<Vec<_>>(), ["5", "4"]);
    let rest = book.actions(Some(page[1].id), 9).unwrap();
    assert_eq!(
        rest.iter().map(|record| record.action.note.as_str()).collect::<Vec<_>>(),
        ["3", "2", "1"],
        "brought twice, told once"
    );
}

#[test]
fn the_timeline_counts_each_run_and_skip_in_its_bucket() {
    let mut book = book();
    // 1 800 000 000 is a multiple of 60: seconds 0 to 59 are a bucket.
    for (second, outcome) in [(1, Outcome::Success), (59, Outcome::Success), (60, Outcome::Failed)] {
        ran(&mut book, &due("probe", second), outcome);
    }
    one(&mut book, Entry::Skip { skip: skip("probe", SkipReason::Paused, 90, 239), after: at(60) }).unwrap();
    one(&mut book, skipped(skip("probe", SkipReason::Overlap, 240, 240))).unwrap();
    one(&mut book, claim(&due("probe", 241))).unwrap();

    let told = |after| {
        let buckets = book.timeline(at(after), Duration::from_secs(60)).unwrap();
        buckets.into_iter().map(|told| (told.start, told.runs, told.skips)).collect::<Vec<_>>()
    };
    let (runs, skips) = (|of: &[_]| of.iter().copied().collect(), |of: &[_]| of.iter().copied().collect());
    let whole: Vec<(_, BTreeMap<_, _>, BTreeMap<_, _>)> = vec![
        (at(0), runs(&[(Outcome::Success, 2)]), skips(&[])),
        (at(60), runs(&[(Outcome::Failed, 1)]), skips(&[(SkipReason::Paused, 30)])),
        (at(120), runs(&[]), skips(&[(SkipReason::Paused, 60)])),
        (at(180), runs(&[]), skips(&[(SkipReason::Paused, 60)])),
        (at(240), runs(&[]), skips(&[(SkipReason::Overlap, 1)])),
    ];
    assert_eq!(told(0), whole);
    assert_eq!(told(200)[0], (at(180), runs(&[]), skips(&[(SkipReason::Paused, 40)])));
}

#[tokio::test]
async fn figures_tell_of_size_and_commit_times() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger.db"), &super::node()).unwrap();
    let run = due("probe", 1);
    let entries =
        vec![generation("probe", "every 1s", 0), claim(&run), finish(&run, end(Outcome::Success, 1)), claim(&run)];
    assert!(ledger.record(entries).await.into_iter().all(|result| result.is_ok()));
    assert!(ledger.record_one(claim(&due("probe", 1))).await.is_err());
    let stats = ledger.stats();
    assert_eq!((stats.writes, stats.transactions, stats.failures), (4, 2, 0));
    assert_eq!(stats.commits.counts.iter().sum::<u64>(), 2);
    assert!(stats.commits.sum > Duration::ZERO && COMMIT_BOUNDS.is_sorted());
    let before = ledger.size().await.unwrap();
    let runs: Vec<_> = (2..=2_000).map(|second| claim(&due("probe", second))).collect();
    ledger.record(runs).await;
    assert!(ledger.size().await.unwrap() > before + 200_000);
}
