//! All jobs, their due times and their runs as plain data: what is to be recorded now, and what may start once it is.
//! The time and new runs' names are passed in, a job is anything that is [`Timed`], and a run is whatever the caller keeps
//! of it. Nothing here waits, writes or starts anything.
//!
//! The order of events is the caller's to keep: [`Timetable::tick`] hands out [`Batch`]es; each is recorded as one
//! transaction; then [`Timetable::answered`] says what stands in the ledger now, and only then a claimed run starts. While
//! a job's batch is on its way, nothing else is decided for that job.

mod batch;
mod entry;
mod look;
mod turns;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use watchkeeper_model::{Head, HeadFeed, JobName, Outcome, RunId, RunStart, Skip, SkipReason};

use crate::Schedule;

pub use batch::{Batch, Claim, Place, Tick, Timed, Unable};
pub use entry::{Entry, Running};
pub use turns::Turns;

use entry::Request;
use look::Look;
use turns::Waiting;

/// The longest that nobody looks at the clock, so that one that was set is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// A longer time between two ticks is a stall: what fell due meanwhile is caught up with, not overlapped.
const STALL: Duration = Duration::from_secs(5);
/// Claims of one tick, so that a batch stays a short transaction; the next tick follows at once.
const CLAIMS_PER_TICK: usize = 1000;

/// Jobs `J` and their runs `R`.
pub struct Timetable<J, R> {
    jobs: BTreeMap<JobName, Entry<J, R>>,
    /// When to look at each job next.
    due: BTreeSet<(Timestamp, JobName)>,
    /// Jobs of which something changed.
    ready: BTreeSet<JobName>,
    waiting: Waiting,
    /// The newest head of each feed, and when it came.
    heads: BTreeMap<HeadFeed, (Head, Timestamp)>,
    ticked: Option<Timestamp>,
    draining: bool,
}

impl<J: Timed, R> Timetable<J, R> {
    /// Without jobs.
    pub fn new(turns: Turns) -> Self {
        Self {
            jobs: BTreeMap::new(),
            due: BTreeSet::new(),
            ready: BTreeSet::new(),
            waiting: Waiting::new(turns),
            heads: BTreeMap::new(),
            ticked: None,
            draining: false,
        }
    }

    /// Puts a job in, or in the place of what it was, standing where the ledger says. Due times up to `awake_since` are
    /// caught up with.
    pub fn put(&mut self, name: &JobName, job: Arc<J>, place: Place, awake_since: Timestamp) {
        self.unplan(name);
        self.leave_queue_of_another(name, &job);
        let entry = self.jobs.entry(name.clone()).or_insert_with(|| Entry::new(place, awake_since));
        entry.job = Some(job);
        if entry.place.generation != place.generation {
            entry.retry = None;
        }
        entry.place = place;
        entry.awake_since = awake_since;
        self.ready.insert(name.clone());
    }

    /// Exchanges a job for another with the same schedule; it stands where it stood. False: there is no such job.
    pub fn exchange(&mut self, name: &JobName, job: Arc<J>) -> bool {
        self.leave_queue_of_another(name, &job);
        let Some(entry) = self.jobs.get_mut(name).filter(|entry| entry.job.is_some()) else { return false };
        entry.job = Some(job);
        self.ready.insert(name.clone());
        true
    }

    /// A feed has a new head: the jobs that follow it may be due. O(jobs).
    pub fn head(&mut self, feed: &HeadFeed, head: Head, now: Timestamp) {
        self.heads.insert(feed.clone(), (head, now));
        for (name, entry) in &self.jobs {
            let heads = entry.job.as_ref().and_then(|job| job.heads());
            if heads.is_some_and(|heads| heads.feed == *feed) {
                self.ready.insert(name.clone());
            }
        }
    }

