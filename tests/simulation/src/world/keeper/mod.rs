//! One process: the conductor's steps, in its order, with every wait and every answer of the ledger as an event of its own,
//! so that anything may happen between two of them. What is decided is the real timetable's, what is kept the real book's.
//!
//! Here are the loop and what a process is; [`record`] is between a decision and the end of its run, [`deeds`] are jobs
//! that come and go and what people ask for, [`start`] is the beginning.

mod deeds;
mod record;
mod start;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use watchkeeper_ledger::{Book, Entry, EntryError, JobRecord, LedgerError, PendingRetry, Retention};
use watchkeeper_model::{JobName, Outcome, RunEnd, RunId, RunStart};
use watchkeeper_schedule::timetable::{Batch, Place, Timetable};

use super::{Event, World};
use crate::{
    Trouble,
    history::{Fact, Moment},
    rules::Job,
};
pub(super) use deeds::Deed;

/// How often a ledger that doesn't answer is asked again, in milliseconds.
const STORE_RETRY: i64 = 1000;
/// How long what is cancelled may take when a process ends, in milliseconds.
const SETTLE: i64 = 10_000;

/// A process.
pub(super) struct Keeper {
    /// Its epoch.
    pub(super) number: u32,
    pub(super) book: Book,
    pub(super) stalled_until: i64,
    pub(super) gone: bool,
    timetable: Timetable<Job, ()>,
    /// Runs that go, and those whose end is not recorded yet.
    live: BTreeMap<RunId, Live>,
    /// Runs that are to be tried again once their jobs are loaded.
    left: BTreeMap<JobName, Vec<PendingRetry>>,
    /// What the loader has yet to do.
    files: VecDeque<Deed>,
    loading: bool,
    /// The ledger took nothing, the last time.
    away: bool,
    /// The tick that counts; a later one takes its place.
    next_tick: u64,
    stopping_since: Option<i64>,
}

/// A run that goes.
struct Live {
    start: RunStart,
    under: Arc<Job>,
    began: Timestamp,
    /// In true time.
    began_at: i64,
    outcome: Outcome,
    end: Option<Box<RunEnd>>,
}

/// What a process does next.
pub(super) enum Task {
    Tick(u64),
    /// The ledger is to take these.
    Record(Vec<Batch<Job>>, Moment),
    /// The ledger took them, or didn't.
    Recorded(Vec<Batch<Job>>, Answer),
    /// What stands after a batch of unknown fate is read.
    LookUp(Box<Batch<Job>>),
    /// A run's guest is done.
    Over(RunId),
    /// A run's end is put together.
    KeepEnd(RunId),
    /// The ledger is to take it.
    Finish(RunId, Box<Entry>),
    /// The ledger took it, or didn't.
    Finished(RunId, Box<Entry>, Answer),
    /// The loader goes on, with one more thing to do.
    Load(Option<Deed>),
    /// A job is held for a deed.
    Hold(Deed),
    /// It is held: where it stands is read.
    Held(Deed),
    /// The ledger is to take what the deed says. True: it did already, and nobody was told.
    Write(Deed, Vec<Entry>, bool),
    /// The ledger took it, or didn't.
    Written(Deed, Vec<Entry>, Answer),
    /// Somebody wants a run.
    Ask(JobName, RunId),
    /// Somebody wants a run to end.
    Cancel(JobName),
    Retain,
    Stop,
}

/// What a process is told of a write.
pub(super) enum Answer {
    /// Each entry's.
    Of(Vec<Result<(), EntryError>>),
    /// It isn't known: true, if it was taken.
    None(bool),
}

/// What became of a write.
enum Fate {
    Crashed,
    Answered(Answer),
}

impl World {
    pub(super) fn perform(&mut self, keeper: &mut Keeper, task: Task) -> Result<(), Trouble> {
        match task {
            Task::Tick(number) if number == keeper.next_tick => self.tick(keeper),
            Task::Tick(_) => {}
            Task::Record(batches, decided) => self.record(keeper, batches, decided)?,
            Task::Recorded(batches, answer) => self.recorded(keeper, batches, answer),
            Task::LookUp(batch) => self.look_up(keeper, *batch)?,
            Task::Over(run) => self.over(keeper, run),
            Task::KeepEnd(run) => self.keep_end(keeper, run),
            Task::Finish(run, entry) => self.finish(keeper, run, entry)?,
            Task::Finished(run, entry, answer) => self.finished(keeper, run, *entry, answer),
            Task::Load(deed) => self.load(keeper, deed),
            Task::Hold(deed) => self.hold(keeper, deed),
            Task::Held(deed) => self.held(keeper, deed)?,
            Task::Write(deed, entries, taken) => self.write_deed(keeper, deed, entries, taken)?,
            Task::Written(deed, entries, answer) => self.written(keeper, deed, entries, answer)?,
            Task::Ask(job, run) => self.ask(keeper, &job, run)?,
            Task::Cancel(job) => self.cancel(keeper, &job),
            Task::Retain => self.retain(keeper)?,
            Task::Stop => self.stop(keeper),
        }
        Ok(())
    }

