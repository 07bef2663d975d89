//! How long an operator waits after a restart: from exec to the first scrape that holds a plugin's series.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Result, ensure};

use crate::{
    built,
    deployment::Deployment,
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, millis},
    watchkeeper::Watchkeeper,
};

const ROUNDS: usize = 15;
const JOB: &str =
    "plugin = \"minimal\"\nevery = \"100ms\"\n[config]\nchain = \"bench\"\n[grants]\nchain = [\"bench\"]\n";
const SERIES: &str = "head_block_number{job_name=\"probe\"";

pub(crate) fn measure(url: &str, report: &mut Report) -> Result<()> {
    eprintln!("==> start to first scrape");
    let deployment = Deployment::new(url)?;
    deployment.plugin("minimal", &built::component("minimal")?)?;
    deployment.job("probe", JOB)?;
    Watchkeeper::start(&deployment)?.wait_for_series(SERIES)?;
    let (mut ours, mut floor) = (Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let mut started = Watchkeeper::start(&deployment)?;
        started.wait_for_series(SERIES)?;
        ours.push(begun.elapsed());
        drop(started);
        let begun = Instant::now();
        let status = Command::new(built::watchkeeper()?).arg("--version").stdout(Stdio::null()).status()?;
        ensure!(status.success(), "`watchkeeper --version` failed");
        floor.push(begun.elapsed());
    }
    report.add(Row {
        name: "start_to_first_scrape".to_owned(),
        what: "exec to the first `/metrics` that holds a plugin's series, warm cache".to_owned(),
        value: millis(ours.median()),
        unit: "ms",
        peer: Some(Peer {
            name: "the same program's `--version`, exec to exit".to_owned(),
            value: millis(floor.median()),
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!(
            "median of {ROUNDS} starts, worst {:.0} ms; up to 100 ms of it is the wait for the job's first due time",
            millis(ours.max())
        ),
    });
    Ok(())
}
