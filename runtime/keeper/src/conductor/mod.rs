//! Starts runs when they are due, and ends them when they must: asks the timetable under one short lock, has its batches
//! recorded, and starts what was claimed. Reads no file and knows nothing of what a run does.
//!
//! Here are the loop and the views; [`record`] has the ledger's answers, [`apply`] jobs that come and go, [`actions`] what
//! people ask for, [`probes`] what scrapes do.

mod actions;
mod apply;
mod probes;
mod record;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use watchkeeper_contract::{Progress, RunInfo};
use watchkeeper_ledger::{PendingRetry, Recovery};
use watchkeeper_model::{Digest, Head, HeadFeed, JobName, Outcome, PluginName, RunEnd, RunId, RunStart};
use watchkeeper_sandbox::RunOrder;
use watchkeeper_schedule::{
    HeadTrigger, Policy, Schedule,
    timetable::{Entry, Place, Timed, Timetable, Turns},
};

use crate::{job::Scheduled, news::News, recent::Recent, run::Rooms, store_health::StoreHealth, telemetry::Telemetry};

use probes::Probes;

pub(crate) use actions::{ActError, Asked};

/// How long what was cancelled may take to settle when the process ends.
const SETTLE: Duration = Duration::from_secs(10);

/// How far a clock that is set back may be behind a job's last due time without a word about it.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// Starts runs when they are due.
pub(crate) struct Conductor {
    rooms: Rooms,
    telemetry: Arc<Telemetry>,
    health: StoreHealth,
    recent: Arc<Recent>,
    news: News,
    timetable: Mutex<Timetable<Scheduled, Going>>,
    probes: Probes,
    /// Runs that the last process left to be tried again, until their jobs are loaded.
    left: Mutex<HashMap<JobName, Vec<PendingRetry>>>,
    /// How many runs of each job the last process left without an end, until the job is loaded and its metrics say so.
    lost: Mutex<HashMap<JobName, u32>>,
    changed: Notify,
    /// A job's batch was answered, or its hold is over.
    quiet: Notify,
}

/// What is kept of a run that goes.
#[derive(Clone)]
pub(crate) struct Going {
    /// What it says of itself while it goes.
    info: Arc<RunInfo>,
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
    /// Until when it doesn't fall due because the clock was set back.
    pub(crate) ahead: Option<Timestamp>,
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
        let mut lost: HashMap<JobName, u32> = HashMap::new();
        for run in &recovery.lost {
            *lost.entry(run.start.job.clone()).or_default() += 1;
        }
        Self {
            health: StoreHealth::new(Arc::clone(&telemetry), Arc::clone(&rooms.clock), news.clone()),
            rooms,
            telemetry,
            recent,
            news,
            timetable: Mutex::new(Timetable::new(turns)),
            probes: Probes::default(),
            left: Mutex::new(left),
            lost: Mutex::new(lost),
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
            self.cancel_where("watchkeeper ended before the run did", |_, _| true);
            if tokio::time::timeout(SETTLE, self.idle()).await.is_err() {
                tracing::error!("runs did not settle: the next start declares them lost");
            }
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.timetable().is_draining()
    }

    /// A chain has a new head: jobs that follow it run.
    pub(crate) fn head(&self, feed: &HeadFeed, head: Head) {
        self.timetable().head(feed, head, self.rooms.clock.now());
        self.changed.notify_one();
    }

    /// What the jobs follow.
    pub(crate) fn feeds(&self) -> BTreeSet<HeadFeed> {
        let timetable = self.timetable();
        let jobs = timetable.entries().filter_map(|(_, entry)| entry.job.as_ref());
        jobs.filter_map(|job| job.job.spec.heads.as_ref()).map(|heads| heads.feed.clone()).collect()
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

    /// How far the runs are that go, of those that said something of it.
    pub(crate) fn progress(&self) -> HashMap<RunId, Progress> {
        let timetable = self.timetable();
        let running = timetable.entries().flat_map(|(_, entry)| &entry.running);
        running.filter_map(|running| Some((running.start.id, running.run.info.progress()?))).collect()
    }

    /// Since when the ledger takes nothing, and why.
    pub(crate) fn store_away(&self) -> Option<(Timestamp, String)> {
        self.health.away()
    }

    /// Jobs that are late without a reason: what must never be.
    pub(crate) fn overdue(&self, by: Duration) -> Vec<JobName> {
        if self.health.away().is_some() { Vec::new() } else { self.timetable().overdue(self.rooms.clock.now(), by) }
    }

    /// The schedules that are in force, with the numbers of their generations.
    pub(crate) fn schedules(&self) -> HashMap<JobName, (u64, Arc<Scheduled>)> {
        let timetable = self.timetable();
        let loaded = timetable.entries().filter_map(|(name, entry)| {
            Some((name.clone(), (entry.place.generation, Arc::clone(entry.job.as_ref()?))))
        });
        loaded.collect()
    }

    /// Runs that go, by name.
    pub(crate) fn going(&self) -> Vec<RunId> {
        let timetable = self.timetable();
        timetable.entries().flat_map(|(_, entry)| &entry.running).map(|running| running.start.id).collect()
    }

    async fn idle(&self) {
        while self.timetable().in_progress() > 0 || !self.probes.locked().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the runs, and the probes, of jobs that are as the condition says: the job's name, and what the run began under.
    fn cancel_where(&self, reason: &str, condition: impl Fn(&JobName, &Scheduled) -> bool) {
        for (name, entry) in self.timetable().entries() {
            for running in entry.running.iter().filter(|running| condition(name, &running.under)) {
                running.run.cancel(reason);
            }
        }
        for probe in self.probes.locked().values().filter(|probe| condition(&probe.job, &probe.under)) {
            probe.going.cancel(reason);
        }
    }

    /// Has recorded what is due now; returns how long nothing will be.
    fn tick(self: &Arc<Self>) -> Duration {
        let probes = self.probes.locked().len();
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
            self.telemetry.ticked(epoch_seconds(now), timetable.in_progress() + probes, timetable.queued());
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
    pub(crate) fn new(order: &RunOrder) -> Self {
        Self { info: Arc::clone(&order.info), cancel: order.cancel.clone(), reason: Arc::default() }
    }

    /// Ends the run; the first reason is the one that is told.
    fn cancel(&self, reason: &str) {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| reason.to_owned());
        self.cancel.cancel();
    }

    /// Has the end of a run that was cancelled say why.
    fn explain(&self, end: &mut RunEnd) {
        let reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(reason) = reason.filter(|_| end.outcome == Outcome::Cancelled) {
            end.message = reason;
        }
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

    fn heads(&self) -> Option<&HeadTrigger> {
        self.job.spec.heads.as_ref()
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
        ahead: entry.ahead(now, CLOCK_TOLERANCE),
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
