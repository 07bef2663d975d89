//! Thousands of simulations: no due time is missed, none runs twice, no runs overlap, whatever goes wrong.
//!
//! `WATCHKEEPER_SIMULATION_SEEDS=n` plays n seeds in place of the usual number, `WATCHKEEPER_SIMULATION_SEED=n` that one
//! alone and prints its history.

use std::{
    collections::BTreeSet,
    env,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use watchkeeper_model::{Outcome, SkipReason, Trigger};
use watchkeeper_simulation::{
    history::{Fact, History},
    oracle, play,
};

/// What a usual test run has time for.
const SEEDS: u64 = 2000;

#[test]
fn whatever_goes_wrong_every_due_time_has_one_disposition_and_no_run_is_doubled() {
    if let Some(seed) = variable("WATCHKEEPER_SIMULATION_SEED") {
        return replay(seed);
    }
    let seeds = variable("WATCHKEEPER_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut failures = Vec::new();
    let mut seen = BTreeSet::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(&next, seeds))).collect();
        for worker in workers {
            let (found, happened) = worker.join().unwrap();
            failures.extend(found);
            seen.extend(happened);
        }
    });
    assert!(failures.is_empty(), "{} of {seeds} seeds failed:\n{}", failures.len(), failures.join("\n"));
    if seeds >= SEEDS {
        let missing: Vec<String> = wanted().difference(&seen).cloned().collect();
        assert!(missing.is_empty(), "what never happened proves nothing: {missing:?}");
    }
}

/// Plays seeds as long as there are any. Returns what failed, and what happened in all of them.
fn work(next: &AtomicU64, seeds: u64) -> (Vec<String>, BTreeSet<String>) {
    let (mut failures, mut seen) = (Vec::new(), BTreeSet::new());
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= seeds {
            return (failures, seen);
        }
        let judged = play(seed).map_err(|trouble| trouble.to_string()).and_then(|history| {
            seen.extend(history.lines.iter().filter_map(|line| happened(&line.fact, &history)));
            oracle::judge(&history).map_err(|broken| broken.to_string())
        });
        if let Err(failure) = judged {
            failures.push(format!(
                "seed {seed}: {failure}\n  replay: WATCHKEEPER_SIMULATION_SEED={seed} cargo test -p watchkeeper-simulation"
            ));
        }
    }
}

/// What a fact is an example of.
fn happened(fact: &Fact, history: &History) -> Option<String> {
    Some(match fact {
        Fact::Skipped { skip, .. } => format!("skipped: {}", skip.reason),
        Fact::Claimed { run, rules, .. } if run.attempt > 1 => {
            format!("tried again, overlap {}", rules.overlap.as_str())
        }
        Fact::Claimed { run, .. } if matches!(run.trigger, Trigger::Manual(_)) => "asked for".to_owned(),
        Fact::Finished { outcome, pause: false, .. } => format!("ended: {outcome}"),
        Fact::Finished { pause: true, .. } => "paused by failures".to_owned(),
        Fact::Lost { .. } => "lost".to_owned(),
        Fact::ClockSet => "the clock was set".to_owned(),
        Fact::Refused { why, .. } if why.contains("a later watchkeeper") => "fenced".to_owned(),
        Fact::Retired { .. } if history.retained => "gone, and history dropped".to_owned(),
        Fact::Generation { number, .. } if *number > 2 => "a third schedule".to_owned(),
        _ => return None,
    })
}

/// What is to happen in the seeds of a usual test run.
fn wanted() -> BTreeSet<String> {
    let skips = SkipReason::ALL.iter().map(|reason| format!("skipped: {reason}"));
    let ends =
        Outcome::ALL.iter().filter(|outcome| **outcome != Outcome::Lost).map(|outcome| format!("ended: {outcome}"));
    let overlaps =
        ["skip", "queue", "cancel-previous", "allow"].map(|overlap| format!("tried again, overlap {overlap}"));
    let others = [
        "asked for",
        "paused by failures",
        "lost",
        "the clock was set",
        "fenced",
        "gone, and history dropped",
        "a third schedule",
    ];
    skips.chain(ends).chain(overlaps).chain(others.map(str::to_owned)).collect()
}

fn replay(seed: u64) {
    let history = play(seed).unwrap();
    for (number, line) in history.lines.iter().enumerate() {
        println!("{number:5} {:>9} {:?}", line.at.at, line.fact);
    }
    if let Err(broken) = oracle::judge(&history) {
        panic!("seed {seed}: {broken}");
    }
}

fn variable(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number, not {value:?}")))
}
