//! Runs that the ledger can keep: each is a claim that is on disk before the run would begin, and an end that is on disk
//! before the next claim. Nothing runs in between.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use jiff::{Timestamp, ToSpan};
use tokio::runtime::Runtime;
use watchkeeper_ledger::{Entry, History, Ledger};
use watchkeeper_model::{JobName, PluginName};

use super::due::{self, HOUR};
use crate::{
    disk::{self, Disk},
    lanes,
    report::{Peer, Ratio, Report, Row},
    stats::median,
};

const IN_FLIGHT: [usize; 2] = [64, 256];
const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: i64 = 5;
/// Entries of one run.
const ENTRIES: f64 = 2.0;

pub(super) fn measure(host: &Runtime, report: &mut Report) -> Result<()> {
    for in_flight in IN_FLIGHT {
        eprintln!("==> durable runs, {in_flight} at once");
        let rates = rates(host, in_flight)?;
        let suffix = if in_flight == 64 { String::new() } else { format!("_{in_flight}") };
        let what = format!("runs a second that are claimed and ended on disk, {in_flight} at once");
        let batch = format!("{:.1} runs a transaction", rates.batch);
        let how = format!("medians of {ROUNDS} rounds of {} s in turns; {batch}; aim: 2000", ROUND.as_secs());
        let mut row = |name: String, peer: String, value: f64| {
            report.add(Row {
                name,
                what: what.clone(),
                value: rates.on_disk,
                unit: "runs/s",
                peer: Some(Peer { name: peer, value, ratio: Ratio::OursOverTheirs }),
                how: how.clone(),
            });
        };
        let disk = format!("the disk: {:.0} synced pages a second, as many runs in each", rates.disk);
        row(format!("durable_runs_per_second{suffix}"), disk, rates.disk * rates.batch);
        row(format!("durable_runs_vs_memory{suffix}"), "the same with a ledger in memory".to_owned(), rates.in_memory);
    }
    Ok(())
}

/// Runs a second, and what the disk does by itself.
struct Rates {
    on_disk: f64,
    in_memory: f64,
    /// Synced pages a second.
    disk: f64,
    /// Runs that a transaction on disk holds: it begins some and ends others.
    batch: f64,
}

fn rates(host: &Runtime, in_flight: usize) -> Result<Rates> {
    let folder = disk::folder()?;
    let on_disk = Arc::new(due::ledger_in(folder.path())?);
    let in_memory = Arc::new(Ledger::in_memory()?);
    let jobs = due::names(in_flight)?;
    for ledger in [&on_disk, &in_memory] {
        host.block_on(due::begin(ledger, &jobs, HOUR))?;
    }
    let mut disk = Disk::open()?;
    let (mut durable, mut volatile, mut pages) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        durable.push(host.block_on(runs(&on_disk, &jobs))?);
        volatile.push(host.block_on(runs(&in_memory, &jobs))?);
        pages.push(disk.rate(ROUND / 4)?);
    }
    let stats = on_disk.stats();
    host.block_on(on_disk.close());
    let [writes, transactions] = [stats.writes, stats.transactions].map(|count| u32::try_from(count).map(f64::from));
    Ok(Rates {
        on_disk: median(durable),
        in_memory: median(volatile),
        disk: median(pages),
        batch: writes? / transactions? / ENTRIES,
    })
}

/// Each job runs again and again, one due time a second from where it stands.
async fn runs(ledger: &Arc<Ledger>, jobs: &[JobName]) -> Result<f64> {
    let plugin = PluginName::new("bench")?;
    let mut standing = Vec::new();
    for job in jobs {
        standing.push((job, ledger.job(job).await?.context("a job is gone")?.cursor));
    }
    let lane = |(job, cursor): (&JobName, Timestamp)| {
        let (ledger, job, plugin, mut due) = (Arc::clone(ledger), job.clone(), plugin.clone(), cursor);
        move || {
            let ledger = Arc::clone(&ledger);
            let after = due;
            let start = due.checked_add(1.second()).map(|next| {
                due = next;
                due::start(&job, &plugin, next)
            });
            async move {
                let start = start.context("the calendar ended")?;
                let (run, due) = (start.id, start.claimed);
                ledger.record_one(Entry::Claim { run: start, after }).await?;
                let end = due::end(due);
                let (state, history) = (Vec::new(), History::All);
                Ok(ledger.record_one(Entry::Finish { run, end, state, retry_at: None, pause: None, history }).await?)
            }
        }
    };
    lanes::rate(ROUND, standing.into_iter().map(lane)).await
}
