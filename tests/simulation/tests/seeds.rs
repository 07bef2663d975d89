//! Thousands of simulations: no due time is missed, none runs twice, no runs overlap, whatever goes wrong.
//!
//! `WATCHKEEPER_SIMULATION_SEEDS=n` plays n seeds in place of the usual number, `WATCHKEEPER_SIMULATION_SEED=n` that one
//! alone and prints its history.

use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use watchkeeper_simulation::{oracle, play};

/// What a usual test run has time for.
const SEEDS: u64 = 1500;

#[test]
fn whatever_goes_wrong_every_due_time_has_one_disposition_and_no_run_is_doubled() {
    if let Some(seed) = variable("WATCHKEEPER_SIMULATION_SEED") {
        return replay(seed);
    }
    let seeds = variable("WATCHKEEPER_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let failures: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| failures(&next, seeds))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{} of {seeds} seeds failed:\n{}", failures.len(), failures.join("\n"));
}

fn failures(next: &AtomicU64, seeds: u64) -> Vec<String> {
    let mut failures = Vec::new();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= seeds {
            return failures;
        }
        if let Err(failure) = simulate(seed) {
            failures.push(format!(
                "seed {seed}: {failure}\n  replay: WATCHKEEPER_SIMULATION_SEED={seed} cargo test -p watchkeeper-simulation"
            ));
        }
    }
}

fn simulate(seed: u64) -> Result<(), String> {
    let history = play(seed).map_err(|trouble| trouble.to_string())?;
    oracle::judge(&history).map_err(|broken| broken.to_string())
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
