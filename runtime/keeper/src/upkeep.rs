//! What a process does for itself once in a while: it drops old history, looks whether what must never be is, and tells
//! how the ledger is.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use watchkeeper_ledger::{JobRecord, Ledger, LedgerError, Retention};
use watchkeeper_model::{Clock, JobName};
use watchkeeper_schedule::Schedule;

use crate::{
    conductor::{Conductor, epoch_seconds},
    telemetry::Telemetry,
};

/// How often the invariants are looked at.
const SCAN: Duration = Duration::from_secs(60);
/// Scans between two rounds of dropping old history.
const SCANS_PER_RETENTION: u64 = 10;
/// How late a due time may be with nothing in its way.
const OVERDUE: Duration = Duration::from_secs(60);
/// Due times that one look at a job counts; a longer stretch is taken on trust, once.
const COUNTED: u64 = 100_000;

/// Looks after one process.
pub(crate) struct Upkeep {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) conductor: Arc<Conductor>,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) retention: Retention,
    /// Up to where each job's due times were counted, and how many had their disposition then.
    pub(crate) counted: HashMap<JobName, Counted>,
}

/// What a look at a job found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    generation: u64,
    cursor: Timestamp,
    disposed: u64,
}

impl Upkeep {
    /// For ever.
    pub(crate) async fn keep(mut self) {
        let mut tick = tokio::time::interval(SCAN);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for round in 0_u64.. {
            tick.tick().await;
            if round % SCANS_PER_RETENTION == 1 {
                match self.ledger.retain(self.retention, self.clock.now()).await {
                    Ok(0) => {}
                    Ok(rows) => tracing::info!(rows, "dropped old history"),
                    Err(error) => tracing::warn!(%error, "old history stays for now"),
                }
            }
            if let Err(error) = self.scan().await {
                tracing::warn!(%error, "the invariants were not looked at");
            }
        }
    }

    async fn scan(&mut self) -> Result<(), LedgerError> {
        self.telemetry.ledger_size(self.ledger.size().await?);
        for job in self.conductor.overdue(OVERDUE) {
            self.telemetry.violated("job_overdue", &format!("job `{job}` is due, and nothing runs of it"));
        }
        // Asked before those going: a run that begins in between is no news.
        let unfinished = self.ledger.unfinished().await?;
        let going = self.conductor.going();
        for run in unfinished.iter().filter(|run| !going.contains(&run.start.id)) {
            let settled = self.clock.now().duration_since(run.start.claimed).unsigned_abs() < OVERDUE;
            if !settled && self.ledger.run(run.start.id).await?.is_some_and(|now| now.run.end.is_none()) {
                self.telemetry.violated("run_forgotten", &format!("run {} has no end, and doesn't go", run.start.id));
            }
        }
        for record in self.ledger.jobs().await?.iter().filter(|record| record.retired.is_none()) {
            self.count(record);
        }
        self.telemetry.scanned(epoch_seconds(self.clock.now()));
        Ok(())
    }

    /// Counts a job's due times since the last look and holds them against what the ledger counted.
    fn count(&mut self, record: &JobRecord) {
        let Ok(schedule) = Schedule::from_record(&record.schedule, &record.job) else { return };
        let disposed = record.runs.saturating_add(record.skips);
        let found = Counted { generation: record.generation, cursor: record.cursor, disposed };
        let before = self.counted.insert(record.job.clone(), found);
        let since = before.filter(|before| before.generation == record.generation);
        let since = since.unwrap_or(Counted { generation: record.generation, cursor: record.began, disposed: 0 });
        let due = schedule.count_between(since.cursor, record.cursor, COUNTED).map_or(0, |range| range.count);
        let got = disposed.saturating_sub(since.disposed);
        if due < COUNTED && due != got {
            let what = format!("job `{}`: {due} due times up to {}, {got} dispositions", record.job, record.cursor);
            self.telemetry.violated("due_time_uncovered", &what);
        }
    }
}
