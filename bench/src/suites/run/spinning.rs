//! Guests that never return: what a well-behaved neighbour sees of them, and how soon after their deadline they are
//! dead (promise P5).

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::time::MissedTickBehavior;
use watchkeeper_model::Outcome;

use super::latency;
use crate::{
    house::{House, Job},
    machine,
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, millis},
};

/// How often the engine makes guests yield.
const TICK: Duration = Duration::from_millis(10);
const PERIOD: Duration = Duration::from_millis(10);
const SPIN: Duration = Duration::from_secs(4);
/// How long the neighbour is watched: the guests spin all the while.
const WATCH: Duration = Duration::from_millis(3_500);
/// The timeout of the runs whose death is watched.
const DEADLINE: Duration = Duration::from_millis(100);
const DEATHS: usize = 80;
/// What P5 allows.
const DEAD_WITHIN: Duration = Duration::from_millis(100);

pub(crate) fn measure(house: &House, report: &mut Report) -> Result<()> {
    eprintln!("==> guests that spin");
    let neighbour = house.job("neighbour", "empty", "")?;
    let spinner = spinner(house, "spinner", SPIN)?;
    let alone = beside(house, &neighbour, &spinner, 0)?;
    for spinners in [2, 8] {
        let seen = beside(house, &neighbour, &spinner, spinners)?;
        let ahead = u32::try_from(spinners.div_ceil(machine::cores())).unwrap_or(u32::MAX);
        report.add(Row {
            name: format!("neighbour_worst_gap_{spinners}_spinners"),
            what: format!("the worst that a well-behaved job sees beside {spinners} spinning guests"),
            value: millis(seen.max()),
            unit: "ms",
            peer: Some(Peer {
                name: "its turn after one tick of each guest before it".to_owned(),
                value: millis(TICK * ahead),
                ratio: Ratio::OursOverTheirs,
            }),
            how: format!(
                "from a due time to the end of an empty run, every {} ms, worst of {}; median {:.2} ms; alone: worst \
                 {:.2} ms, median {:.2} ms",
                PERIOD.as_millis(),
                seen.len(),
                millis(seen.median()),
                millis(alone.max()),
                millis(alone.median())
            ),
        });
    }
    for at_once in [1, 8] {
        let deaths = deaths(house, at_once)?;
        report.add(Row {
            name: format!("deadline_to_death_{at_once}"),
            what: format!("from its deadline to the settled end of a spinning guest, {at_once} at once: the worst"),
            value: millis(deaths.max()),
            unit: "ms",
            peer: Some(Peer {
                name: "what P5 allows".to_owned(),
                value: millis(DEAD_WITHIN),
                ratio: Ratio::OursOverTheirs,
            }),
            how: format!("worst of {}; median {:.2} ms", deaths.len(), millis(deaths.median())),
        });
    }
    Ok(())
}

fn spinner(house: &House, name: &str, timeout: Duration) -> Result<Job> {
    let text = format!(
        "timeout = \"{}ms\"\n[config]\nmode = \"endless-loop\"\n[grants]\nchain = [\"bench\"]\n",
        timeout.as_millis()
    );
    house.job(name, "hostile", &text)
}

/// Runs the neighbour at its times while guests spin; from each due time to the end of its run. A due time that falls
/// into the run before is skipped, as the keeper does it.
fn beside(house: &House, neighbour: &Job, spinner: &Job, spinners: usize) -> Result<Samples> {
    let (neighbour, spinner) = (neighbour.clone(), spinner.clone());
    house.on_host(async move {
        let begun = Instant::now();
        let spinning: Vec<_> = (0..spinners).map(|_| tokio::spawn(spin(spinner.clone()))).collect();
        let mut due = tokio::time::interval(PERIOD);
        due.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut seen = Samples::default();
        while begun.elapsed() < WATCH {
            let due = due.tick().await;
            latency::run(&neighbour).await?;
            seen.push(due.elapsed());
        }
        ensure!(spinners == 0 || begun.elapsed() < SPIN, "the neighbour outlasted the spinning guests");
        for spinning in spinning {
            spinning.await??;
        }
        Ok(seen)
    })
}

/// From the deadline of each spinning run to its settled end.
fn deaths(house: &House, at_once: usize) -> Result<Samples> {
    let spinner = spinner(house, &format!("condemned-{at_once}"), DEADLINE)?;
    house.on_host(async move {
        let mut deaths = Samples::default();
        for _ in 0..DEATHS / at_once {
            let dying: Vec<_> = (0..at_once).map(|_| tokio::spawn(spin(spinner.clone()))).collect();
            for dying in dying {
                deaths.push(dying.await??.saturating_sub(DEADLINE));
            }
        }
        Ok(deaths)
    })
}

/// How long a run took that was ended at its deadline.
async fn spin(spinner: Job) -> Result<Duration> {
    let begun = Instant::now();
    let end = spinner.run().await;
    let took = begun.elapsed();
    ensure!(end.outcome == Outcome::Timeout, "a spinning guest ended as {}: {}", end.outcome, end.message);
    Ok(took)
}
