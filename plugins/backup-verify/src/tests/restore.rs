//! A backup counts as restored only if all went well to the end, and the scratch database is dropped whatever happens.

use std::{cell::RefCell, rc::Rc, time::Duration};

use watchkeeper_sdk::{
    Error,
    artifacts::Mark,
    chain,
    command::{self, Exit},
    serde_json::{Value, json},
    testing::{Clock, Host, Ran, Run},
};

const DATABASE: &str = "watchkeeper_scratch";

/// A server with databases, and what was asked of it.
#[derive(Clone, Default)]
struct Server(Rc<Inner>);

#[derive(Default)]
struct Inner {
    asked: RefCell<Vec<String>>,
    databases: RefCell<Vec<String>>,
    restored: RefCell<Vec<u8>>,
    /// Commands that end otherwise.
    ends: RefCell<Vec<(&'static str, Ran)>>,
}

impl Server {
    fn ends(&self, command: &'static str, ran: Ran) {
        self.0.ends.borrow_mut().push((command, ran));
    }

    fn ask(&self, command: &'static str, holes: &[(String, String)], stdin: Vec<u8>) -> Ran {
        let [(hole, database)] = holes else { panic!("{holes:?}") };
        assert_eq!((hole.as_str(), database.as_str()), ("database", DATABASE));
        self.0.asked.borrow_mut().push(command.to_owned());
        let ends = self.0.ends.borrow().iter().find(|(name, _)| *name == command).map(|(_, ran)| ran.clone());
        if let Some(ran) = ends {
            return ran;
        }
        let mut databases = self.0.databases.borrow_mut();
        let known = databases.contains(database);
        match command {
            "dropdb" => databases.retain(|other| other != database),
            "createdb" if known => return Ran::badly("", Exit::Code(1), "already exists"),
            "createdb" => databases.push(database.clone()),
            _ if !known => return Ran::badly("", Exit::Code(2), "no such database"),
            "pg_restore" => drop(self.0.restored.replace(stdin)),
            _ => {}
        }
        Ran::well("t\n")
    }

    fn asked(&self) -> Vec<String> {
        self.0.asked.borrow().clone()
    }

    /// A host with two backups, of which the newer is `newest`.
    fn host(&self) -> Host {
        let mut host = Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into())));
        for command in ["dropdb", "createdb", "pg_restore", "psql_assert"] {
            let (server, clock) = (self.clone(), host.clock());
            host = host.command(command, move |holes, stdin| {
                clock.advance(Duration::from_secs(2));
                Ok(server.ask(command, holes, stdin))
            });
        }
        host.store().holds("postgres/app/1", "old", Clock::BEGIN - Duration::from_secs(7_200));
        host.store().holds("postgres/app/2", "the newest dump", Clock::BEGIN - Duration::from_secs(3_600));
        host
    }
}

const WHOLE: [&str; 5] = ["dropdb", "createdb", "pg_restore", "psql_assert", "dropdb"];

fn run(host: &Host) -> Run {
    host.run(crate::run, config())
}

fn config() -> Value {
    json!({ "restore": { "path": "postgres/app" } })
}

fn restored(host: &Host) -> Vec<String> {
    let marked = host.store().artifacts().into_iter().filter(|artifact| artifact.marked(Mark::RESTORED).is_some());
    marked.map(|artifact| artifact.path).collect()
}

#[test]
fn the_newest_is_restored_tried_dropped_and_marked() {
    let server = Server::default();
    let host = server.host();
    let run = run(&host);
    let said = "restored postgres/app/2 (15 B) in 4.0 s, and it stood its test";
    assert_eq!(run.outcome, Ok(said.into()));
    assert_eq!(server.asked(), WHOLE);
    assert_eq!(*server.0.restored.borrow(), b"the newest dump");
    assert!(server.0.databases.borrow().is_empty());
    assert_eq!(restored(&host), ["postgres/app/2"]);
    let shown = |metric: &str| run.samples(&format!("backup_restore_{metric}"), &["postgres/app"]);
    assert_eq!(shown("last_test_timestamp_seconds"), [host.clock().now().as_secs_f64()]);
    assert_eq!(shown("tested_backup_timestamp_seconds"), [(Clock::BEGIN.as_secs() - 3_600) as f64]);
    assert_eq!((shown("duration_seconds"), shown("size_bytes")), (vec![4.0], vec![15.0]));
    let stages: Vec<(u64, u64)> = run.progress.iter().map(|(_, done, total)| (*done, *total)).collect();
    assert_eq!(stages, [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5)]);
}

