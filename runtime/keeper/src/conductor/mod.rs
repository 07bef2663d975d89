//! Starts runs when they are due, and ends them when they must: asks the timetable under one short lock, has its batches
//! recorded, and starts what was claimed. Reads no file and knows nothing of what a run does.
//!
//! Here are the loop and the views; [`record`] has the ledger's answers, [`apply`] jobs that come and go, [`actions`] what
//! people ask for.

mod actions;
mod apply;
mod record;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use watchkeeper_ledger::{PendingRetry, Recovery};
use watchkeeper_model::{Digest, JobName, PluginName, RunId, RunStart};
use watchkeeper_schedule::{
    Policy, Schedule,
    timetable::{Entry, Place, Timed, Timetable, Turns},
};

use crate::{job::Scheduled, news::News, recent::Recent, run::Rooms, store_health::StoreHealth, telemetry::Telemetry};

pub(crate) use actions::{ActError, Asked};

/// How long what was cancelled may take to settle when the process ends.
const SETTLE: Duration = Duration::from_secs(10);

/// Starts runs when they are due.
pub(crate) struct Conductor {
    rooms: Rooms,
    telemetry: Arc<Telemetry>,
    health: StoreHealth,
    recent: Arc<Recent>,
    news: News,
    timetable: Mutex<Timetable<Scheduled, Going>>,
    /// Runs that the last process left to be tried again, until their jobs are loaded.
    left: Mutex<HashMap<JobName, Vec<PendingRetry>>>,
    changed: Notify,
    /// A job's batch was answered, or its hold is over.
    quiet: Notify,
}

/// What is kept of a run that goes.
#[derive(Clone)]
pub(crate) struct Going {
    cancel: CancellationToken,
    /// Why it was cancelled, for its message.
    reason: Arc<Mutex<Option<String>>>,
}

/// A job as the status shows it.
pub(crate) struct JobView {
    pub(crate) scheduled: Arc<Scheduled>,
    pub(crate) place: Place,
    pub(crate) next: Option<Timestamp>,
    /// When its last run is tried again, and that run.
    pub(crate) retry: Option<(RunId, Timestamp)>,
    /// Its runs that go, the oldest first.
    pub(crate) running: Vec<RunStart>,
}

impl Conductor {
    pub(crate) fn new(
        rooms: Rooms,
        telemetry: Arc<Telemetry>,
        recent: Arc<Recent>,
        news: News,
        turns: Turns,
        recovery: &Recovery,
    ) -> Self {
        let mut left: HashMap<JobName, Vec<PendingRetry>> = HashMap::new();
        for retry in &recovery.retries {
            left.entry(retry.run.job.clone()).or_default().push(retry.clone());
        }
        Self {
            health: StoreHealth::new(Arc::clone(&telemetry), Arc::clone(&rooms.clock), news.clone()),
            rooms,
            telemetry,
            recent,
            news,
            timetable: Mutex::new(Timetable::new(turns)),
            left: Mutex::new(left),
            changed: Notify::new(),
            quiet: Notify::new(),
        }
    }

