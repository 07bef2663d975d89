//! Due times, turns and overlap as plain data: which job may run now. The time is passed in, a job is anything with a
//! plugin and a schedule, and a run is whatever the caller keeps of it; nothing here starts one.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use watchkeeper_model::{JobName, Outcome, PluginName};
use watchkeeper_schedule::Schedule;

use crate::host_metrics::SkipReason;

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

/// What the timetable asks of a job.
pub(crate) trait Timed {
    fn plugin(&self) -> &PluginName;
    fn schedule(&self) -> &Schedule;
}

/// Due times of a job that led to no run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skip {
    pub(crate) job: JobName,
    pub(crate) reason: SkipReason,
    pub(crate) times: u64,
}

/// Jobs `J` and their runs `R`.
pub(crate) struct Timetable<J, R> {
    turns: Turns,
    jobs: BTreeMap<JobName, Entry<J, R>>,
    /// When each job starts next, after its nominal time and start offset.
    due: BTreeSet<(Timestamp, JobName)>,
    queue: VecDeque<(JobName, Timestamp)>,
    per_plugin: HashMap<PluginName, usize>,
    in_progress: usize,
    draining: bool,
}

/// A job, or what is left of it until its last run has settled.
pub(crate) struct Entry<J, R> {
    /// None: the job was removed.
    pub(crate) job: Option<Arc<J>>,
    /// The run that goes.
    pub(crate) running: Option<Running<J, R>>,
    /// Ended runs, by outcome.
    pub(crate) runs: BTreeMap<Outcome, u64>,
    /// When the last successful run ended.
    pub(crate) last_success: Option<Timestamp>,
    /// The nominal time that comes next.
    next: Option<Timestamp>,
    /// Its place in `due`.
    planned: Option<Timestamp>,
    queued: bool,
}

/// A run, and the job as it was when the run began.
pub(crate) struct Running<J, R> {
    pub(crate) run: R,
    pub(crate) under: Arc<J>,
}

impl<J: Timed, R> Timetable<J, R> {
    pub(crate) fn new(turns: Turns) -> Self {
        Self {
            turns,
            jobs: BTreeMap::new(),
            due: BTreeSet::new(),
            queue: VecDeque::new(),
            per_plugin: HashMap::new(),
            in_progress: 0,
            draining: false,
        }
    }

    /// Puts a job in, or in the place of what it was. An unchanged schedule keeps its next time; returns whether the
    /// job is new here or its schedule is.
    pub(crate) fn put(&mut self, name: &JobName, job: Arc<J>, now: Timestamp) -> bool {
        let entry = self.jobs.entry(name.clone()).or_default();
        let before = entry.job.replace(Arc::clone(&job));
        if before.is_some_and(|before| before.schedule() == job.schedule()) {
            return false;
        }
        self.plan(name, now);
        true
    }

    /// Takes a job out. Its run goes on; returns it.
    pub(crate) fn remove(&mut self, name: &JobName) -> Option<&R> {
        self.unplan(name);
        self.queue.retain(|(queued, _)| queued != name);
        let entry = self.jobs.get_mut(name)?;
        entry.job = None;
        entry.queued = false;
        if entry.running.is_none() {
            self.jobs.remove(name);
        }
        self.running(name).map(|running| &running.run)
    }

    /// The run of a job that goes.
    pub(crate) fn running(&self, name: &JobName) -> Option<&Running<J, R>> {
        self.jobs.get(name)?.running.as_ref()
    }

