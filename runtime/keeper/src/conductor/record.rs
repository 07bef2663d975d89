//! Between a decision and its run: the timetable's batches go to the ledger, and what it takes begins. A batch whose fate
//! isn't known is looked up before anything else is decided for its job.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use watchkeeper_ledger::{Entry, EntryError, LedgerError};
use watchkeeper_metrics::Sample;
use watchkeeper_model::{JobName, Outcome, RunEnd, RunStart, Skip};
use watchkeeper_schedule::{
    retry_at,
    timetable::{self, Batch, Place},
};

use super::{Conductor, Going, apply::REMOVED};
use crate::{host_metrics, job::Scheduled, run::Done, store_health::STORE_RETRY, telemetry::Telemetry};

impl Conductor {
    /// Records batches in one transaction and starts what they claim.
    pub(super) async fn record(self: Arc<Self>, batches: Vec<Batch<Scheduled>>) {
        let entries: Vec<Entry> = batches.iter().flat_map(entries).collect();
        let mut answers = self.rooms.ledger.record(entries).await.into_iter();
        let mut doubtful = Vec::new();
        for batch in batches {
            let count = batch.skips.len() + usize::from(batch.claim.is_some());
            match answers.by_ref().take(count).filter_map(Result::err).reduce(|first, _| first) {
                None => {
                    self.health.answers();
                    let stands = batch.then;
                    self.recorded(batch, stands, true);
                }
                Some(error) => doubtful.push((batch, error)),
            }
        }
        for (batch, error) in doubtful {
            self.look_up(batch, error).await;
        }
        self.quiet.notify_waiters();
        self.changed.notify_one();
    }

    /// Reads what stands after a batch that failed, until the ledger says.
    async fn look_up(self: &Arc<Self>, batch: Batch<Scheduled>, mut error: LedgerError) {
        match (&error, &batch.claim) {
            (LedgerError::Refused(EntryError::NoRetry { .. }), Some(claim)) => {
                self.timetable().forget_retry(&claim.start);
            }
            _ if error.is_store_away() => {}
            _ => self.telemetry.violated("disposed_twice", &error.to_string()),
        }
        loop {
            match error {
                LedgerError::Closed => return,
                // Another process took over: this one must do nothing more.
                LedgerError::Refused(EntryError::Fenced { .. }) => return self.timetable().drain(),
                LedgerError::Refused(_) => {}
                _ => {
                    if error.is_store_away() {
                        self.health.failed(&error);
                    }
                    tokio::time::sleep(STORE_RETRY).await;
                }
            }
            match self.found(&batch).await {
                Ok((stands, claimed)) => return self.recorded(batch, stands, claimed),
                Err(again) => error = again,
            }
        }
    }

    async fn found(&self, batch: &Batch<Scheduled>) -> Result<(Place, bool), LedgerError> {
        let claimed = match &batch.claim {
            Some(claim) => self.rooms.ledger.run(claim.start.id).await?.is_some_and(|found| found.run.end.is_none()),
            None => false,
        };
        let stands = self.rooms.ledger.job(&batch.job).await?.as_ref().map_or(batch.then, super::apply::place);
        Ok((stands, claimed))
    }

    fn recorded(self: &Arc<Self>, batch: Batch<Scheduled>, stands: Place, claimed: bool) {
        batch.skips.iter().filter(|skip| skip.last <= stands.cursor).for_each(|skip| self.skipped(skip));
        let Some(claim) = batch.claim.as_ref().filter(|_| claimed) else {
            self.timetable().answered(&batch, stands, None);
            return self.tell_standing(&batch.job);
        };
        let (start, under) = (claim.start.clone(), Arc::clone(&claim.under));
        let order = under.order(&start, self.rooms.clock.now(), CancellationToken::new());
        let going = Going::new(&order);
        self.timetable().answered(&batch, stands, Some(going.clone()));
        if self.known(&batch.job).is_err() {
            going.cancel(REMOVED);
        }
        self.tell_standing(&batch.job);
        self.news.run_started(&start);
        let conductor = Arc::clone(self);
        tokio::spawn(async move {
            let done = conductor.rooms.run(order).await;
            conductor.finish(start, &under, &going, done).await;
        });
    }

