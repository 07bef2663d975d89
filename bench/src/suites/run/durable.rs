//! What it costs that a run is recorded: many runs at once with their claims and ends on disk, beside as many that leave
//! no trace.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use watchkeeper_ledger::{Ledger, NodeStart};
use watchkeeper_model::{Outcome, RunEnd};

use crate::{
    disk,
    house::{House, Job},
    lanes,
    report::{Peer, Ratio, Report, Row},
    stats::median,
};

const IN_FLIGHT: usize = 64;
const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 7;

pub(crate) fn measure(house: &House, report: &mut Report) -> Result<()> {
    eprintln!("==> runs that are recorded, {IN_FLIGHT} at once");
    let folder = disk::folder()?;
    let node = NodeStart { host: "bench".to_owned(), version: String::new(), started: Timestamp::now() };
    let ledger = Arc::new(Ledger::open(&folder.path().join("watchkeeper.db"), &node)?);
    let jobs =
        (0..IN_FLIGHT).map(|lane| house.job(&format!("durable-{lane}"), "empty", "")).collect::<Result<Vec<Job>>>()?;
    house.on_host({
        let (ledger, jobs) = (Arc::clone(&ledger), jobs.clone());
        async move {
            for job in &jobs {
                job.begin_in(&ledger).await?;
            }
            Ok(())
        }
    })?;
    let (mut recorded, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let each = jobs.clone().into_iter().map(|job| {
            let ledger = Arc::clone(&ledger);
            move || {
                let (ledger, job) = (Arc::clone(&ledger), job.clone());
                async move { succeeded(&job.run_in(&ledger).await?) }
            }
        });
        recorded.push(1e6 / house.on_host(lanes::rate(ROUND, each.collect::<Vec<_>>()))?);
        let each = jobs.clone().into_iter().map(|job| {
            move || {
                let job = job.clone();
                async move { succeeded(&job.run().await) }
            }
        });
        plain.push(1e6 / house.on_host(lanes::rate(ROUND, each.collect::<Vec<_>>()))?);
    }
    let stats = ledger.stats();
    house.on_host(async move {
        ledger.close().await;
        Ok(())
    })?;
    let (recorded, plain) = (median(recorded), median(plain));
    let entries = f64::from(u32::try_from(stats.writes)?) / f64::from(u32::try_from(stats.transactions)?);
    report.add(Row {
        name: "durable_cost_per_run".to_owned(),
        what: format!("what recording adds to a run of the empty plugin, claim and end on disk, {IN_FLIGHT} at once"),
        value: recorded - plain,
        unit: "µs",
        peer: Some(Peer {
            name: "the run itself, not recorded, as many at once".to_owned(),
            value: plain,
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!(
            "time over runs, medians of {ROUNDS} rounds of {} s in turns; {recorded:.0} µs recorded, {:.0} runs/s; \
             {entries:.1} entries a transaction",
            ROUND.as_secs(),
            1e6 / recorded
        ),
    });
    Ok(())
}

fn succeeded(end: &RunEnd) -> Result<()> {
    ensure!(end.outcome == Outcome::Success, "a run ended as {}: {}", end.outcome, end.message);
    Ok(())
}
