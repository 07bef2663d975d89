//! How late runs start: a real `watchkeeper run` with ten thousand job files that fall due evenly over a minute. Its own
//! ledger tells afterwards when each run was due, claimed and started. Beside it, the machine's own timer and disk.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use tokio::runtime::Runtime;
use watchkeeper_ledger::{Ledger, MAX_ROWS, NodeStart, RunFilter};
use watchkeeper_model::{Outcome, RunRecord};

use crate::{
    built,
    deployment::Deployment,
    disk::Disk,
    machine, node,
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, millis},
    watchkeeper::Watchkeeper,
};

const JOBS: usize = 10_000;
const JOB: &str = "plugin = \"empty\"\nevery = \"60s\"\n";
const PERIOD: Duration = Duration::from_secs(60);
/// Between the last job's load and the first due time that counts.
const SETTLED: Duration = Duration::from_secs(2);
/// After the last due time: what has not begun by then is missing.
const GRACE: Duration = Duration::from_secs(5);
/// How long the machine alone is watched, before and after.
const ALONE: Duration = Duration::from_secs(15);

pub(super) fn measure(report: &mut Report) -> Result<()> {
    eprintln!("==> {JOBS} schedules due evenly over {} s", PERIOD.as_secs());
    let deployment = Deployment::new(&node::start()?)?;
    ensure!(
        !machine::is_in_memory(&deployment.config()),
        "temporary folders are in memory: set TMPDIR to a folder on a disk"
    );
    deployment.plugin("empty", &built::component("empty")?)?;
    for number in 0..JOBS {
        deployment.job(&format!("job-{number:05}"), JOB)?;
    }
    let host = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
    let mut alone = Vec::new();
    alone_on(&host, &mut alone)?;
    let seen = watch(&deployment)?;
    alone_on(&host, &mut alone)?;
    let alone: Samples = alone.into_iter().collect();
    let delays = Delays::of(&host.block_on(runs(&deployment, &seen))?, &seen)?;
    let how = format!(
        "a real process: {JOBS} job files of the empty plugin, loaded in {:.1} s, {} MiB resident; of the median delay \
         {:.2} ms until the decision and {:.2} ms until the claim is on disk; worst {:.0} ms",
        seen.loaded.as_secs_f64(),
        seen.resident >> 10,
        millis(delays.decided.median()),
        millis(delays.recorded.median()),
        millis(delays.started.max()),
    );
    for (name, percent, aim) in [("start_delay_p50_10k", 50, ""), ("start_delay_p99_10k", 99, "; aim: at most 50 ms")] {
        report.add(Row {
            name: name.to_owned(),
            what: format!(
                "from its due time to the start of a run, {JOBS} schedules over {} s: {percent} of 100 runs are sooner",
                PERIOD.as_secs()
            ),
            value: millis(delays.started.percentile(percent)),
            unit: "ms",
            peer: Some(Peer {
                name: "a timer as often, and one synced page".to_owned(),
                value: millis(alone.percentile(percent)),
                ratio: Ratio::OursOverTheirs,
            }),
            how: format!("{how}{aim}"),
        });
    }
    Ok(())
}

/// What was done to the process.
struct Seen {
    loaded: Duration,
    /// Resident memory after the minute, in KiB.
    resident: u64,
    /// Due times after this instant count.
    from: Timestamp,
    /// Due times after this one don't.
    until: Timestamp,
}

/// Keeps a process until each job was due once.
fn watch(deployment: &Deployment) -> Result<Seen> {
    let begun = Instant::now();
    let mut process = Watchkeeper::start(deployment)?;
    process.wait_until_ready()?;
    let loaded = begun.elapsed();
    let from = Timestamp::now().checked_add(SETTLED)?;
    thread::sleep(SETTLED + PERIOD + GRACE);
    Ok(Seen { loaded, resident: process.resident()?, from, until: from.checked_add(PERIOD)? })
}

/// All runs that the process left in its ledger since the watch began.
async fn runs(deployment: &Deployment, seen: &Seen) -> Result<Vec<RunRecord>> {
    let node = NodeStart { host: "bench".to_owned(), version: String::new(), started: Timestamp::now() };
    let ledger = Ledger::open(&deployment.store(), &node)?;
    let mut runs: Vec<RunRecord> = Vec::new();
    loop {
        let before_id = runs.last().map(|run| run.start.id);
        let page = RunFilter { after: Some(seen.from), before_id, limit: MAX_ROWS, ..RunFilter::default() };
        let page = ledger.runs(page).await?;
        if page.is_empty() {
            return Ok(runs);
        }
        runs.extend(page);
    }
}

/// How much later than its due time a run was decided, started, and how long its claim took between.
#[derive(Default)]
struct Delays {
    decided: Samples,
    recorded: Samples,
    started: Samples,
}

impl Delays {
    fn of(runs: &[RunRecord], seen: &Seen) -> Result<Self> {
        let mut delays = Self::default();
        for run in runs {
            let Some(due) = run.start.trigger.nominal().filter(|due| *due > seen.from && *due <= seen.until) else {
                continue;
            };
            let Some(end) = &run.end else { continue };
            if end.outcome != Outcome::Success {
                bail!("a run ended as {}: {}", end.outcome, end.message);
            }
            let started = end.started.context("a run without a start")?;
            delays.decided.push(between(due, run.start.claimed));
            delays.recorded.push(between(run.start.claimed, started));
            delays.started.push(between(due, started));
        }
        let found = delays.started.len();
        ensure!(found == JOBS, "{found} of {JOBS} due times led to a run within {GRACE:?}");
        Ok(delays)
    }
}

fn between(one: Timestamp, other: Timestamp) -> Duration {
    Duration::try_from(other.duration_since(one)).unwrap_or_default()
}

/// The machine's own: a timer set to evenly spread instants, and a page that is on disk after it.
fn alone_on(host: &Runtime, delays: &mut Vec<Duration>) -> Result<()> {
    let mut disk = Disk::open()?;
    let every = PERIOD / u32::try_from(JOBS)?;
    let begun = Instant::now();
    let mut due = begun;
    while due.duration_since(begun) < ALONE {
        due += every;
        host.block_on(async { tokio::time::sleep_until(due.into()).await });
        disk.write()?;
        delays.push(due.elapsed());
    }
    Ok(())
}