    /// Has the metrics say where a job stands.
    pub(super) fn tell_standing(&self, name: &JobName) {
        let standing = self.timetable().entry(name).map(|entry| self.standing(entry)).unwrap_or_default();
        self.rooms.series.commit_host(name, &standing);
    }

    /// What the metrics say of where a job stands.
    fn standing(&self, entry: &timetable::Entry<Scheduled, Going>) -> Vec<Sample> {
        vec![
            host_metrics::next_run(entry.next_due(self.rooms.clock.now())),
            host_metrics::paused(entry.place.paused),
            host_metrics::failures(entry.place.failures),
        ]
    }

    /// Tells of due times that led to no run.
    pub(super) fn skipped(&self, skip: &Skip) {
        self.rooms.series.commit_host(&skip.job, &[host_metrics::skipped(skip.reason, skip.count)]);
        self.recent.skipped(skip);
        self.news.job_changed(&skip.job);
        tracing::info!(job = %skip.job, reason = %skip.reason, times = skip.count, first = %skip.first, last = %skip.last, "skipped");
    }

    /// Records a run's end, exposes what it said, and makes room for the next. Where the ledger doesn't answer, the end is
    /// kept and recorded when it does.
    async fn finish(&self, start: RunStart, under: &Scheduled, going: &Going, mut done: Done) {
        going.explain(&mut done.end);
        let (retry_at, pause) = self.keep_end(&start, under, &mut done).await;
        let failures = self.timetable().entry(&start.job).map(|entry| entry.place.failures_after(done.end.outcome));
        let standing = failures.map(host_metrics::failures).into_iter().collect();
        self.rooms.expose(&start, under, &done.end, std::mem::take(&mut done.samples), standing);
        {
            let mut timetable = self.timetable();
            if pause.is_some() {
                timetable.stand(&start.job, |place| place.paused = true);
            }
            timetable.ended(&start.job, start.id, done.end.outcome, retry_at);
            if timetable.entry(&start.job).is_some_and(|entry| entry.job.is_some()) {
                self.recent.ended(&start, &done.end);
            }
        }
        if let Some(note) = pause {
            self.tell_paused(&start.job, &note);
        }
        Telemetry::run_ended(&start, &done.end);
        self.news.run_finished(&start, &done.end, retry_at);
        self.quiet.notify_waiters();
        self.changed.notify_one();
    }

    /// Writes an end to the ledger until it is there. Returns what was recorded with it: the next try, and a pause.
    async fn keep_end(
        &self,
        start: &RunStart,
        under: &Scheduled,
        done: &mut Done,
    ) -> (Option<Timestamp>, Option<String>) {
        let mut decided = self.after(start, under, &done.end);
        loop {
            let (retry_at, pause) = decided.clone();
            let entry = Entry::Finish {
                run: start.id,
                end: done.end.clone(),
                state: done.state.clone(),
                retry_at,
                pause,
                history: under.history(),
            };
            match self.try_write(vec![entry]).await {
                Ok(()) => return decided,
                Err(LedgerError::Refused(EntryError::State(error))) => {
                    done.end.outcome = Outcome::Failed;
                    done.end.message = format!("done, but not kept: {error}");
                    done.state.clear();
                    decided = self.after(start, under, &done.end);
                }
                Err(error) if self.wait_for_store(&error).await => {}
                Err(error) => {
                    tracing::error!(job = %start.job, run = %start.id, %error, "the ledger lost a run's end");
                    return (None, None);
                }
            }
        }
    }

    /// What follows from a run's end: when it is tried again, and why its job pauses. Decided once, so that an answer that
    /// was lost changes nothing.
    fn after(&self, start: &RunStart, under: &Scheduled, end: &RunEnd) -> (Option<Timestamp>, Option<String>) {
        let policy = &under.job.spec.policy;
        let retry = retry_at(policy, end.outcome, start.attempt, &start.job, start.id, end.finished);
        (retry, self.timetable().pauses(&start.job, end.outcome))
    }
}

/// Each follows on the one before.
fn entries(batch: &Batch<Scheduled>) -> Vec<Entry> {
    let mut after = batch.after;
    let mut entries = Vec::new();
    for skip in &batch.skips {
        entries.push(Entry::Skip { skip: skip.clone(), after });
        after = skip.last;
    }
    entries.extend(batch.claim.as_ref().map(|claim| Entry::Claim { run: claim.start.clone(), after }));
    entries
}