    /// All jobs, those that were removed and still run among them.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry<J, R>> {
        self.jobs.values()
    }

    /// Gives no turn any more.
    pub(crate) fn drain(&mut self) {
        self.draining = true;
        self.queue.clear();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining
    }

    /// Runs that go.
    pub(crate) fn in_progress(&self) -> usize {
        self.in_progress
    }

    /// Due jobs that wait for their turn.
    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Moves every job whose time has come to the queue, and plans its next. What led to no run is returned.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<Skip> {
        let mut skips = Vec::new();
        while let Some((at, job)) = self.due.first().cloned() {
            if at > now || self.draining {
                break;
            }
            self.due.pop_first();
            let Some((nominal, late)) = self.advance(&job, now) else { continue };
            if late > 0 {
                skips.push(Skip { job: job.clone(), reason: SkipReason::Late, times: late });
            }
            let Some(entry) = self.jobs.get_mut(&job) else { continue };
            if entry.running.is_some() || entry.queued {
                skips.push(Skip { job, reason: SkipReason::Overlap, times: 1 });
            } else {
                entry.queued = true;
                self.queue.push_back((job, nominal));
            }
        }
        skips
    }

    /// Gives turns to waiting jobs, the longest waiting first; a plugin that has all its turns lets others pass. `begin`
    /// makes the run of a job for its nominal time; what it returns beside the run is handed on.
    pub(crate) fn take_turns<D>(&mut self, mut begin: impl FnMut(&Arc<J>, Timestamp) -> (D, R)) -> Vec<D> {
        let mut begun = Vec::new();
        let mut waiting = VecDeque::new();
        while let Some((name, nominal)) = self.queue.pop_front() {
            if self.in_progress >= self.turns.total {
                waiting.push_back((name, nominal));
                waiting.append(&mut self.queue);
                break;
            }
            let Some((entry, job)) =
                self.jobs.get_mut(&name).and_then(|entry| entry.job.clone().map(|job| (entry, job)))
            else {
                continue;
            };
            let of_plugin = self.per_plugin.entry(job.plugin().clone()).or_default();
            if *of_plugin >= self.turns.per_plugin {
                waiting.push_back((name, nominal));
                continue;
            }
            *of_plugin += 1;
            self.in_progress += 1;
            entry.queued = false;
            let (decided, run) = begin(&job, nominal);
            entry.running = Some(Running { run, under: job });
            begun.push(decided);
        }
        self.queue = waiting;
        begun
    }

    /// A job's run is over, its effects included.
    pub(crate) fn ended(&mut self, name: &JobName, outcome: Outcome, finished: Timestamp) {
        let Some(entry) = self.jobs.get_mut(name) else { return };
        let Some(running) = entry.running.take() else { return };
        self.in_progress = self.in_progress.saturating_sub(1);
        if let Some(of_plugin) = self.per_plugin.get_mut(running.under.plugin()) {
            *of_plugin = of_plugin.saturating_sub(1);
        }
        *entry.runs.entry(outcome).or_default() += 1;
        if outcome == Outcome::Success {
            entry.last_success = Some(finished);
        }
        if entry.job.is_none() {
            self.jobs.remove(name);
        }
    }

    /// How long nothing falls due.
    pub(crate) fn sleep(&self, now: Timestamp) -> Duration {
        let next = self.due.first().filter(|_| !self.draining);
        let left = next.map(|(at, _)| Duration::try_from(at.duration_since(now)).unwrap_or_default());
        left.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
    }

    /// Moves a job past `now`: the last due time that has come, and how many before it were too late.
    fn advance(&mut self, name: &JobName, now: Timestamp) -> Option<(Timestamp, u64)> {
        let entry = self.jobs.get_mut(name)?;
        let job = Arc::clone(entry.job.as_ref()?);
        let schedule = job.schedule();
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
        let Some(job) = &entry.job else { return };
        entry.next = job.schedule().next(after);
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
}

impl<J: Timed, R> Entry<J, R> {
    /// When the job starts next.
    pub(crate) fn starts_at(&self) -> Option<Timestamp> {
        let offset = self.job.as_ref()?.schedule().start_offset();
        self.next?.checked_add(offset).ok()
    }
}

impl<J, R> Default for Entry<J, R> {
    fn default() -> Self {
        Self {
            job: None,
            running: None,
            runs: BTreeMap::new(),
            last_success: None,
            next: None,
            planned: None,
            queued: false,
        }
    }
}

#[cfg(test)]
mod tests;
