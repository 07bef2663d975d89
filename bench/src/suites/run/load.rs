//! As many runs as all cores can do.

use std::{iter, time::Duration};

use anyhow::Result;

use super::latency;
use crate::{
    bare::Bare,
    built,
    house::House,
    lanes, machine,
    report::{Peer, Ratio, Report, Row},
    stats::median,
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
        let ours_again = move || {
            let job = job.clone();
            async move { latency::run(&job).await.map(drop) }
        };
        let theirs_again = move || {
            let bare = bare.clone();
            async move { bare.run().await.map(drop) }
        };
        ours.push(house.on_host(lanes::rate(ROUND, iter::repeat_n(ours_again, in_flight)))?);
        theirs.push(house.on_host(lanes::rate(ROUND, iter::repeat_n(theirs_again, in_flight)))?);
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
