//! The end: what runs may finish, within a grace; nothing is lost, and the next process begins where this one ended.

use std::time::Duration;

use super::noticing::Held;
use crate::support::{Fault, Signal, Watchkeeper, eventually};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn sigterm_lets_a_run_finish_within_the_grace() {
    a_signal_lets_a_run_finish(Signal::TERM);
}

#[test]
fn sigint_lets_a_run_finish_within_the_grace() {
    a_signal_lets_a_run_finish(Signal::INT);
}

fn a_signal_lets_a_run_finish(signal: Signal) {
    let mut held = Held::start("");
    held.watchkeeper.signal(signal);
    eventually("the web says that it drains", SOON, || {
        let ready = held.watchkeeper.get("/-/ready", &[]);
        (ready.status == 503 && ready.text().contains("draining")).then_some(())
    });
    assert_eq!(held.watchkeeper.overview().phase(), "draining");
    held.proxy.set(Fault::Pass);
    assert_eq!(held.watchkeeper.wait(), Some(0), "{}", held.watchkeeper.log());
    assert!(held.watchkeeper.log().contains("drained"), "{}", held.watchkeeper.log());
    // The ledger is free at once, and holds what the last run kept.
    let next = Watchkeeper::start(&held.deployment);
    assert_eq!(first_remembered(&next), held.remembered + 2.0);
}

#[test]
fn a_run_that_outlasts_the_grace_is_ended_and_keeps_nothing() {
    let mut held = Held::start("[limits]\ngrace = \"1s\"\n");
    assert_eq!(held.watchkeeper.end(), Some(0), "{}", held.watchkeeper.log());
    assert!(held.watchkeeper.log().contains("run cancelled"), "{}", held.watchkeeper.log());
    held.proxy.set(Fault::Pass);
    let next = Watchkeeper::start(&held.deployment);
    assert_eq!(first_remembered(&next), held.remembered + 1.0);
}

#[test]
fn after_kill_9_the_next_process_goes_on() {
    let mut held = Held::start("");
    held.watchkeeper.signal(Signal::KILL);
    assert_eq!(held.watchkeeper.wait(), None, "a signal ended it");
    held.proxy.set(Fault::Pass);
    let next = Watchkeeper::start(&held.deployment);
    assert_eq!(first_remembered(&next), held.remembered + 1.0);
}

#[test]
fn a_second_process_on_the_same_ledger_is_refused() {
    let held = Held::start("");
    let configuration = held.deployment.configuration();
    let second = Watchkeeper::call(&["run".as_ref(), "--config".as_ref(), configuration.as_os_str()]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("watchkeeper.db"), "{}", second.stderr);
    assert!(second.stderr.contains("hint: "), "{}", second.stderr);
}

/// What the job remembered after its first run in this process.
fn first_remembered(watchkeeper: &Watchkeeper) -> f64 {
    eventually("the first run of the next process", SOON, || {
        watchkeeper.metrics().value("tally_remembered_runs", &[("job_name", "held")])
    })
}
