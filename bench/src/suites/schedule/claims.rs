//! Ten thousand jobs due at once: how long until the last of them is claimed. Timetable and ledger are the product's and
//! work as the conductor has them work; runs are over as soon as they are claimed, and none waits for a turn.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use jiff::{Timestamp, ToSpan};
use tokio::{runtime::Runtime, task::JoinSet};
use watchkeeper_ledger::{Entry, Ledger};
use watchkeeper_model::{JobName, RunId};
use watchkeeper_schedule::{
    Schedule,
    timetable::{Batch, Timetable, Turns},
};

use super::due::{self, Due, HOUR};
use crate::{
    disk::{self, Disk},
    report::{Peer, Ratio, Report, Row},
    stats::{Samples, millis},
};

const JOBS: usize = 10_000;
const ROUNDS: i64 = 7;
const SYNCED_PAGES: usize = 300;

type Table = Arc<Mutex<Timetable<Due, ()>>>;

pub(super) fn measure(host: &Runtime, report: &mut Report) -> Result<()> {
    eprintln!("==> {JOBS} due at once");
    let folder = disk::folder()?;
    let on_disk = Arc::new(due::ledger_in(folder.path())?);
    let in_memory = Arc::new(Ledger::in_memory()?);
    let jobs: Arc<[JobName]> = due::names(JOBS)?.into();
    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    for ledger in [&on_disk, &in_memory] {
        host.block_on(due::begin(ledger, &jobs, HOUR))?;
    }
    let before = on_disk.stats();
    for round in 1..=ROUNDS {
        let due = HOUR.checked_add(round.hours())?;
        ours.push(host.block_on(claim_all(&on_disk, &jobs, due))?);
        theirs.push(host.block_on(claim_all(&in_memory, &jobs, due))?);
    }
    let transactions = on_disk.stats().transactions.saturating_sub(before.transactions) / ROUNDS.unsigned_abs();
    let mut disk = Disk::open()?;
    let mut failed = Ok(());
    let synced = Samples::of(SYNCED_PAGES, || failed = disk.write());
    failed?;
    host.block_on(on_disk.close());
    report.add(Row {
        name: "claim_10k_at_once".to_owned(),
        what: format!("{JOBS} schedules due at the same instant: all claimed, each claim on disk"),
        value: ours.median().as_secs_f64(),
        unit: "s",
        peer: Some(Peer {
            name: "the same with a ledger in memory".to_owned(),
            value: theirs.median().as_secs_f64(),
            ratio: Ratio::OursOverTheirs,
        }),
        how: format!(
            "medians of {ROUNDS}, worst {:.2} s; timetable and ledger alone, {transactions} transactions each; a synced \
             page takes the disk {:.2} ms; aim: 1 s",
            ours.max().as_secs_f64(),
            millis(synced.median()),
        ),
    });
    Ok(())
}

/// How long it takes until all jobs that are due at `due` are claimed.
async fn claim_all(ledger: &Arc<Ledger>, jobs: &[JobName], due: Timestamp) -> Result<Duration> {
    let table = Arc::new(Mutex::new(table(jobs, due)?));
    let begun = Instant::now();
    let mut recording = JoinSet::new();
    let mut claimed = 0;
    loop {
        let tick = locked(&table).tick(due, || RunId::new(due, fastrand::u128(..)));
        if !tick.batches.is_empty() {
            recording.spawn(record(Arc::clone(ledger), Arc::clone(&table), tick.batches));
        } else if let Some(recorded) = recording.join_next().await {
            claimed += recorded??;
        } else {
            break;
        }
    }
    let took = begun.elapsed();
    ensure!(claimed == jobs.len(), "{claimed} of {} jobs were claimed", jobs.len());
    Ok(took)
}

/// Records batches in one transaction; returns how many runs it claimed.
async fn record(ledger: Arc<Ledger>, table: Table, batches: Vec<Batch<Due>>) -> Result<usize> {
    let claim =
        |batch: &Batch<Due>| Some(Entry::Claim { run: batch.claim.as_ref()?.start.clone(), after: batch.after });
    let entries: Vec<Entry> = batches.iter().filter_map(claim).collect();
    ensure!(entries.len() == batches.len(), "a batch without a claim");
    for result in ledger.record(entries).await {
        result?;
    }
    let mut table = locked(&table);
    for batch in &batches {
        table.answered(batch, batch.then, Some(()));
    }
    Ok(batches.len())
}

/// Jobs whose hour before is disposed of.
fn table(jobs: &[JobName], due: Timestamp) -> Result<Timetable<Due, ()>> {
    let before = due.checked_sub(1.hour())?;
    let hourly = Due::new(Schedule::parse_cron("0 * * * *", "UTC")?)?;
    let mut table = Timetable::new(Turns { total: jobs.len(), per_plugin: jobs.len() });
    for name in jobs {
        table.put(name, Arc::new(hourly.of(name)), due::standing_at(before), before);
    }
    Ok(table)
}

fn locked(table: &Mutex<Timetable<Due, ()>>) -> std::sync::MutexGuard<'_, Timetable<Due, ()>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