    /// Starts what is due, for ever. While the ledger doesn't answer, it is asked once in a while.
    pub(crate) async fn keep(self: &Arc<Self>) {
        loop {
            if let Some(wait) = self.health.wait() {
                tokio::time::sleep(wait).await;
            }
            let sleep = self.tick();
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Starts nothing any more, waits for what runs, and ends what isn't over after `grace`.
    pub(crate) async fn drain(&self, grace: Duration) {
        let running = {
            let mut timetable = self.timetable();
            timetable.drain();
            timetable.in_progress()
        };
        tracing::info!(running, ?grace, "draining");
        if tokio::time::timeout(grace, self.idle()).await.is_err() {
            for running in self.timetable().entries().flat_map(|(_, entry)| &entry.running) {
                running.run.cancel("watchkeeper ended before the run did");
            }
            if tokio::time::timeout(SETTLE, self.idle()).await.is_err() {
                tracing::error!("runs did not settle: the next start declares them lost");
            }
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.timetable().is_draining()
    }

    /// All jobs, by name.
    pub(crate) fn jobs(&self) -> Vec<JobView> {
        let now = self.rooms.clock.now();
        self.timetable().entries().filter_map(|(_, entry)| view(entry, now)).collect()
    }

    /// One job.
    pub(crate) fn job(&self, name: &JobName) -> Option<JobView> {
        let now = self.rooms.clock.now();
        self.timetable().entry(name).and_then(|entry| view(entry, now))
    }

    /// When the runs are tried again that are to be, by the run that ended.
    pub(crate) fn retries(&self) -> HashMap<RunId, Timestamp> {
        let timetable = self.timetable();
        timetable.entries().filter_map(|(_, entry)| entry.retry.as_ref()).map(|(at, run)| (run.id, *at)).collect()
    }

    /// Since when the ledger takes nothing, and why.
    pub(crate) fn store_away(&self) -> Option<(Timestamp, String)> {
        self.health.away()
    }

    /// Jobs that nothing runs of, that wait for nothing, and whose due time is long past: what must never be.
    pub(crate) fn overdue(&self, by: Duration) -> Vec<JobName> {
        let now = self.rooms.clock.now();
        let timetable = self.timetable();
        if timetable.is_draining() || timetable.queued() > 0 || self.health.away().is_some() {
            return Vec::new();
        }
        let late = |entry: &Entry<Scheduled, Going>| {
            let job = entry.job.as_ref()?;
            let schedule = job.schedule()?;
            let due = schedule.next(entry.place.cursor)?.checked_add(schedule.start_offset()).ok()?;
            let idle = entry.running.is_empty() && !entry.place.paused && !entry.is_recording();
            (idle && now.duration_since(due).unsigned_abs() > by && due < now).then_some(())
        };
        timetable.entries().filter(|(_, entry)| late(entry).is_some()).map(|(name, _)| name.clone()).collect()
    }

    /// Runs that go, by name.
    pub(crate) fn going(&self) -> Vec<RunId> {
        let timetable = self.timetable();
        timetable.entries().flat_map(|(_, entry)| &entry.running).map(|running| running.start.id).collect()
    }

    async fn idle(&self) {
        while self.timetable().in_progress() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Has recorded what is due now; returns how long nothing will be.
    fn tick(self: &Arc<Self>) -> Duration {
        let tick = {
            let mut timetable = self.timetable();
            // Asked under the lock: a claim is never older than the end of the run before it.
            let now = self.rooms.clock.now();
            let tick = timetable.tick(now, || new_id(now));
            for (job, run) in &tick.cancel {
                let entry = timetable.entry(job);
                if let Some(running) = entry.and_then(|entry| entry.running.iter().find(|it| it.start.id == *run)) {
                    running.run.cancel("a newer run takes its place");
                }
            }
            self.telemetry.ticked(epoch_seconds(now), timetable.in_progress(), timetable.queued());
            tick
        };
        if !tick.batches.is_empty() {
            let conductor = Arc::clone(self);
            tokio::spawn(async move { conductor.record(tick.batches).await });
        }
        tick.sleep
    }

    fn timetable(&self) -> MutexGuard<'_, Timetable<Scheduled, Going>> {
        self.timetable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Going {
    pub(crate) fn new(cancel: CancellationToken) -> Self {
        Self { cancel, reason: Arc::default() }
    }

    /// Ends the run; the first reason is the one that is told.
    fn cancel(&self, reason: &str) {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| reason.to_owned());
        self.cancel.cancel();
    }

    fn reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Timed for Scheduled {
    fn plugin(&self) -> &PluginName {
        &self.job.spec.plugin
    }

    fn digest(&self) -> Digest {
        self.job.plugin.component.digest
    }

    fn schedule(&self) -> Option<&Schedule> {
        self.job.spec.schedule.as_ref()
    }

    fn policy(&self) -> &Policy {
        &self.job.spec.policy
    }
}

fn view(entry: &Entry<Scheduled, Going>, now: Timestamp) -> Option<JobView> {
    let running = entry.running.iter();
    Some(JobView {
        scheduled: Arc::clone(entry.job.as_ref()?),
        place: entry.place,
        next: entry.next_due(now),
        retry: entry.retry.as_ref().map(|(at, run)| (run.id, *at)),
        running: running.map(|running| running.start.clone()).collect(),
    })
}

/// A new run's name.
fn new_id(now: Timestamp) -> RunId {
    RunId::new(now, fastrand::u128(..))
}

/// A time as Prometheus writes it.
pub(crate) fn epoch_seconds(time: Timestamp) -> f64 {
    Duration::try_from(time.duration_since(Timestamp::UNIX_EPOCH)).map_or(0.0, |since| since.as_secs_f64())
}
