//! Which job runs when: due times, turns, overlap, drain. Decides under one short lock and starts runs outside it;
//! reads no file and knows nothing of what a run does.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use watchkeeper_contract::{Progress, RunInfo};
use watchkeeper_model::{JobName, Outcome, PluginName, RunEnd, RunId, RunStart, Trigger};
use watchkeeper_sandbox::RunOrder;

use crate::{
    host_metrics::{self, SkipReason},
    job::Scheduled,
    run::Rooms,
    telemetry::Telemetry,
};

/// The longest that the scheduler sleeps, so that a clock that was set is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// Due times that a late tick counts one by one; beyond, they count as one more.
const COUNTED_LATE: u64 = 10_000;

/// How many runs may go at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turns {
    pub(crate) total: usize,
    pub(crate) per_plugin: usize,
}

/// Starts runs when they are due.
pub(crate) struct Conductor {
    rooms: Rooms,
    telemetry: Arc<Telemetry>,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    turns: Turns,
    jobs: BTreeMap<JobName, Entry>,
    /// When each job starts next, after its nominal time and start offset.
    due: BTreeSet<(Timestamp, JobName)>,
    queue: VecDeque<(JobName, Timestamp)>,
    per_plugin: HashMap<PluginName, usize>,
    in_progress: usize,
    draining: bool,
}

/// A job, or what is left of it until its last run has settled.
#[derive(Default)]
struct Entry {
    scheduled: Option<Arc<Scheduled>>,
    /// The nominal time that comes next.
    next: Option<Timestamp>,
    /// Its place in `due`.
    planned: Option<Timestamp>,
    running: Option<Going>,
    queued: bool,
    runs: BTreeMap<Outcome, u64>,
    last_success: Option<Timestamp>,
}

