//! Due times without a run have one disposition, in as few rows as tell the same.

use watchkeeper_model::{Skip, SkipReason};

use super::{at, book, claim, due, job, one, probe, skip, skipped};
use crate::{Book, Entry, EntryError};

fn skips(book: &Book) -> Vec<Skip> {
    book.skips(&job("probe"), at(0), 100).unwrap()
}

#[test]
fn a_skip_moves_the_cursor_and_is_never_recorded_twice() {
    let mut book = book();
    one(&mut book, skipped(skip("probe", SkipReason::TooLate, 1, 10))).unwrap();
    assert_eq!((probe(&book).cursor, probe(&book).skips), (at(10), 10));
    let refused = |second| Err(EntryError::AlreadyDisposed { job: job("probe"), nominal: at(second) });
    assert_eq!(one(&mut book, claim(&due("probe", 10))), refused(10));
    assert_eq!(one(&mut book, skipped(skip("probe", SkipReason::TooLate, 10, 11))), refused(10));
    assert_eq!(one(&mut book, skipped(skip("probe", SkipReason::Overlap, 1, 10))), refused(1));
    assert_eq!(
        one(&mut book, skipped(Skip { generation: 2, ..skip("probe", SkipReason::Overlap, 11, 11) })),
        refused(11)
    );
    // The same once more: the answer to the first may have been lost.
    one(&mut book, skipped(skip("probe", SkipReason::TooLate, 1, 10))).unwrap();
    assert_eq!((probe(&book).cursor, probe(&book).skips), (at(10), 10));
    assert_eq!(skips(&book), [skip("probe", SkipReason::TooLate, 1, 10)]);
}

#[test]
fn skips_in_a_row_for_one_reason_share_a_row() {
    let mut book = book();
    for second in 1..=1_000 {
        one(&mut book, skipped(skip("probe", SkipReason::Paused, second, second))).unwrap();
    }
    assert_eq!(skips(&book), [skip("probe", SkipReason::Paused, 1, 1_000)]);

    one(&mut book, skipped(skip("probe", SkipReason::Blackout, 1_001, 1_001))).unwrap();
    one(&mut book, claim(&due("probe", 1_002))).unwrap();
    one(&mut book, skipped(skip("probe", SkipReason::Blackout, 1_003, 1_005))).unwrap();
    let told: Vec<_> = skips(&book).into_iter().map(|skip| (skip.reason, skip.first, skip.last)).collect();
    assert_eq!(
        told,
        [
            (SkipReason::Blackout, at(1_003), at(1_005)),
            (SkipReason::Blackout, at(1_001), at(1_001)),
            (SkipReason::Paused, at(1), at(1_000)),
        ],
        "another reason, and a run between, begin a new row"
    );
    assert_eq!(book.skips(&job("probe"), at(1_001), 1).unwrap().len(), 1);
    assert_eq!((probe(&book).skips, probe(&book).runs), (1_004, 1));
}

#[test]
fn what_is_to_be_left_out_is_counted_down() {
    let mut book = book();
    one(&mut book, Entry::SkipNext { job: job("probe"), count: 2 }).unwrap();
    one(&mut book, skipped(skip("probe", SkipReason::SkipNext, 1, 1))).unwrap();
    assert_eq!(probe(&book).skip_next, 1);
    one(&mut book, skipped(skip("probe", SkipReason::Overlap, 2, 2))).unwrap();
    assert_eq!(probe(&book).skip_next, 1);
    one(&mut book, skipped(skip("probe", SkipReason::SkipNext, 3, 3))).unwrap();
    assert_eq!(probe(&book).skip_next, 0);
    one(&mut book, Entry::SkipNext { job: job("probe"), count: 5 }).unwrap();
    one(&mut book, Entry::SkipNext { job: job("probe"), count: 0 }).unwrap();
    assert_eq!(probe(&book).skip_next, 0);
}

#[test]
fn resuming_disposes_of_the_pause_or_does_nothing() {
    let mut book = book();
    let pause = Entry::Pause { job: job("probe"), by: "ann".to_owned(), note: "node upgrade".to_owned(), at: at(1) };
    one(&mut book, pause).unwrap();
    let told = probe(&book).paused.unwrap();
    assert_eq!((told.at, told.by.as_str(), told.note.as_str()), (at(1), "ann", "node upgrade"));

    let resume = |skip| Entry::Resume { job: job("probe"), skip, after: at(0) };
    let wrong = Skip { generation: 9, ..skip("probe", SkipReason::Paused, 1, 4) };
    assert!(one(&mut book, resume(Some(wrong))).is_err());
    assert!(probe(&book).paused.is_some() && skips(&book).is_empty());
    one(&mut book, resume(Some(skip("probe", SkipReason::Paused, 1, 4)))).unwrap();
    assert_eq!((probe(&book).paused, probe(&book).cursor), (None, at(4)));
    one(&mut book, resume(None)).unwrap();
}
