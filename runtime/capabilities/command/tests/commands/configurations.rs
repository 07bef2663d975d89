//! Commands that can't be right are refused when the configuration is read, and those that became wrong when they are to start.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use watchkeeper_command::{CommandError, Exit};
use watchkeeper_ledger::{Ledger, NodeStart};

use crate::support::{House, program, run_whole, script, soon, start};

/// A program that is no program of any kind: it has no first line that says what runs it.
fn write(path: &Path, mode: u32) {
    fs::write(path, "echo here\n").unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn refusal(settings: watchkeeper_config::CommandSettings) -> String {
    House::open([("dump", settings)]).err().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_folders_and_users_are_looked_at_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump");
    let shown = path.display();
    let text = refusal(program(&path, &[]));
    assert!(text.starts_with(&format!("commands.dump.program: {shown}: can't be read: No such file")), "{text}");
    write(&path, 0o644);
    let text = refusal(program(&path, &[]));
    assert!(text.starts_with(&format!("commands.dump.program: {shown}: can't be run: ")), "{text}");
    assert!(text.ends_with(&format!("\nhint: chmod +x {shown}")), "{text}");
    write(&path, 0o777);
    let text = refusal(program(&path, &[]));
    assert!(text.contains("others may write to it (mode 777)\nhint: chmod go-w "), "{text}");
    write(&path, 0o755);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let text = refusal(program(&path, &[]));
    assert!(text.contains("others may write to it (mode 777)"), "whoever can replace it can change it: {text}");

    let mut elsewhere = script("", &[]);
    elsewhere.folder = folder.path().join("gone");
    let text = refusal(elsewhere);
    assert!(text.starts_with("commands.dump.folder: ") && text.contains("gone: not a folder\nhint: "), "{text}");
    let mut unknown = script("", &[]);
    unknown.user = Some("nobody-of-this-name".to_owned());
    let text = refusal(unknown);
    assert!(text.starts_with("commands.dump.user: there is no user \"nobody-of-this-name\"\nhint: "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_start_any_more_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump");
    write(&path, 0o755);
    let mut settings = script("echo here", &[]);
    settings.folder = folder.path().join("work");
    fs::create_dir(&settings.folder).unwrap();
    let house = House::new([("dump", program(&path, &[])), ("work", settings)]);
    let run = house.begin();

    // It is there, and nothing that the kernel could run: no shell takes it up.
    let (bytes, verdict, ended) = run_whole(&run, "dump", None).await;
    assert_eq!((bytes.as_slice(), &ended.exit), (&b""[..], &Exit::Code(126)));
    let why = format!("watchkeeper: {}: can't be run: it is neither a binary nor begins with `#!`", path.display());
    assert_eq!((verdict.is_err(), ended.stderr), (true, why));
    fs::remove_dir(folder.path().join("work")).unwrap();
    let (_, _, ended) = run_whole(&run, "work", None).await;
    assert_eq!(ended.exit, Exit::Code(126));
    assert!(ended.stderr.contains("/work: can't be its folder: No such file"), "{}", ended.stderr);

    fs::remove_file(&path).unwrap();
    let error = soon(start(&run, "dump", None)).await.unwrap_err();
    assert!(matches!(&error, CommandError::Spawn(text) if text.starts_with("command `dump`: ")), "{error}");
    assert_eq!((house.ended("failure"), house.ended("not_started")), (2.0, 1.0));
    assert!(house.ledger.processes().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_does_nothing_before_the_ledger_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let (file, path) = (folder.path().join("it-ran"), folder.path().join("ledger.db"));
    let node = NodeStart { host: String::new(), version: String::new(), started: jiff::Timestamp::UNIX_EPOCH };
    let ledger = Ledger::open(&path, &node).unwrap();
    let settings = script("touch $1", &[file.to_str().unwrap()]);
    let house = House::open_with(ledger, [("touch", settings)]).unwrap();
    // The ledger waits a second for this lock before it gives up: time enough for a program that was let go.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = soon(start(&house.begin(), "touch", None)).await.unwrap_err();
    let CommandError::Spawn(text) = &error else { panic!("{error:?}") };
    assert!(text.starts_with("command `touch`: it can't be recorded: the ledger's file is locked"), "{text}");
    assert!(!file.exists());
    other.execute_batch("ROLLBACK").unwrap();
    assert!(house.ledger.processes().await.unwrap().is_empty());
    let (_, verdict, _) = run_whole(&house.begin(), "touch", None).await;
    assert!(verdict.is_ok() && file.exists());
}
