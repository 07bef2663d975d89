//! `logs -f`: what runs say, as they end.

use std::time::Duration;

use serde_json::json;

use super::{PATIENCE, started};
use crate::support::{Process, Signal, eventually};

#[test]
fn logs_are_followed_run_by_run() {
    let (deployment, watchkeeper) = started();
    let configuration = deployment.configuration();
    let arguments = [
        "logs",
        "-f",
        "--job",
        "good",
        "--url",
        watchkeeper.url(),
        "--config",
        configuration.to_str().expect("a path"),
    ];
    let mut follower = Process::start("logs -f", env!("CARGO_BIN_EXE_watchkeeper").as_ref(), &arguments);
    let looked = |follower: &Process| follower.output().matches("looked").count() / 2;
    let wait = |follower: &mut Process, runs: usize| {
        eventually(&format!("{runs} lines"), PATIENCE, || (looked(follower) == runs).then_some(()));
    };
    wait(&mut follower, 1);
    for runs in 2..4 {
        assert_eq!(watchkeeper.post("jobs/good/run", &json!({})).status, 202);
        wait(&mut follower, runs);
    }
    let line = follower.output().lines().last().expect("a line").to_owned();
    assert!(line.contains("WARN") && line.contains("good: looked"), "{line}");
    // Not Ctrl-C's: who starts tests in the background has them ignore that one.
    follower.signal(Signal::TERM);
    follower.wait(Duration::from_secs(20));
}
