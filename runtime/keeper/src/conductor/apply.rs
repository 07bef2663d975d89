//! Jobs that come, change and go: where each stands in the ledger, and what becomes of the due times of a schedule that
//! is no more.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use jiff::Timestamp;
use watchkeeper_ledger::{Entry, EntryError, JobRecord, LedgerError, PendingRetry};
use watchkeeper_model::{JobName, Outcome, Skip, SkipReason};
use watchkeeper_schedule::{
    HeadTrigger, Schedule, retry_at,
    timetable::{Place, backlog},
};

use super::Conductor;
use crate::{host_metrics, job::Scheduled, store_health::STORE_RETRY};

/// What the ledger has in the place of a schedule for a job that runs only when somebody asks.
const NO_SCHEDULE: &str = "none";
/// What the runs of a removed job say.
pub(super) const REMOVED: &str = "the job was removed";

impl Conductor {
    /// Puts jobs in, or in the place of what they were. Runs in flight finish under what they began with, except where
    /// the new grants are narrower: those end now. An unchanged schedule goes on where it stood, also after a restart.
    pub(crate) async fn apply(&self, jobs: BTreeMap<JobName, Arc<Scheduled>>) {
        let mut begun = Vec::new();
        for (name, scheduled) in jobs {
            self.end_narrowed(&name, &scheduled);
            self.hold(&name).await;
            // One may have begun while its claim was on its way.
            self.end_narrowed(&name, &scheduled);
            if self.same_schedule(&name, &scheduled) {
                self.timetable().exchange(&name, scheduled);
                self.release(&name);
                continue;
            }
            let record = self.recorded_job(&name).await;
            match record.filter(|record| record.retired.is_none() && record.schedule == written(&scheduled)) {
                Some(record) => self.put(scheduled, &record).await,
                None => begun.push(scheduled),
            }
        }
        self.begin_generations(begun).await;
        self.changed.notify_one();
    }

    /// Takes a job out for good, and ends its runs.
    pub(crate) async fn remove(&self, name: &JobName) {
        self.end_runs(name);
        self.hold(name).await;
        let record = self.recorded_job(name).await;
        if let Some(record) = record.filter(|record| record.retired.is_none()) {
            self.write(retirement(&record, self.rooms.clock.now())).await;
        }
        self.stop(name);
        self.recent.remove(name);
    }

    /// Takes a job out as long as its file can't be used, and ends its runs. What falls due meanwhile is caught up with.
    pub(crate) fn stop(&self, name: &JobName) {
        self.timetable().remove(name);
        self.end_runs(name);
        self.news.job_changed(name);
    }

    fn end_runs(&self, name: &JobName) {
        self.cancel_where(REMOVED, |of, _| of == name);
    }

    /// Retires jobs that the ledger knows and that have no file any more: they went while nobody watched.
    pub(crate) async fn retire_absent(&self, known: &[JobRecord], present: impl Fn(&JobName) -> bool) {
        let now = self.rooms.clock.now();
        for record in known.iter().filter(|record| record.retired.is_none() && !present(&record.job)) {
            self.write(retirement(record, now)).await;
            tracing::info!(job = %record.job, "was removed while nobody watched");
        }
    }

    /// Begins the first generation of new jobs and the next one of changed ones, all in one transaction.
    async fn begin_generations(&self, jobs: Vec<Arc<Scheduled>>) {
        if jobs.is_empty() {
            return;
        }
        let began = self.rooms.clock.now();
        let mut entries = Vec::new();
        for scheduled in &jobs {
            let name = &scheduled.job.spec.name;
            let before = self.recorded_job(name).await;
            let before = before.filter(|record| record.retired.is_none());
            let skip = before.as_ref().and_then(|record| missed(record, SkipReason::Rescheduled, began));
            let mut after = before.map(|record| record.cursor);
            if let (Some(skip), Some(cursor)) = (skip, &mut after) {
                self.skipped(&skip);
                let last = skip.last;
                entries.push(Entry::Skip { skip, after: *cursor });
                *cursor = last;
            }
            entries.push(Entry::Generation { job: name.clone(), schedule: written(scheduled), began, after });
        }
        self.write(entries).await;
        for scheduled in jobs {
            let name = scheduled.job.spec.name.clone();
            let record = self.recorded_job(&name).await;
            // What the ledger refused doesn't run: it would go by a schedule that nobody recorded.
            match record.filter(|record| record.schedule == written(&scheduled)) {
                Some(record) => self.put(scheduled, &record).await,
                None => {
                    self.release(&name);
                    tracing::error!(job = %name, "the ledger did not take the job's schedule: it doesn't go by it");
                }
            }
        }
    }

