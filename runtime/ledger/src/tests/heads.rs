//! A head is claimed once and follows on the one before; a ledger from before heads keeps its runs.

use std::{fs, os::unix::fs::PermissionsExt};

use watchkeeper_model::{BlockHash, Head, RunStart, Trigger};

use super::{asked, book, claim, claim_after, generation_after, job, node, one, probe, started};
use crate::{Book, Entry, EntryError, RunFilter, TriggerKind, schema};

fn head(branch: u8, number: u64) -> Head {
    Head { number, hash: BlockHash::new([branch; 32]) }
}

fn for_head(head: Head, previous: Option<u64>) -> RunStart {
    started("probe", Trigger::Head { chain: "dev".to_owned(), head, previous }, 1)
}

fn refused(number: u64) -> Result<(), EntryError> {
    Err(EntryError::HeadNotNext { job: job("probe"), number })
}

#[test]
fn a_head_is_claimed_once_and_the_next_follows_on_it() {
    let mut book = book();
    let first = for_head(head(1, 7), None);
    assert_eq!(one(&mut book, claim(&first)), Ok(()));
    assert_eq!(probe(&book).head, Some(head(1, 7)));
    assert_eq!(one(&mut book, claim(&first)), Ok(()), "the same claim is answered as before");
    assert_eq!(one(&mut book, claim(&for_head(head(1, 7), None))), refused(7));
    assert_eq!(one(&mut book, claim(&for_head(head(1, 7), Some(7)))), refused(7), "this head has its run");
    assert_eq!(one(&mut book, claim(&for_head(head(2, 9), Some(8)))), refused(9), "8 was left out");
    assert_eq!(one(&mut book, claim(&for_head(head(2, 9), Some(7)))), Ok(()));
    assert_eq!(one(&mut book, claim(&for_head(head(3, 9), Some(9)))), Ok(()), "9 was replaced");
    assert_eq!(book.unfinished().unwrap().len(), 3);
    assert_eq!(book.unfinished().unwrap()[0].start, first, "it is read as it was written");
    assert_eq!(probe(&book).cursor, super::at(0), "due times are another matter");
}

#[test]
fn another_schedule_begins_without_a_head() {
    let mut book = book();
    one(&mut book, claim(&for_head(head(1, 7), None))).unwrap();
    one(&mut book, generation_after(0, "probe", "head/1 dev every=2 confirmations=0", 5)).unwrap();
    assert_eq!(probe(&book).head, None);
    assert_eq!(one(&mut book, claim(&for_head(head(1, 8), None))), refused(8), "of a generation that is over");
}

#[test]
fn runs_for_heads_are_found_by_what_started_them() {
    let mut book = book();
    one(&mut book, claim(&for_head(head(1, 7), None))).unwrap();
    one(&mut book, claim_after(0, &asked("probe", 2))).unwrap();
    let of =
        |trigger| book.runs(&RunFilter { trigger: Some(trigger), limit: 9, ..RunFilter::default() }).unwrap().len();
    assert_eq!((of(TriggerKind::Head), of(TriggerKind::Manual), of(TriggerKind::Schedule)), (1, 1, 0));
}

#[test]
fn a_ledger_from_before_heads_keeps_its_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    schema::steps(&old, 0, 2).unwrap();
    old.execute_batch(
        "INSERT INTO nodes VALUES (1, '', '', 0);
         INSERT INTO jobs (id, name, generation, schedule, began, cursor, fence) VALUES (1, 'probe', 1, 'every/1 1s', 0, 9, 1);
         INSERT INTO runs (id, job, generation, nominal, attempt, plugin, digest, claimed, epoch, finished, outcome, message,
                           duration, cpu, peak_memory)
         VALUES (x'00000000000000000000000000000001', 1, 1, 9, 1, 'height', zeroblob(32), 9, 1, 10, 'success', 'done', 1, 1, 1);
         INSERT INTO runs (id, job, generation, asked_by, attempt, plugin, digest, claimed, epoch)
         VALUES (x'00000000000000000000000000000002', 1, 1, 'ann', 1, 'height', zeroblob(32), 9, 1);",
    )
    .unwrap();
    old.close().unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();

    let mut book = Book::open(&path, &node()).unwrap();
    let runs = book.runs(&RunFilter { limit: 9, ..RunFilter::default() }).unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0].start.trigger, Trigger::Manual("ann".to_owned()));
    assert_eq!(runs[1].end.as_ref().unwrap().message, "done");
    let run = RunStart { generation: 1, ..for_head(head(1, 7), None) };
    assert_eq!(one(&mut book, Entry::Claim { run, after: super::at(0) }), Ok(()));
}
