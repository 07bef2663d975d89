//! A fresh run of the empty plugin through keeper and sandbox, beside wasmtime alone, and how much of the difference is
//! the way to the guests' threads and back: a machine that sleeps wakes slowly, and nobody's code can change that.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::runtime::Handle;
use watchkeeper_model::Outcome;

use crate::{
    bare::Bare,
    built,
    house::{House, Job},
    machine,
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, micros},
};

const WARM_UP: usize = 500;
const ROUNDS: usize = 10_000;

pub(crate) fn measure(house: &House, report: &mut Report) -> Result<()> {
    eprintln!("==> one run after another, beside wasmtime alone");
    let bare = Bare::new(house.engine(), &built::component("empty")?)?;
    let job = house.job("empty", "empty", "")?;
    let other = tokio::runtime::Builder::new_multi_thread().worker_threads(machine::cores()).build()?;
    let guests = other.handle().clone();
    let (ours, theirs, hops) = house.on_host(async move {
        let (mut ours, mut theirs, mut hops) = (Samples::default(), Samples::default(), Samples::default());
        for round in 0..WARM_UP + ROUNDS {
            let (run, call, hop) = (run(&job).await?, call(&bare).await?, hop(&guests).await?);
            if round >= WARM_UP {
                ours.push(run);
                theirs.push(call);
                hops.push(hop);
            }
        }
        Ok((ours, theirs, hops))
    })?;
    report.add(Row {
        name: "keeper_vs_bare_wasmtime".to_owned(),
        what: "a fresh run of an empty plugin through keeper and sandbox, nothing durable".to_owned(),
        value: micros(ours.median()),
        unit: "µs",
        peer: Some(Peer {
            name: "wasmtime alone, `InstancePre` instantiate and call, same engine".to_owned(),
            value: micros(theirs.median()),
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!(
            "medians of {} rounds, one after the other; ours from the ledger's record to the metrics store, across the \
             two runtimes; aim: at most 2",
            ours.len()
        ),
    });
    report.add(Row {
        name: "thread_hop".to_owned(),
        what: "of such a run: from the host's threads to the guests' and back, with nothing to do there".to_owned(),
        value: micros(hops.median()),
        unit: "µs",
        peer: Some(Peer {
            name: "the whole run".to_owned(),
            value: micros(ours.median()),
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!("medians of {} rounds; an empty task of a second tokio runtime, spawned and awaited", hops.len()),
    });
    Ok(())
}

/// How long one run took that succeeded.
pub(crate) async fn run(job: &Job) -> Result<Duration> {
    let begun = Instant::now();
    let end = job.run().await;
    let took = begun.elapsed();
    ensure!(end.outcome == Outcome::Success, "a run ended as {}: {}", end.outcome, end.message);
    Ok(took)
}

/// How long it takes to have nothing done on another runtime's threads.
async fn hop(other: &Handle) -> Result<Duration> {
    let begun = Instant::now();
    other.spawn(async {}).await?;
    Ok(begun.elapsed())
}

async fn call(bare: &Bare) -> Result<Duration> {
    let begun = Instant::now();
    bare.run().await?;
    Ok(begun.elapsed())
}