    async fn put(&self, scheduled: Arc<Scheduled>, record: &JobRecord) {
        let (name, now) = (scheduled.job.spec.name.clone(), self.rooms.clock.now());
        self.rooms.series.commit_host(&name, &host_metrics::created());
        self.rooms.series.commit_host(&name, &host_metrics::standing(&scheduled.job.spec, record));
        if let Some(lost) = self.lost.lock().unwrap_or_else(PoisonError::into_inner).remove(&name) {
            self.rooms.series.commit_host(&name, &[host_metrics::lost(lost)]);
        }
        self.recent.put(record);
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner).remove(&name).unwrap_or_default();
        let dropped = self.put_with(scheduled, record, left, now);
        self.write(dropped).await;
        self.tell_standing(&name);
        self.quiet.notify_waiters();
        self.news.job_changed(&name);
    }

    /// Puts a job in with what is left of it to be tried again. Returns what its policy doesn't try again.
    fn put_with(
        &self,
        scheduled: Arc<Scheduled>,
        record: &JobRecord,
        left: Vec<PendingRetry>,
        now: Timestamp,
    ) -> Vec<Entry> {
        let policy = scheduled.job.spec.policy.clone();
        let mut dropped = Vec::new();
        let mut timetable = self.timetable();
        timetable.put(&record.job, scheduled, place(record), now);
        for PendingRetry { run, lost, retry_at: due } in left {
            let lost_due = || retry_at(&policy, Outcome::Lost, run.attempt, &run.job, run.id, now);
            match if lost { lost_due() } else { Some(due) } {
                Some(at) => timetable.retry(run, at),
                None => dropped.push(Entry::DropRetry { run: run.id }),
            }
        }
        timetable.release(&record.job);
        dropped
    }

    fn same_schedule(&self, name: &JobName, scheduled: &Scheduled) -> bool {
        let timetable = self.timetable();
        let before = timetable.entry(name).and_then(|entry| entry.job.as_ref());
        let (spec, before) = (&scheduled.job.spec, before.map(|before| &before.job.spec));
        before.is_some_and(|before| before.schedule == spec.schedule && before.heads == spec.heads)
    }

    fn end_narrowed(&self, name: &JobName, scheduled: &Scheduled) {
        let narrowed = |of: &JobName, under: &Scheduled| of == name && !scheduled.job.covers(&under.job);
        self.cancel_where("its grants were narrowed", narrowed);
    }

    /// Waits until nothing is on its way to the ledger for a job, and keeps it so.
    pub(super) async fn hold(&self, name: &JobName) {
        loop {
            let quiet = self.quiet.notified();
            if self.timetable().hold(name) {
                return;
            }
            quiet.await;
        }
    }

    pub(super) fn release(&self, name: &JobName) {
        self.timetable().release(name);
        self.quiet.notify_waiters();
        self.changed.notify_one();
    }

    /// Writes entries until they are in. What the ledger refuses for good is an error of ours, and is told.
    async fn write(&self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        while let Err(error) = self.try_write(entries.clone()).await {
            if !self.wait_for_store(&error).await {
                return;
            }
        }
    }

    /// Writes entries as one; the first refusal counts.
    pub(super) async fn try_write(&self, entries: Vec<Entry>) -> Result<(), LedgerError> {
        let written: Result<(), LedgerError> = self.rooms.ledger.record(entries).await.into_iter().collect();
        if written.is_ok() {
            self.health.answers();
        }
        written
    }

    /// What the ledger has of a job, once it says; none also where it refuses for good.
    pub(super) async fn recorded_job(&self, name: &JobName) -> Option<JobRecord> {
        loop {
            match self.rooms.ledger.job(name).await {
                Ok(record) => return record,
                Err(error) if self.wait_for_store(&error).await => {}
                Err(_) => return None,
            }
        }
    }

    /// Waits where the store is away. False: it refuses for good.
    pub(super) async fn wait_for_store(&self, error: &LedgerError) -> bool {
        if error.is_store_away() {
            self.health.failed(error);
            tokio::time::sleep(STORE_RETRY).await;
            return true;
        }
        match error {
            LedgerError::Closed => {}
            // Another process took over: this one must do nothing more.
            LedgerError::Refused(EntryError::Fenced { .. }) => self.timetable().drain(),
            _ => self.telemetry.violated("ledger_refused", &error.to_string()),
        }
        false
    }
}

/// Where a record says that its job stands.
pub(super) fn place(record: &JobRecord) -> Place {
    Place {
        generation: record.generation,
        cursor: record.cursor,
        head: record.head,
        skip_next: record.skip_next,
        failures: record.failures,
        paused: record.paused.is_some(),
    }
}

/// The due times of a recorded schedule that have come and have no disposition.
fn missed(record: &JobRecord, reason: SkipReason, now: Timestamp) -> Option<Skip> {
    let schedule = Schedule::from_record(&record.schedule, &record.job).ok()?;
    backlog(&record.job, &schedule, &place(record), reason, now)
}

/// The end of a job: what came and has no disposition is skipped, as removed.
fn retirement(record: &JobRecord, now: Timestamp) -> Vec<Entry> {
    let skip = missed(record, SkipReason::Removed, now);
    let after = skip.as_ref().map_or(record.cursor, |skip| skip.last);
    let skip = skip.map(|skip| Entry::Skip { skip, after: record.cursor });
    skip.into_iter().chain([Entry::Retire { job: record.job.clone(), at: now, after }]).collect()
}

/// A job's schedule as the ledger has it.
fn written(scheduled: &Scheduled) -> String {
    let spec = &scheduled.job.spec;
    let schedule = spec.schedule.as_ref().map(Schedule::to_record);
    schedule.or_else(|| spec.heads.as_ref().map(HeadTrigger::to_record)).unwrap_or_else(|| NO_SCHEDULE.to_owned())
}