    fn tick(&mut self, keeper: &mut Keeper) {
        let (now, decided) = (self.time(), self.moment());
        let rng = &mut self.rng;
        let tick = keeper.timetable.tick(now, || RunId::new(now, rng.u128(..)));
        for (_, run) in tick.cancel {
            self.cancel_run(keeper, run);
        }
        if !tick.batches.is_empty() {
            self.soon(keeper, Task::Record(tick.batches, decided));
        }
        let sleep = i64::try_from(tick.sleep.as_micros().div_ceil(1000)).unwrap_or(1000);
        self.tick_after(keeper, sleep);
    }

    /// The loop sleeps, and asks a ledger that doesn't answer once in a while only.
    fn tick_after(&mut self, keeper: &mut Keeper, sleep: i64) {
        keeper.next_tick += 1;
        let wait = if keeper.away { STORE_RETRY } else { 0 };
        self.after(sleep + wait, Event::Task(keeper.number, Box::new(Task::Tick(keeper.next_tick))));
    }

    /// Wakes the loop.
    fn changed(&mut self, keeper: &mut Keeper) {
        self.tick_after(keeper, 0);
    }

    /// Goes on as soon as threads and the disk let it.
    fn soon(&mut self, keeper: &Keeper, task: Task) {
        let slowest = if self.calm.is_some() { 1 } else { self.plan.slowness };
        let wait = self.rng.i64(0..=slowest);
        self.after(wait, Event::Task(keeper.number, Box::new(task)));
    }

    fn later(&mut self, keeper: &Keeper, task: Task) {
        self.after(STORE_RETRY, Event::Task(keeper.number, Box::new(task)));
    }

    /// Has entries recorded, unless something goes wrong. `tell` is called with the answers once they are committed.
    fn write(
        &mut self,
        keeper: &mut Keeper,
        entries: &[Entry],
        tell: impl FnOnce(&mut Self, &Keeper, &[Result<(), EntryError>]),
    ) -> Result<Fate, Trouble> {
        if self.chance(self.plan.crash_before) {
            self.crash(keeper)?;
            return Ok(Fate::Crashed);
        }
        if self.store_is_away() {
            return Ok(Fate::Answered(Answer::None(false)));
        }
        let answers = keeper.book.record(entries)?;
        tell(self, keeper, &answers);
        for refusal in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            if self.plan.doubt > 0.0 && matches!(refusal, EntryError::NoRetry { .. }) {
                // The end that left it was in, nobody was told, and a later due time took its place.
                continue;
            }
            self.tell(Fact::Refused { keeper: keeper.number, why: refusal.to_string() });
            if matches!(refusal, EntryError::Fenced { .. }) && keeper.stopping_since.is_none() {
                self.soon(keeper, Task::Stop);
            }
        }
        if self.chance(self.plan.crash_after) {
            self.crash(keeper)?;
            return Ok(Fate::Crashed);
        }
        Ok(Fate::Answered(if self.chance(self.plan.doubt) { Answer::None(true) } else { Answer::Of(answers) }))
    }

    fn store_is_away(&self) -> bool {
        self.now < self.store.away_until
    }

    /// The job's row, unless the store is away.
    fn read(&self, keeper: &Keeper, job: &JobName) -> Result<Option<Option<JobRecord>>, Trouble> {
        Ok(if self.store_is_away() { None } else { Some(keeper.book.job(job)?) })
    }

    fn retain(&mut self, keeper: &mut Keeper) -> Result<(), Trouble> {
        let max_age = jiff::SignedDuration::from_secs([60, 86_400][self.rng.usize(..2)]);
        let retention = Retention { max_age, max_runs_per_job: self.rng.u64(0..20) };
        let now = self.time();
        while keeper.book.retain(&retention, now)? > 0 {}
        Ok(())
    }

    /// Gives no turn any more, ends what runs, and goes when that is recorded.
    fn stop(&mut self, keeper: &mut Keeper) {
        let since = *keeper.stopping_since.get_or_insert(self.now);
        keeper.timetable.drain();
        let runs: Vec<RunId> = keeper.live.keys().copied().collect();
        runs.into_iter().for_each(|run| self.cancel_run(keeper, run));
        if keeper.timetable.in_progress() == 0 || self.now - since > SETTLE {
            self.gone(keeper);
        } else {
            self.after(20, Event::Task(keeper.number, Box::new(Task::Stop)));
        }
    }
}

impl Keeper {
    /// Whether it has read all job files that it knows of, and nothing of before `since` goes on.
    pub(super) fn is_calm(&self, since: i64) -> bool {
        self.files.is_empty() && !self.loading && self.live.values().all(|live| live.began_at >= since)
    }
}

/// Where a record says that its job stands.
fn place(record: &JobRecord) -> Place {
    Place {
        generation: record.generation,
        cursor: record.cursor,
        head: record.head,
        skip_next: record.skip_next,
        failures: record.failures,
        paused: record.paused.is_some(),
    }
}

impl From<LedgerError> for Trouble {
    fn from(error: LedgerError) -> Self {
        Self::new(format!("the ledger: {error}"))
    }
}