    /// A try that the ledger says is due again. Nothing, where the job or its generation is gone.
    pub fn retry(&mut self, before: RunStart, at: Timestamp) {
        let name = before.job.clone();
        if let Some(entry) = self.jobs.get_mut(&name).filter(|entry| entry.place.generation == before.generation) {
            entry.retry = Some((at, before));
            self.ready.insert(name);
        }
    }

    /// A claimed try that the ledger doesn't know to come: a later due time took its place before anybody was told.
    pub fn forget_retry(&mut self, claim: &RunStart) {
        if let Some(entry) = self.jobs.get_mut(&claim.job) {
            entry.retry.take_if(|(_, before)| before.first == claim.first);
        }
    }

    /// Takes a job out, held or not. Its runs go on, also one whose claim is on its way.
    pub fn remove(&mut self, name: &JobName) {
        self.unplan(name);
        self.ready.remove(name);
        self.waiting.remove(name);
        let Some(entry) = self.jobs.get_mut(name) else { return };
        entry.job = None;
        entry.held = false;
        entry.retry = None;
        entry.asked = None;
        if entry.is_over() {
            self.jobs.remove(name);
        }
    }

    /// Decides what is to be recorded now. `new_id` names runs. Costs O(log jobs) for each job that is due or changed.
    pub fn tick(&mut self, now: Timestamp, mut new_id: impl FnMut() -> RunId) -> Tick<J> {
        self.notice_stall(now);
        let mut tick = Tick { batches: Vec::new(), cancel: Vec::new(), sleep: Duration::ZERO };
        if self.draining {
            tick.sleep = LONGEST_SLEEP;
            return tick;
        }
        while let Some((_, name)) = self.due.first().filter(|(at, _)| *at <= now).cloned() {
            self.unplan(&name);
            self.ready.insert(name);
        }
        for name in mem::take(&mut self.ready) {
            self.look(&name, now, false, &mut new_id, &mut tick);
        }
        while tick.batches.len() < CLAIMS_PER_TICK {
            let Some(name) = self.waiting.next() else { break };
            self.look(&name, now, true, &mut new_id, &mut tick);
        }
        tick.sleep = self.sleep(now);
        tick
    }

    /// What stands in the ledger after a batch: with `run`, its claim was recorded. Where recording failed, the caller
    /// reads what stands, and says that.
    pub fn answered(&mut self, batch: &Batch<J>, stands: Place, run: Option<R>) {
        let Some(entry) = self.jobs.get_mut(&batch.job) else { return };
        entry.recording = false;
        if entry.place.generation == stands.generation {
            entry.place.cursor = stands.cursor;
            entry.place.head = stands.head;
            entry.place.skip_next = stands.skip_next;
        }
        match (&batch.claim, run) {
            (Some(claim), Some(run)) => entry.begin(&claim.start, Arc::clone(&claim.under), run),
            (Some(claim), None) => self.waiting.give_back(claim.under.plugin()),
            (None, _) => {}
        }
        if entry.is_over() {
            self.jobs.remove(&batch.job);
        } else {
            self.ready.insert(batch.job.clone());
        }
    }

    /// A run is over, its effects included, and its end is in the ledger. `retry_at` is what was recorded with it.
    pub fn ended(&mut self, name: &JobName, run: RunId, outcome: Outcome, retry_at: Option<Timestamp>) {
        let Some(entry) = self.jobs.get_mut(name) else { return };
        let Some(running) = entry.end(run) else { return };
        self.waiting.give_back(running.under.plugin());
        entry.place.failures = entry.place.failures_after(outcome);
        if entry.is_over() {
            self.jobs.remove(name);
            return;
        }
        if let Some(at) = retry_at.filter(|_| entry.place.generation == running.start.generation) {
            entry.retry = Some((at, running.start));
        }
        self.ready.insert(name.clone());
    }

