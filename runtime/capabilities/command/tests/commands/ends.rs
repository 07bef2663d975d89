//! However a program ends, and whatever it left, its whole group is gone before anybody hears of the end.

use std::time::{Duration, Instant};

use watchkeeper_command::{CommandError, Exit};
use watchkeeper_model::{LogLevel, Outcome};

use crate::support::{House, cut, line, lives, read, run_whole, script, settle, soon, start, until};

#[tokio::test(flavor = "multi_thread")]
async fn codes_and_signals_are_told_with_the_end_of_standard_error() {
    let house = House::new([
        ("good", script("echo out; printf 'a\\n\\033[31mnote\\n' >&2", &[])),
        ("bad", script("echo out; echo why >&2; exit 3", &[])),
        ("ugly", script("kill -USR1 $$", &[])),
    ]);
    let run = house.begin();
    let (bytes, verdict, ended) = run_whole(&run, "good", None).await;
    assert_eq!((bytes.as_slice(), verdict, ended.exit), (&b"out\n"[..], Ok(()), Exit::Code(0)));
    assert_eq!(ended.stderr, "a\n[31mnote");
    let (bytes, verdict, ended) = run_whole(&run, "bad", None).await;
    assert_eq!((bytes.as_slice(), ended.exit, ended.stderr.as_str()), (&b"out\n"[..], Exit::Code(3), "why"));
    assert_eq!(verdict, Err("command `bad` exited with code 3".to_owned()));
    let (_, verdict, ended) = run_whole(&run, "ugly", None).await;
    assert_eq!((ended.exit, verdict.is_err()), (Exit::Signal(10), true));

    let logs = settle(run, Outcome::Success).await.logs;
    let lines: Vec<_> = logs.iter().map(|line| (line.level, line.message.as_str())).collect();
    assert_eq!(
        lines,
        [
            (LogLevel::Info, "command `good` exited with code 0: a [31mnote"),
            (LogLevel::Warn, "command `bad` exited with code 3: why"),
            (LogLevel::Warn, "command `ugly` was ended by signal 10"),
        ]
    );
    assert_eq!(["success", "failure", "signal"].map(|exit| house.ended(exit)), [1.0, 1.0, 1.0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_ignores_sigterm_is_killed_with_all_of_its_group() {
    let mut settings =
        script(r#"trap '' TERM; sh -c 'while :; do sleep 0.05; done' & echo $$ $!; while :; do sleep 0.05; done"#, &[]);
    settings.timeout = Some(Duration::from_millis(300));
    let house = House::new([("deaf", settings)]);
    let begun = Instant::now();
    let (bytes, verdict, ended) = run_whole(&house.begin(), "deaf", None).await;
    assert_eq!((&ended.exit, verdict.is_err()), (&Exit::TimedOut, true));
    assert!(begun.elapsed() > Duration::from_secs(5), "it had its grace");
    let said = String::from_utf8(bytes).unwrap();
    assert_eq!(said.split_whitespace().filter(|pid| lives(pid)).count(), 0, "{said}");
    assert_eq!(house.ended("timeout"), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_follows_sigterm_is_not_killed() {
    let mut settings = script("trap 'echo bye >&2; exit 0' TERM; while :; do sleep 0.01; done", &[]);
    settings.timeout = Some(Duration::from_millis(200));
    let house = House::new([("polite", settings)]);
    let begun = Instant::now();
    let (_, verdict, ended) = run_whole(&house.begin(), "polite", None).await;
    assert!(ended.exit == Exit::TimedOut && ended.stderr.ends_with("bye"), "{ended:?}");
    assert!(verdict.is_err(), "what it had to end early for is not whole, whatever code it has");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn children_that_outlive_the_leader_are_ended_and_do_not_hold_the_output_open() {
    let house = House::new([("fork", script("sleep 1000 & echo $!; exit 0", &[]))]);
    let (bytes, verdict, ended) = run_whole(&house.begin(), "fork", None).await;
    assert_eq!((ended.exit, verdict), (Exit::Code(0), Ok(())));
    assert!(!lives(String::from_utf8(bytes).unwrap().trim()));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_left_the_group_does_not_hold_the_output_open() {
    let house = House::new([("escape", script("setsid sleep 30 & echo $!; sleep 0.1; exit 0", &[]))]);
    let begun = Instant::now();
    let (bytes, verdict, _) = run_whole(&house.begin(), "escape", None).await;
    assert_eq!(verdict, Ok(()));
    assert!(begun.elapsed() < Duration::from_secs(20));
    let escaped = String::from_utf8(bytes).unwrap();
    std::process::Command::new("kill").arg(escaped.trim()).status().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_settles_ends_its_processes_and_waits_for_them() {
    let house = House::new([("long", script("sleep 1000 & echo $!; wait", &[])), ("next", script("", &[]))]);
    let run = house.begin();
    let mut running = soon(start(&run, "long", None)).await.unwrap();
    let child = line(&mut running.stdout).await;
    // Another one waits for the only place.
    let (waiting, handle) = ((*run).clone(), tokio::runtime::Handle::current());
    let waiting = handle.spawn(async move { start(&waiting, "long", None).await });
    assert!(lives(&child));
    let settlement = settle(run.clone(), Outcome::Success).await;
    assert!(!lives(&child) && house.ledger.processes().await.unwrap().is_empty());
    assert_eq!(cut(&soon(running.ended).await.unwrap()), "its run is over");
    assert!(read(running.stdout).await.1.is_err());
    assert!(matches!(soon(waiting).await.unwrap(), Err(CommandError::Spawn(_))));
    assert_eq!(settlement.logs.len(), 1);
    let late = soon(start(&run, "next", None)).await;
    assert!(matches!(late, Err(CommandError::Spawn(_))), "nothing starts after the end: {late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_dropped_leaves_no_process() {
    let house = House::new([("long", script("sleep 1000 & echo $!; wait", &[]))]);
    let run = house.begin();
    let mut running = soon(start(&run, "long", None)).await.unwrap();
    let child = line(&mut running.stdout).await;
    drop(run);
    until("the process is gone", || !lives(&child)).await;
    assert_eq!(cut(&soon(running.ended).await.unwrap()), "its run is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_the_operator_allows_run_at_once_in_all_runs_together() {
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("alone");
    let only_one = "mkdir $1 || exit 9; sleep 0.05; rmdir $1";
    let house = House::new([("one", script(only_one, &[alone.to_str().unwrap()]))]);
    let at_once: Vec<_> = (0..6)
        .map(|_| {
            let run = house.begin();
            tokio::spawn(async move { run_whole(&run, "one", None).await.2.exit })
        })
        .collect();
    for run in at_once {
        assert_eq!(soon(run).await.unwrap(), Exit::Code(0));
    }
}
