//! A keeper that was killed leaves no program running into the next one's runs, and a stranger who has its number is left alone.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, Command, Stdio},
};

use watchkeeper_contract::Open;
use watchkeeper_ledger::{Process, ProcessId};

use crate::support::{House, asker, job, launcher, lives, soon, until};

/// A launcher as a keeper that was killed left it.
struct Left {
    child: Child,
    stdin: Option<ChildStdin>,
    process: Process,
}

impl Left {
    fn new(script: &str) -> Self {
        let mut command = Command::new(launcher());
        command.args(["launch-command", "--folder", "/", "--", "/bin/sh", "-c", script]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let pid = i32::try_from(child.id()).unwrap();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim().to_owned();
        let process = Process {
            id: ProcessId { boot, pid, ticks: fields[19].parse().unwrap() },
            session: fields[3].parse().unwrap(),
            run: asker().run,
            job: job(),
            command: "dump".to_owned(),
            started: jiff::Timestamp::now(),
        };
        Self { child, stdin, process }
    }

    /// Lets it become its program, and hears its first line.
    fn go(&mut self) -> String {
        self.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        let mut line = String::new();
        BufReader::new(self.child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn pid(&self) -> String {
        self.process.id.pid.to_string()
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// What the next keeper makes of a row.
async fn recover(process: Process) {
    let house = House::new([]);
    house.ledger.process_started(process).await.unwrap();
    soon(house.commands.recover()).await.unwrap();
    assert!(house.ledger.processes().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launcher_without_its_word_never_becomes_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it-ran");
    let mut left = Left::new(&format!("touch {}", file.display()));
    drop(left.stdin.take());
    assert_eq!(left.child.wait().unwrap().code(), Some(125));
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_keeper_left_is_ended_with_its_group() {
    let mut left = Left::new("trap '' TERM HUP; sleep 1000 & echo $!; wait; sleep 1000");
    let child = left.go();
    assert!(lives(&left.pid()) && lives(&child));
    recover(left.process.clone()).await;
    assert!(!lives(&left.pid()) && !lives(&child));
}

#[tokio::test(flavor = "multi_thread")]
async fn children_whose_leader_is_gone_are_ended_too() {
    let mut left = Left::new("sleep 1000 & echo $!; exit 0");
    let child = left.go();
    left.child.wait().unwrap();
    assert!(lives(&child) && !lives(&left.pid()));
    let other = Process { session: left.process.session + 1, ..left.process.clone() };
    recover(other).await;
    assert!(lives(&child), "a group of another session is a stranger's");
    recover(left.process.clone()).await;
    until("the child is gone", || !lives(&child)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_number_of_another_time_or_boot_is_left_alone() {
    let mut left = Left::new("sleep 1000 & echo $!; wait");
    let child = left.go();
    let id = left.process.id.clone();
    let strangers = [
        ProcessId { ticks: id.ticks - 1, ..id.clone() },
        ProcessId { ticks: id.ticks + 1, ..id.clone() },
        ProcessId { boot: "another boot".to_owned(), ..id },
    ];
    for id in strangers {
        recover(Process { id, ..left.process.clone() }).await;
        assert!(lives(&left.pid()) && lives(&child));
    }
    recover(left.process.clone()).await;
    until("the child is gone", || !lives(&child)).await;
}
