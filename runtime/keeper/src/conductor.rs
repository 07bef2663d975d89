//! Starts runs when they are due, and ends them when they must: decides under one short lock, by the timetable, and
//! starts runs outside it. Reads no file and knows nothing of what a run does.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use watchkeeper_contract::{Progress, RunInfo};
use watchkeeper_model::{JobName, Outcome, PluginName, RunId, RunStart, Trigger};
use watchkeeper_sandbox::RunOrder;
use watchkeeper_schedule::Schedule;

use crate::{
    host_metrics,
    job::Scheduled,
    run::Rooms,
    telemetry::Telemetry,
    timetable::{Entry, Timed, Timetable, Turns},
};

/// Starts runs when they are due.
pub(crate) struct Conductor {
    rooms: Rooms,
    telemetry: Arc<Telemetry>,
    timetable: Mutex<Timetable<Scheduled, Going>>,
    changed: Notify,
}

/// What is kept of a run that goes.
struct Going {
    id: RunId,
    cancel: CancellationToken,
    info: Arc<RunInfo>,
}

/// A decided run.
struct Decided {
    start: RunStart,
    under: Arc<Scheduled>,
    order: RunOrder,
}

/// A job as the status shows it.
pub(crate) struct JobView {
    pub(crate) scheduled: Arc<Scheduled>,
    pub(crate) next: Option<Timestamp>,
    pub(crate) running: Option<(RunId, Option<Progress>)>,
    pub(crate) runs: BTreeMap<Outcome, u64>,
    pub(crate) last_success: Option<Timestamp>,
}

impl Conductor {
    pub(crate) fn new(rooms: Rooms, telemetry: Arc<Telemetry>, turns: Turns) -> Self {
        Self { rooms, telemetry, timetable: Mutex::new(Timetable::new(turns)), changed: Notify::new() }
    }

    /// Starts what is due, for ever. Costs O(log jobs) for each due time.
    pub(crate) async fn keep(self: &Arc<Self>) {
        loop {
            let sleep = self.tick();
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Puts jobs in, or in the place of what they were. Runs in flight finish under what they began with, except where
    /// the new grants are narrower: those end now. An unchanged schedule keeps its next time.
    pub(crate) fn apply(&self, jobs: Vec<Arc<Scheduled>>) {
        let now = self.rooms.clock.now();
        let mut timetable = self.timetable();
        for scheduled in jobs {
            let name = &scheduled.job.spec.name;
            if let Some(running) = timetable.running(name).filter(|run| !scheduled.job.covers(&run.under.job)) {
                running.run.cancel.cancel();
            }
            if timetable.put(name, Arc::clone(&scheduled), now) {
                self.rooms.series.commit_host(name, &host_metrics::created());
            }
        }
        drop(timetable);
        self.changed.notify_one();
    }

    /// Takes a job out, and ends its run.
    pub(crate) fn remove(&self, name: &JobName) {
        if let Some(going) = self.timetable().remove(name) {
            going.cancel.cancel();
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
            for running in self.timetable().entries().filter_map(|entry| entry.running.as_ref()) {
                running.run.cancel.cancel();
            }
            self.idle().await;
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.timetable().is_draining()
    }

    /// All jobs, by name.
    pub(crate) fn jobs(&self) -> Vec<JobView> {
        self.timetable().entries().filter_map(view).collect()
    }

    async fn idle(&self) {
        while self.timetable().in_progress() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts what is due now; returns how long nothing will be.
    fn tick(self: &Arc<Self>) -> Duration {
        let now = self.rooms.clock.now();
        let (decided, skips, sleep) = {
            let mut timetable = self.timetable();
            let skips = timetable.take_due(now);
            let decided = timetable.take_turns(|under, nominal| decide(under, nominal, now));
            self.telemetry.ticked(epoch_seconds(now), timetable.in_progress(), timetable.queued());
            (decided, skips, timetable.sleep(now))
        };
        for skip in skips {
            self.rooms.series.commit_host(&skip.job, &[host_metrics::skipped(skip.reason, skip.times)]);
        }
        decided.into_iter().for_each(|decided| self.start(decided));
        sleep
    }

    fn start(self: &Arc<Self>, decided: Decided) {
        let conductor = Arc::clone(self);
        tokio::spawn(async move {
            let Decided { start, under, order } = decided;
            let job = start.job.clone();
            let end = conductor.rooms.run(start, &under, order).await;
            conductor.timetable().ended(&job, end.outcome, end.finished);
            conductor.changed.notify_one();
        });
    }

    fn timetable(&self) -> MutexGuard<'_, Timetable<Scheduled, Going>> {
        self.timetable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Timed for Scheduled {
    fn plugin(&self) -> &PluginName {
        &self.job.spec.plugin
    }

    fn schedule(&self) -> &Schedule {
        &self.job.spec.schedule
    }
}

fn decide(under: &Arc<Scheduled>, nominal: Timestamp, now: Timestamp) -> (Decided, Going) {
    let cancel = CancellationToken::new();
    let (start, order) = under.begin(Trigger::Schedule(nominal), now, cancel.clone());
    let going = Going { id: start.id, cancel, info: Arc::clone(&order.info) };
    (Decided { start, under: Arc::clone(under), order }, going)
}

fn view(entry: &Entry<Scheduled, Going>) -> Option<JobView> {
    Some(JobView {
        scheduled: Arc::clone(entry.job.as_ref()?),
        next: entry.starts_at(),
        running: entry.running.as_ref().map(|running| (running.run.id, running.run.info.progress())),
        runs: entry.runs.clone(),
        last_success: entry.last_success,
    })
}

/// A time as Prometheus writes it.
pub(crate) fn epoch_seconds(time: Timestamp) -> f64 {
    Duration::try_from(time.duration_since(Timestamp::UNIX_EPOCH)).map_or(0.0, |since| since.as_secs_f64())
}