struct Going {
    id: RunId,
    cancel: CancellationToken,
    info: Arc<RunInfo>,
    under: Arc<Scheduled>,
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
        let state = State {
            turns,
            jobs: BTreeMap::new(),
            due: BTreeSet::new(),
            queue: VecDeque::new(),
            per_plugin: HashMap::new(),
            in_progress: 0,
            draining: false,
        };
        Self { rooms, telemetry, state: Mutex::new(state), changed: Notify::new() }
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
        let mut state = self.state();
        for scheduled in jobs {
            let name = scheduled.job.spec.name.clone();
            let entry = state.jobs.entry(name.clone()).or_default();
            if let Some(going) = entry.running.as_ref().filter(|going| !scheduled.job.covers(&going.under.job)) {
                going.cancel.cancel();
            }
            let before = entry.scheduled.replace(Arc::clone(&scheduled));
            if before.is_some_and(|before| before.job.spec.schedule == scheduled.job.spec.schedule) {
                continue;
            }
            state.plan(&name, now);
            self.rooms.series.commit_host(&name, &host_metrics::created());
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Takes a job out, and ends its run.
    pub(crate) fn remove(&self, name: &JobName) {
        let mut state = self.state();
        state.unplan(name);
        state.queue.retain(|(queued, _)| queued != name);
        let Some(entry) = state.jobs.get_mut(name) else { return };
        entry.scheduled = None;
        match &entry.running {
            Some(going) => going.cancel.cancel(),
            None => drop(state.jobs.remove(name)),
        }
    }

    /// Starts nothing any more, waits for what runs, and ends what isn't over after `grace`.
    pub(crate) async fn drain(&self, grace: Duration) {
        let running = {
            let mut state = self.state();
            state.draining = true;
            state.queue.clear();
            state.in_progress
        };
        tracing::info!(running, ?grace, "draining");
        if tokio::time::timeout(grace, self.idle()).await.is_err() {
            self.state()
                .jobs
                .values()
                .filter_map(|entry| entry.running.as_ref())
                .for_each(|going| going.cancel.cancel());
            self.idle().await;
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.state().draining
    }

    /// All jobs, by name.
    pub(crate) fn jobs(&self) -> Vec<JobView> {
        self.state().jobs.values().filter_map(Entry::view).collect()
    }

    async fn idle(&self) {
        while self.state().in_progress > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts what is due now; returns how long nothing will be.
    fn tick(self: &Arc<Self>) -> Duration {
        let now = self.rooms.clock.now();
        let (decided, skips, sleep) = {
            let mut state = self.state();
            let skips = state.take_due(now);
            let decided = state.take_turns(now);
            self.telemetry.ticked(epoch_seconds(now), state.in_progress, state.queue.len());
            (decided, skips, state.sleep(now))
        };
        for (job, reason, times) in skips {
            self.rooms.series.commit_host(&job, &[host_metrics::skipped(reason, times)]);
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
            conductor.state().ended(&job, &under, &end);
            conductor.changed.notify_one();
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Moves every job whose time has come to the queue, and plans its next. What led to no run is returned.
    fn take_due(&mut self, now: Timestamp) -> Vec<(JobName, SkipReason, u64)> {
        let mut skips = Vec::new();
        while let Some((at, name)) = self.due.first().cloned() {
            if at > now || self.draining {
                break;
            }
            self.due.pop_first();
            let Some((nominal, late)) = self.advance(&name, now) else { continue };
            if late > 0 {
                skips.push((name.clone(), SkipReason::Late, late));
            }
            let Some(entry) = self.jobs.get_mut(&name) else { continue };
            if entry.running.is_some() || entry.queued {
                skips.push((name, SkipReason::Overlap, 1));
            } else {
                entry.queued = true;
                self.queue.push_back((name, nominal));
            }
        }
        skips
    }

    /// Moves a job past `now`: the last due time that has come, and how many before it were too late.
    fn advance(&mut self, name: &JobName, now: Timestamp) -> Option<(Timestamp, u64)> {
        let entry = self.jobs.get_mut(name)?;
        let scheduled = Arc::clone(entry.scheduled.as_ref()?);
        let schedule = &scheduled.job.spec.schedule;
        let started_by = now.checked_sub(schedule.start_offset()).unwrap_or(Timestamp::MIN);
        let mut nominal = entry.next?;
        let mut late = 0;
        while let Some(next) = schedule.next(nominal).filter(|next| *next <= started_by) {
            late += 1;
            nominal = if late < COUNTED_LATE { next } else { started_by };
        }
        self.plan(name, nominal.max(started_by));
        Some((nominal, late))
    }

    /// Plans the first due time of a job after `after`.
    fn plan(&mut self, name: &JobName, after: Timestamp) {
        self.unplan(name);
        let Some(entry) = self.jobs.get_mut(name) else { return };
        let Some(scheduled) = &entry.scheduled else { return };
        entry.next = scheduled.job.spec.schedule.next(after);
        entry.planned = entry.starts_at();
        if let Some(at) = entry.planned {
            self.due.insert((at, name.clone()));
        }
    }

    fn unplan(&mut self, name: &JobName) {
        if let Some(at) = self.jobs.get_mut(name).and_then(|entry| entry.planned.take()) {
            self.due.remove(&(at, name.clone()));
        }
    }

    /// Gives turns to waiting jobs, the longest waiting first; a plugin that has all its turns lets others pass.
    fn take_turns(&mut self, now: Timestamp) -> Vec<Decided> {
        let mut decided = Vec::new();
        let mut waiting = VecDeque::new();
        while let Some((name, nominal)) = self.queue.pop_front() {
            if self.in_progress >= self.turns.total {
                waiting.push_back((name, nominal));
                waiting.append(&mut self.queue);
                break;
            }
            match self.turn(&name, nominal, now) {
                Turn::Taken(run) => decided.push(*run),
                Turn::Gone => {}
                Turn::Wait => waiting.push_back((name, nominal)),
            }
        }
        self.queue = waiting;
        decided
    }

    fn turn(&mut self, name: &JobName, nominal: Timestamp, now: Timestamp) -> Turn {
        let Some(entry) = self.jobs.get_mut(name) else { return Turn::Gone };
        let Some(under) = entry.scheduled.clone() else { return Turn::Gone };
        let spec = &under.job.spec;
        let of_plugin = self.per_plugin.entry(spec.plugin.clone()).or_default();
        if *of_plugin >= self.turns.per_plugin {
            return Turn::Wait;
        }
        *of_plugin += 1;
        self.in_progress += 1;
        entry.queued = false;
        let cancel = CancellationToken::new();
        let (start, order) = under.begin(Trigger::Schedule(nominal), now, cancel.clone());
        let info = Arc::clone(&order.info);
        entry.running = Some(Going { id: start.id, cancel, info, under: Arc::clone(&under) });
        Turn::Taken(Box::new(Decided { start, under, order }))
    }

    fn ended(&mut self, name: &JobName, under: &Scheduled, end: &RunEnd) {
        self.in_progress = self.in_progress.saturating_sub(1);
        if let Some(of_plugin) = self.per_plugin.get_mut(&under.job.spec.plugin) {
            *of_plugin = of_plugin.saturating_sub(1);
        }
        let Some(entry) = self.jobs.get_mut(name) else { return };
        entry.running = None;
        *entry.runs.entry(end.outcome).or_default() += 1;
        if end.outcome == Outcome::Success {
            entry.last_success = Some(end.finished);
        }
        if entry.scheduled.is_none() {
            self.jobs.remove(name);
        }
    }

    fn sleep(&self, now: Timestamp) -> Duration {
        let next = self.due.first().map(|(at, _)| Duration::try_from(at.duration_since(now)).unwrap_or_default());
        next.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
    }
}

/// What became of a waiting job.
enum Turn {
    Taken(Box<Decided>),
    Wait,
    Gone,
}

impl Entry {
    fn starts_at(&self) -> Option<Timestamp> {
        let offset = self.scheduled.as_ref()?.job.spec.schedule.start_offset();
        self.next?.checked_add(offset).ok()
    }

    fn view(&self) -> Option<JobView> {
        Some(JobView {
            scheduled: Arc::clone(self.scheduled.as_ref()?),
            next: self.starts_at(),
            running: self.running.as_ref().map(|going| (going.id, going.info.progress())),
            runs: self.runs.clone(),
            last_success: self.last_success,
        })
    }
}

/// A time as Prometheus writes it.
pub(crate) fn epoch_seconds(time: Timestamp) -> f64 {
    Duration::try_from(time.duration_since(Timestamp::UNIX_EPOCH)).map_or(0.0, |since| since.as_secs_f64())
}
