//! A fresh run of the empty plugin through keeper and sandbox, beside wasmtime alone.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use watchkeeper_model::Outcome;

use crate::{
    bare::Bare,
    built,
    house::{House, Job},
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, micros},
};

const WARM_UP: usize = 500;
const PAIRS: usize = 10_000;

pub(crate) fn measure(house: &House, report: &mut Report) -> Result<()> {
    eprintln!("==> one run after another, beside wasmtime alone");
    let bare = Bare::new(house.engine(), &built::component("empty")?)?;
    let job = house.job("empty", "empty", "")?;
    let (ours, theirs) = house.on_host(async move {
        let (mut ours, mut theirs) = (Samples::default(), Samples::default());
        for round in 0..WARM_UP + PAIRS {
            let pair = (run(&job).await?, call(&bare).await?);
            if round >= WARM_UP {
                ours.push(pair.0);
                theirs.push(pair.1);
            }
        }
        Ok((ours, theirs))
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
            "medians of {} pairs, one after the other; ours from the ledger's record to the metrics store, across the \
             two runtimes; aim: at most 2",
            ours.len()
        ),
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

async fn call(bare: &Bare) -> Result<Duration> {
    let begun = Instant::now();
    bare.run().await?;
    Ok(begun.elapsed())
}
