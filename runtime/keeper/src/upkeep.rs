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
        let records = self.ledger.jobs().await?;
        // Thousands of cron expressions take a while, and nothing else may wait for it.
        tokio::task::block_in_place(|| self.count(&records));
        self.telemetry.scanned(epoch_seconds(self.clock.now()));
        Ok(())
    }

    /// Counts each loaded job's due times since the last look and holds them against what the ledger counted.
    fn count(&mut self, records: &[JobRecord]) {
        let schedules = self.conductor.schedules();
        for record in records.iter().filter(|record| record.retired.is_none()) {
            let loaded = schedules.get(&record.job).filter(|(generation, _)| *generation == record.generation);
            let Some(schedule) = loaded.and_then(|(_, job)| job.job.spec.schedule.as_ref()) else { continue };
            let found = Counted::of(record);
            let before = self.counted.insert(record.job.clone(), found);
            if let Some((due, got)) = found.uncovered(schedule, before, record.began) {
                let what = format!("job `{}`: {due} due times up to {}, {got} dispositions", record.job, record.cursor);
                self.telemetry.violated("due_time_uncovered", &what);
            }
        }
    }
}

impl Counted {
    const fn of(record: &JobRecord) -> Self {
        let disposed = record.runs.saturating_add(record.skips);
        Self { generation: record.generation, cursor: record.cursor, disposed }
    }

    /// How many due times there were since the last look, or else since the generation `began`, and how many got their
    /// disposition, where the two differ.
    fn uncovered(&self, schedule: &Schedule, before: Option<Self>, began: Timestamp) -> Option<(u64, u64)> {
        let since = before.filter(|before| before.generation == self.generation);
        let since = since.unwrap_or(Self { generation: self.generation, cursor: began, disposed: 0 });
        let due = schedule.count_between(since.cursor, self.cursor, COUNTED).map_or(0, |range| range.count);
        let got = self.disposed.saturating_sub(since.disposed);
        (due < COUNTED && due != got).then_some((due, got))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn counted(generation: u64, cursor: i64, disposed: u64) -> Counted {
        Counted { generation, cursor: at(cursor), disposed }
    }

    #[test]
    fn a_due_time_without_a_disposition_is_found_and_one_too_many_as_well() {
        let schedule = Schedule::parse_every("10s").unwrap();
        let look = |now: Counted, before| now.uncovered(&schedule, before, at(0));
        assert_eq!(look(counted(1, 100, 10), None), None);
        assert_eq!(look(counted(1, 100, 9), None), Some((10, 9)));
        assert_eq!(look(counted(1, 100, 11), None), Some((10, 11)));
        let before = Some(counted(1, 100, 9));
        assert_eq!(look(counted(1, 150, 14), before), None, "what was told once isn't told again");
        assert_eq!(look(counted(1, 150, 13), before), Some((5, 4)));
        let later = counted(2, 50, 5);
        assert_eq!(look(later, before), None, "another generation is counted from its own beginning");
    }

    #[test]
    fn a_stretch_that_is_too_long_to_count_is_taken_on_trust() {
        let schedule = Schedule::parse_every("1s").unwrap();
        let end = i64::try_from(COUNTED).unwrap();
        assert_eq!(counted(1, end, 3).uncovered(&schedule, None, at(0)), None);
        assert_eq!(counted(1, end - 1, 3).uncovered(&schedule, None, at(0)), Some((COUNTED - 1, 3)));
    }
}
