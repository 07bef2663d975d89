//! A program is in the ledger before it does anything, and until it is gone.

use std::{
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::Command,
};

use super::{
    at, book,
    crash::{ACKNOWLEDGED, CHILD, again},
    job, node, one, started,
};
use crate::{Book, Entry, EntryError, Ledger, LedgerError, Process, ProcessId};

fn process(pid: i32) -> Process {
    Process {
        id: ProcessId { boot: "4f0c7b1e".to_owned(), pid, ticks: 77 },
        session: 12,
        run: started("backup", watchkeeper_model::Trigger::Manual("ann".to_owned()), 1).id,
        job: job("backup"),
        command: "pg_dump".to_owned(),
        started: at(i64::from(pid)),
    }
}

#[test]
fn what_started_is_there_until_it_ended_and_former_processes_leave_it() {
    let mut book = book();
    let (first, second) = (process(1), process(2));
    for process in [&second, &first, &first] {
        one(&mut book, Entry::ProcessStarted(process.clone())).unwrap();
    }
    assert_eq!(book.processes().unwrap(), [first.clone(), second.clone()], "brought twice, there once");

    book.join(&node()).unwrap();
    book.recover(at(9)).unwrap();
    assert_eq!(book.processes().unwrap().len(), 2);
    let same_number = ProcessId { ticks: 78, ..first.id.clone() };
    let after_a_boot = ProcessId { boot: "another".to_owned(), ..first.id.clone() };
    for id in [same_number, after_a_boot, first.id.clone(), first.id] {
        one(&mut book, Entry::ProcessEnded(id)).unwrap();
    }
    assert_eq!(book.processes().unwrap(), [second]);
}

#[tokio::test]
async fn a_process_that_is_not_in_charge_starts_nothing_and_may_tell_of_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(&path, &node()).unwrap();
    ledger.process_started(process(1)).await.unwrap();
    let later = Book::open(&path, &node()).unwrap();
    let fenced = ledger.process_started(process(2)).await.unwrap_err();
    assert!(matches!(fenced, LedgerError::Refused(EntryError::ProcessesFenced)), "{fenced}");
    assert_eq!(later.processes().unwrap(), ledger.processes().await.unwrap());
    ledger.process_ended(process(1).id).await.unwrap();
    assert!(later.processes().unwrap().is_empty());
}

#[test]
fn what_was_answered_before_a_kill_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut child = again("processes::child_starts_for_ever", &path, Command::new(std::env::current_exe().unwrap()));
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let last = lines.filter(|line| line.contains(ACKNOWLEDGED)).nth(40).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let words: Vec<_> = last.split(' ').collect();
    let [.., number, "."] = words[..] else { panic!("{last}") };
    let there = Book::open(&path, &node()).unwrap().processes().unwrap();
    let pids: Vec<_> = there.iter().map(|process| process.id.pid).collect();
    let answered: i32 = number.parse().unwrap();
    assert!(pids.len() >= usize::try_from(answered).unwrap(), "{answered} were answered: {pids:?}");
    assert!(pids.iter().copied().eq(1..=i32::try_from(pids.len()).unwrap()), "{pids:?}");
}

#[tokio::test]
async fn child_starts_for_ever() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let ledger = Ledger::open(Path::new(&path), &node()).unwrap();
    for pid in 1.. {
        ledger.process_started(process(pid)).await.unwrap();
        // The parent may have closed the pipe, and kills next.
        drop(writeln!(std::io::stdout(), "{ACKNOWLEDGED} {pid} ."));
    }
}