#[test]
fn what_a_run_that_was_killed_left_behind_is_dropped_first() {
    let server = Server::default();
    server.0.databases.borrow_mut().push(DATABASE.to_owned());
    let host = server.host();
    assert!(run(&host).outcome.is_ok());
    assert!(server.0.databases.borrow().is_empty());
}

#[test]
fn whatever_fails_the_database_is_dropped_and_nothing_is_marked() {
    let bad = |words: &str| Ran::badly("", Exit::Code(3), words);
    for (command, ran, words, asked) in [
        ("createdb", bad("no right to"), "command `createdb` exited with code 3: no right to", 2),
        ("pg_restore", bad("out of disk"), "command `pg_restore` exited with code 3: out of disk", 3),
        ("pg_restore", Ran::badly("", Exit::Signal(9), ""), "command `pg_restore` was ended by signal 9", 3),
        (
            "psql_assert",
            bad("0 orders"),
            "doesn't stand its test: command `psql_assert` exited with code 3: 0 orders",
            4,
        ),
        ("psql_assert", Ran::well("t\nf\n"), "doesn't stand its test: line 2 of what `psql_assert` printed is `f`", 4),
    ] {
        let server = Server::default();
        server.ends(command, ran);
        let host = server.host();
        let run = run(&host);
        let message = run.outcome.unwrap_err().to_string();
        assert!(message.starts_with("restore of `postgres/app`: ") && message.ends_with(words), "{message}");
        let mut expected: Vec<&str> = WHOLE.into_iter().take(asked).collect();
        expected.push("dropdb");
        assert_eq!(server.asked(), expected);
        assert!(server.0.databases.borrow().is_empty());
        assert!(restored(&host).is_empty());
    }
}

#[test]
fn a_dump_or_a_restored_database_that_is_bad_is_not_tried_again() {
    for (command, again) in [("createdb", true), ("dropdb", true), ("pg_restore", false), ("psql_assert", false)] {
        let server = Server::default();
        server.ends(command, Ran::badly("", Exit::Code(1), ""));
        let outcome = run(&server.host()).outcome;
        assert_eq!(matches!(outcome, Err(Error::Unavailable(_))), again, "{command}: {outcome:?}");
        assert_eq!(matches!(outcome, Err(Error::Failed(_))), !again, "{command}: {outcome:?}");
    }
}

#[test]
fn a_leftover_that_cannot_be_dropped_is_left_alone() {
    let server = Server::default();
    server.ends("dropdb", Ran::badly("", Exit::Code(1), "is being accessed by other users"));
    let host = server.host();
    let message = run(&host).outcome.unwrap_err().to_string();
    let words = "restore of `postgres/app`: the scratch database can't be dropped beforehand: command `dropdb` exited";
    assert!(message.starts_with(words), "{message}");
    assert_eq!(server.asked(), ["dropdb"]);
    assert!(restored(&host).is_empty());
}

#[test]
fn a_corrupt_artifact_is_named_as_the_reason() {
    for command_fails in [false, true] {
        let server = Server::default();
        if command_fails {
            server.ends("pg_restore", Ran::badly("", Exit::Code(1), "could not read from input file: end of file"));
        }
        let host = server.host();
        host.store().corrupts("postgres/app/2", "content.zst.age, bytes 0 to 4194303");
        let run = run(&host);
        let Err(Error::Failed(message)) = run.outcome else { panic!("{:?}", run.outcome) };
        let words = "restore of `postgres/app`: corrupt: content.zst.age, bytes 0 to 4194303";
        assert!(message.starts_with(words), "{message}");
        assert_eq!(message.contains("could not read from input file"), command_fails, "{message}");
        assert!(restored(&host).is_empty() && server.0.databases.borrow().is_empty());
    }
}

#[test]
fn without_a_backup_there_is_nothing_to_prove() {
    let server = Server::default();
    let run = server.host().run(crate::run, json!({ "restore": { "path": "postgres/other" } }));
    assert_eq!(run.outcome, Err(Error::Failed("restore of `postgres/other`: there is no artifact".into())));
    assert!(server.asked().is_empty());
}

#[test]
fn a_dry_run_restores_nothing() {
    let host = Server::default().host().command("dropdb", |_, _| Err(command::Error::DryRun("would run".into())));
    let run = run(&host);
    assert_eq!(run.outcome, Ok("would restore the newest of postgres/app".into()));
    assert!(restored(&host).is_empty());
}

#[test]
fn reading_back_and_restoring_go_together() {
    let server = Server::default();
    server.ends("psql_assert", Ran::well("f"));
    let both = json!({ "targets": ["postgres"], "restore": { "path": "postgres/app" } });
    let message = server.host().run(crate::run, both).outcome.unwrap_err().to_string();
    assert!(message.contains("doesn't stand its test") && message.contains("; read part "), "{message}");
}
