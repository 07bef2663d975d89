//! As many runs as all cores can do.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::latency;
use crate::{
    bare::Bare,
    built,
    house::House,
    machine,
    report::{Peer, Ratio, Report, Row},
};

const ROUND: Duration = Duration::from_secs(1);
const ROUNDS: usize = 7;
/// As many for each core as the keeper lets run at once unless told.
const IN_FLIGHT_PER_CORE: usize = 4;

pub(crate) fn measure(house: &House, report: &mut Report) -> Result<()> {
    eprintln!("==> as many runs as all cores can do");
    let in_flight = IN_FLIGHT_PER_CORE * machine::cores();
    let bare = Bare::new(house.engine(), &built::component("empty")?)?;
    let job = house.job("empty-many", "empty", "")?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (job, bare) = (job.clone(), bare.clone());
        ours.push(house.on_host(rate(in_flight, move || {
            let job = job.clone();
            async move { latency::run(&job).await.map(drop) }
        }))?);
        theirs.push(house.on_host(rate(in_flight, move || {
            let bare = bare.clone();
            async move { bare.run().await.map(drop) }
        }))?);
    }
    report.add(Row {
        name: "runs_per_second".to_owned(),
        what: "fresh runs of the empty plugin on all cores".to_owned(),
        value: median(ours),
        unit: "runs/s",
        peer: Some(Peer {
            name: "wasmtime alone, as many at once".to_owned(),
            value: median(theirs),
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!("medians of {ROUNDS} rounds of {} s each, {in_flight} in flight, in turns", ROUND.as_secs()),
    });
    Ok(())
}

/// How often a second `lanes` tasks do the work, each again and again.
async fn rate<W, F>(lanes: usize, work: W) -> Result<f64>
where
    W: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = Result<()>> + Send,
{
    let begun = Instant::now();
    let lane = |work: W| async move {
        let mut done = 0_u32;
        while begun.elapsed() < ROUND {
            work().await?;
            done += 1;
            // A future that is never pending would keep its thread from the other lanes.
            tokio::task::yield_now().await;
        }
        Ok::<_, anyhow::Error>(done)
    };
    let lanes: Vec<_> = (0..lanes).map(|_| tokio::spawn(lane(work.clone()))).collect();
    let mut done = 0;
    for lane in lanes {
        done += lane.await??;
    }
    Ok(f64::from(done) / begun.elapsed().as_secs_f64())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}