    /// Whether a run that ended so makes its job pause, and why.
    pub fn pauses(&self, name: &JobName, outcome: Outcome) -> Option<String> {
        let entry = self.jobs.get(name)?;
        let most = entry.job.as_ref()?.policy().pause_after_failures?;
        let failures = entry.place.failures_after(outcome);
        (failures > entry.place.failures && failures >= most && !entry.place.paused)
            .then(|| format!("paused after {failures} failures in a row"))
    }

    /// Whether a run can be asked for now.
    ///
    /// # Errors
    /// [`Unable`].
    pub fn may_ask(&self, name: &JobName) -> Result<(), Unable> {
        if self.draining {
            return Err(Unable::Draining);
        }
        let entry = self.jobs.get(name).ok_or(Unable::Unknown)?;
        let job = entry.job.as_ref().ok_or(Unable::Unknown)?;
        if entry.asked.is_some() {
            return Err(Unable::Asked);
        }
        if job.policy().overlap == crate::Overlap::Skip && (entry.recording || !entry.running.is_empty()) {
            return Err(Unable::Running);
        }
        Ok(())
    }

    /// Asks for a run now, whatever the schedule says.
    ///
    /// # Errors
    /// [`Unable`].
    pub fn ask(&mut self, name: &JobName, id: RunId, by: &str) -> Result<(), Unable> {
        self.may_ask(name)?;
        let entry = self.jobs.get_mut(name).ok_or(Unable::Unknown)?;
        entry.asked = Some(Request { id, by: by.to_owned() });
        self.ready.insert(name.clone());
        Ok(())
    }

    /// Holds a job: nothing is decided for it until it is [released](Self::release). False: a batch of it is on its
    /// way, or somebody else holds it; ask again when that is over.
    pub fn hold(&mut self, name: &JobName) -> bool {
        match self.jobs.get_mut(name) {
            Some(entry) if entry.recording || entry.held => false,
            Some(entry) => {
                entry.held = true;
                true
            }
            None => true,
        }
    }

    /// Ends a [hold](Self::hold).
    pub fn release(&mut self, name: &JobName) {
        if let Some(entry) = self.jobs.get_mut(name) {
            entry.held = false;
            self.ready.insert(name.clone());
        }
    }

    /// The due times of a held job that have come and have no disposition yet, as one skip. O(due times) for cron
    /// expressions, O(1) for intervals.
    pub fn backlog(&self, name: &JobName, reason: SkipReason, now: Timestamp) -> Option<Skip> {
        let entry = self.jobs.get(name)?;
        let schedule = entry.job.as_ref()?.schedule()?;
        backlog(name, schedule, &entry.place, reason, now)
    }

    /// Changes where a held job stands, as the ledger was told.
    pub fn stand(&mut self, name: &JobName, change: impl FnOnce(&mut Place)) {
        if let Some(entry) = self.jobs.get_mut(name) {
            change(&mut entry.place);
        }
    }

    /// A job, or what is left of it until its last run is over.
    pub fn entry(&self, name: &JobName) -> Option<&Entry<J, R>> {
        self.jobs.get(name)
    }

    /// All jobs, those that were removed and still run among them.
    pub fn entries(&self) -> impl Iterator<Item = (&JobName, &Entry<J, R>)> {
        self.jobs.iter()
    }

    /// Gives no turn any more.
    pub fn drain(&mut self) {
        self.draining = true;
        self.waiting.clear();
    }

    /// Whether no run begins any more.
    #[must_use]
    pub const fn is_draining(&self) -> bool {
        self.draining
    }

    /// Runs that go, or start as soon as they are recorded.
    pub const fn in_progress(&self) -> usize {
        self.waiting.taken()
    }

    /// Due jobs that wait for their turn.
    pub fn queued(&self) -> usize {
        self.waiting.len()
    }

    /// Jobs whose due time or head came more than `by` ago although nothing keeps it: they have their turns, nothing of them runs or
    /// is on its way, and they are neither paused nor in a blackout. There must never be one. O(jobs).
    pub fn overdue(&self, now: Timestamp, by: Duration) -> Vec<JobName> {
        if self.draining || self.waiting.len() > 0 {
            return Vec::new();
        }
        let newest = |entry: &Entry<J, R>| self.heads.get(&entry.job.as_ref()?.heads()?.feed).copied();
        let late = self.jobs.iter().filter(|(_, entry)| entry.is_overdue(newest(entry), now, by));
        late.map(|(name, _)| name.clone()).collect()
    }

    /// A job that will run another plugin waits with that plugin's jobs.
    fn leave_queue_of_another(&mut self, name: &JobName, job: &Arc<J>) {
        let before = self.jobs.get(name).and_then(|entry| entry.job.as_ref());
        if before.is_some_and(|before| before.plugin() != job.plugin()) {
            self.waiting.remove(name);
        }
    }

    fn notice_stall(&mut self, now: Timestamp) {
        let since = self.ticked.replace(now).map(|ticked| now.duration_since(ticked));
        if since.is_some_and(|since| since.unsigned_abs() > STALL) {
            for (name, entry) in &mut self.jobs {
                entry.awake_since = now;
                self.ready.insert(name.clone());
            }
        }
    }

    /// Looks at one job; with `turn`, a turn was reserved for it.
    fn look(
        &mut self,
        name: &JobName,
        now: Timestamp,
        turn: bool,
        new_id: &mut impl FnMut() -> RunId,
        tick: &mut Tick<J>,
    ) {
        let Some(entry) = self.jobs.get_mut(name) else { return };
        let Some(plugin) = entry.job.as_ref().map(|job| job.plugin().clone()) else { return };
        let feed = entry.job.as_ref().and_then(|job| job.heads()).map(|heads| &heads.feed);
        let newest = feed.and_then(|feed| self.heads.get(feed)).map(|(head, _)| *head);
        let look = entry.look(name, now, newest, turn, new_id);
        let claims = matches!(&look, Look::Record(batch) if batch.claim.is_some());
        if turn && !claims {
            self.waiting.give_back(&plugin);
        }
        match look {
            Look::Later(at) => self.plan(name, at),
            Look::WantsTurn => self.waiting.push(name, &plugin),
            Look::Cancel(runs) => tick.cancel.extend(runs.into_iter().map(|run| (name.clone(), run))),
            Look::Record(batch) => tick.batches.push(*batch),
        }
    }

    fn plan(&mut self, name: &JobName, at: Option<Timestamp>) {
        self.unplan(name);
        if let (Some(entry), Some(at)) = (self.jobs.get_mut(name), at) {
            entry.planned = Some(at);
            self.due.insert((at, name.clone()));
        }
    }

    fn unplan(&mut self, name: &JobName) {
        if let Some(at) = self.jobs.get_mut(name).and_then(|entry| entry.planned.take()) {
            self.due.remove(&(at, name.clone()));
        }
    }

    fn sleep(&self, now: Timestamp) -> Duration {
        if !self.ready.is_empty() || self.waiting.has_turn() {
            return Duration::ZERO;
        }
        let left = self.due.first().map(|(at, _)| Duration::try_from(at.duration_since(now)).unwrap_or_default());
        left.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
    }
}

/// The due times of a schedule that have come after a job's cursor, as one skip. Of a schedule that is over, those count
/// too whose start has not come: nothing else would ever dispose of them.
pub fn backlog(name: &JobName, schedule: &Schedule, place: &Place, reason: SkipReason, now: Timestamp) -> Option<Skip> {
    let until = match reason {
        SkipReason::Rescheduled | SkipReason::Removed => now,
        _ => now.checked_sub(schedule.start_offset()).unwrap_or(Timestamp::MIN),
    };
    let due = schedule.count_between(place.cursor, until, u64::MAX)?;
    Some(Skip {
        job: name.clone(),
        generation: place.generation,
        reason,
        first: due.first,
        last: due.last,
        count: due.count,
    })
}
