//! Jobs that come, change and go, and what people ask for: as `apply.rs` and `actions.rs` of the keeper's conductor.

use std::sync::Arc;

use jiff::Timestamp;
use watchkeeper_ledger::{Action, Entry, EntryError, JobRecord, PendingRetry};
use watchkeeper_model::{JobName, Outcome, RunId, Skip, SkipReason};
use watchkeeper_schedule::{
    Schedule, retry_at,
    timetable::{Timed, backlog},
};

use super::{Answer, Event, Fate, Keeper, Task, World, place};
use crate::{Trouble, history::Fact, rules::Job};

/// What the ledger has in the place of a schedule for a job without one.
const NO_SCHEDULE: &str = "none";
/// How often a job that can't be held is tried again, in milliseconds.
const QUIET: i64 = 5;

/// Something that is done to a job while nothing is decided for it.
#[derive(Clone)]
pub(in crate::world) enum Deed {
    /// Its file is new or changed.
    Apply(Arc<Job>),
    /// Its file can't be used for now.
    Stop(JobName),
    /// Its file is gone.
    Remove(JobName),
    /// It had no file any more when the process started.
    RetireAbsent(Box<JobRecord>),
    /// Its lost runs are not tried again.
    DropRetries(JobName),
    Pause(JobName),
    Resume(JobName),
    LeaveOut(JobName, u32),
}

impl Deed {
    fn job(&self) -> &JobName {
        match self {
            Self::Apply(job) => &job.rules.name,
            Self::RetireAbsent(record) => &record.job,
            Self::Stop(name)
            | Self::Remove(name)
            | Self::DropRetries(name)
            | Self::Pause(name)
            | Self::Resume(name)
            | Self::LeaveOut(name, _) => name,
        }
    }

    /// The loader's deeds are done one after another, and until they are in the ledger.
    const fn is_loaders(&self) -> bool {
        matches!(self, Self::Apply(_) | Self::Stop(_) | Self::Remove(_) | Self::RetireAbsent(_) | Self::DropRetries(_))
    }
}

impl World {
    pub(super) fn load(&mut self, keeper: &mut Keeper, deed: Option<Deed>) {
        keeper.files.extend(deed);
        if !keeper.loading
            && let Some(deed) = keeper.files.pop_front()
        {
            keeper.loading = true;
            self.hold(keeper, deed);
        }
    }

    pub(super) fn hold(&mut self, keeper: &mut Keeper, deed: Deed) {
        if !deed.is_loaders() && keeper.timetable.entry(deed.job()).is_none_or(|entry| entry.job.is_none()) {
            return;
        }
        if let Deed::Stop(name) = &deed {
            self.take_out(keeper, name);
            self.loaded(keeper);
        } else if keeper.timetable.hold(deed.job()) {
            self.soon(keeper, Task::Held(deed));
        } else {
            self.after(QUIET, Event::Task(keeper.number, Box::new(Task::Hold(deed))));
        }
    }

    /// The job is held: what is to be written?
    pub(super) fn held(&mut self, keeper: &mut Keeper, deed: Deed) -> Result<(), Trouble> {
        let now = self.time();
        let entries = match &deed {
            Deed::Apply(job) => {
                let name = &job.rules.name;
                let before = keeper.timetable.entry(name).and_then(|entry| entry.job.as_ref());
                if before.is_some_and(|before| before.schedule() == job.schedule()) {
                    keeper.timetable.exchange(name, Arc::clone(job));
                    self.exchanged(keeper, job);
                    self.done(keeper, &deed);
                    return Ok(());
                }
                let Some(record) = self.read(keeper, name)? else {
                    self.later(keeper, Task::Held(deed));
                    return Ok(());
                };
                let record = record.filter(|record| record.retired.is_none());
                if let Some(record) = record.as_ref().filter(|record| record.schedule == text(job)) {
                    self.put(keeper, job, record);
                    return Ok(());
                }
                let (skip, after) = record.map(|record| missed(&record, SkipReason::Rescheduled, now)).unzip();
                let begin = Entry::Generation { job: name.clone(), schedule: text(job), began: now, after };
                skip.flatten().into_iter().chain([begin]).collect()
            }
            Deed::Remove(name) => {
                let Some(record) = self.read(keeper, name)? else {
                    self.later(keeper, Task::Held(deed));
                    return Ok(());
                };
                let record = record.filter(|record| record.retired.is_none());
                record.map(|record| retirement(&record, now)).unwrap_or_default()
            }
            Deed::RetireAbsent(record) => retirement(record, now),
            Deed::Pause(name) => {
                vec![Entry::Pause { job: name.clone(), by: "ada".to_owned(), note: String::new(), at: now }]
            }
            Deed::Resume(name) => {
                let stands = keeper.timetable.entry(name).map(|entry| entry.place).filter(|place| place.paused);
                let Some(stands) = stands else {
                    self.done(keeper, &deed);
                    return Ok(());
                };
                let skip = keeper.timetable.backlog(name, SkipReason::Paused, now);
                vec![Entry::Resume { job: name.clone(), skip, after: stands.cursor }]
            }
            Deed::LeaveOut(name, count) => vec![Entry::SkipNext { job: name.clone(), count: *count }],
            Deed::Stop(_) | Deed::DropRetries(_) => Vec::new(),
        };
        self.soon(keeper, Task::Write(deed, entries, false));
        Ok(())
    }

    pub(super) fn write_deed(
        &mut self,
        keeper: &mut Keeper,
        deed: Deed,
        entries: Vec<Entry>,
        taken: bool,
    ) -> Result<(), Trouble> {
        let fate = self.write(keeper, &entries, |world, keeper, answers| {
            let told = if taken { Vec::new() } else { facts(keeper, &deed, &entries, answers, world) };
            told.into_iter().for_each(|fact| world.tell(fact));
        })?;
        match fate {
            Fate::Crashed => {}
            Fate::Answered(Answer::None(now_taken)) => {
                let answer = Answer::None(taken || now_taken);
                self.soon(keeper, Task::Written(deed, entries, answer));
            }
            Fate::Answered(answer) => self.soon(keeper, Task::Written(deed, entries, answer)),
        }
        Ok(())
    }

    pub(super) fn written(
        &mut self,
        keeper: &mut Keeper,
        deed: Deed,
        entries: Vec<Entry>,
        answer: Answer,
    ) -> Result<(), Trouble> {
        let refused = match answer {
            Answer::None(taken) if deed.is_loaders() => {
                keeper.away = true;
                self.later(keeper, Task::Write(deed, entries, taken));
                return Ok(());
            }
            Answer::None(_) => true,
            Answer::Of(answers) => answers.iter().any(Result::is_err),
        };
        let name = deed.job();
        match &deed {
            Deed::DropRetries(_) => {
                self.loaded(keeper);
                return Ok(());
            }
            Deed::Apply(job) if !refused => {
                match self.read(keeper, name)? {
                    None => self.later(keeper, Task::Written(deed, entries, Answer::Of(Vec::new()))),
                    Some(Some(record)) => self.put(keeper, job, &record),
                    Some(None) => return Err(Trouble::new(format!("the ledger lost job `{name}`"))),
                }
                return Ok(());
            }
            Deed::Remove(name) => self.take_out(keeper, name),
            Deed::Apply(_) | Deed::Stop(_) | Deed::RetireAbsent(_) => {}
            Deed::Pause(_) | Deed::Resume(_) | Deed::LeaveOut(..) if refused => match self.read(keeper, name)? {
                None => {
                    self.later(keeper, Task::Written(deed, entries, Answer::None(false)));
                    return Ok(());
                }
                record => {
                    if let Some(record) = record.flatten() {
                        keeper.timetable.stand(name, |stands| *stands = place(&record));
                    }
                }
            },
            Deed::Pause(name) => keeper.timetable.stand(name, |place| place.paused = true),
            Deed::LeaveOut(name, count) => keeper.timetable.stand(name, |place| place.skip_next = *count),
            Deed::Resume(name) => {
                let skip = entries.iter().find_map(|entry| match entry {
                    Entry::Resume { skip, .. } => skip.as_ref(),
                    _ => None,
                });
                keeper.timetable.stand(name, |place| {
                    place.paused = false;
                    place.cursor = skip.map_or(place.cursor, |skip| skip.last);
                });
            }
        }
        self.done(keeper, &deed);
        Ok(())
    }

    /// A job starts nothing any more, and its runs end.
    fn take_out(&mut self, keeper: &mut Keeper, name: &JobName) {
        keeper.timetable.remove(name);
        let runs: Vec<RunId> =
            keeper.live.values().filter(|live| live.start.job == *name).map(|live| live.start.id).collect();
        runs.into_iter().for_each(|run| self.cancel_run(keeper, run));
    }

    /// The deed is done: the job is let go.
    fn done(&mut self, keeper: &mut Keeper, deed: &Deed) {
        keeper.timetable.release(deed.job());
        if deed.is_loaders() {
            self.loaded(keeper);
        }
        self.changed(keeper);
    }

    /// A job goes by other rules. What a process does by them that another one took over from, the ledger refuses.
    fn exchanged(&mut self, keeper: &Keeper, job: &Job) {
        let started = self.history.lines.iter().rev().find_map(|line| match line.fact {
            Fact::Started { keeper } => Some(keeper),
            _ => None,
        });
        if started == Some(keeper.number) {
            self.tell(Fact::Exchanged { rules: Arc::new(job.rules.clone()) });
        }
    }

    fn loaded(&mut self, keeper: &mut Keeper) {
        keeper.loading = false;
        self.load(keeper, None);
    }

    /// Puts a held job in, with what is left of it to be tried again, and lets it go.
    fn put(&mut self, keeper: &mut Keeper, job: &Arc<Job>, record: &JobRecord) {
        let (name, now) = (&job.rules.name, self.time());
        self.exchanged(keeper, job);
        keeper.timetable.put(name, Arc::clone(job), place(record), now);
        let mut dropped = Vec::new();
        for PendingRetry { run, lost, retry_at: due } in keeper.left.remove(name).into_iter().flatten() {
            let lost_due = || retry_at(job.policy(), Outcome::Lost, run.attempt, name, run.id, now);
            match if lost { lost_due() } else { Some(due) } {
                Some(at) => keeper.timetable.retry(run, at),
                None => dropped.push(Entry::DropRetry { run: run.id }),
            }
        }
        keeper.timetable.release(name);
        self.changed(keeper);
        if dropped.is_empty() {
            self.loaded(keeper);
        } else {
            self.soon(keeper, Task::Write(Deed::DropRetries(name.clone()), dropped, false));
        }
    }

    pub(super) fn ask(&mut self, keeper: &mut Keeper, name: &JobName, run: RunId) -> Result<(), Trouble> {
        let action = Entry::Action(Action {
            at: self.time(),
            by: "ada".to_owned(),
            verb: "run".to_owned(),
            job: Some(name.clone()),
            run: Some(run),
            note: String::new(),
        });
        if let Fate::Answered(Answer::Of(_)) = self.write(keeper, &[action], |_, _, _| {})? {
            let _ = keeper.timetable.ask(name, run, "ada").map(|()| self.tell(Fact::Asked { run }));
            self.changed(keeper);
        }
        Ok(())
    }

    pub(super) fn cancel(&mut self, keeper: &mut Keeper, name: &JobName) {
        let run = keeper.live.values().find(|live| live.start.job == *name).map(|live| live.start.id);
        if let Some(run) = run {
            self.cancel_run(keeper, run);
        }
    }
}

/// What the history has of entries that were taken.
fn facts(
    keeper: &Keeper,
    deed: &Deed,
    entries: &[Entry],
    answers: &[Result<(), EntryError>],
    world: &World,
) -> Vec<Fact> {
    let decided = world.moment();
    let skipped = |skip: &Skip| Fact::Skipped { keeper: keeper.number, skip: skip.clone(), decided };
    let taken = entries.iter().zip(answers).filter(|(_, answer)| answer.is_ok());
    let mut facts = Vec::new();
    for (entry, _) in taken {
        match entry {
            Entry::Skip { skip, .. } => facts.push(skipped(skip)),
            Entry::Resume { job, skip, .. } => {
                facts.extend(skip.iter().map(skipped));
                facts.push(Fact::Resumed { job: job.clone() });
            }
            Entry::Pause { job, .. } => facts.push(Fact::Paused { job: job.clone() }),
            Entry::SkipNext { job, count } => facts.push(Fact::LeaveOut { job: job.clone(), count: *count }),
            Entry::Retire { job, at, .. } => facts.push(Fact::Retired { job: job.clone(), at: at.as_millisecond() }),
            Entry::Generation { job, began, .. } => {
                if let (Deed::Apply(applied), Ok(Some(record))) = (deed, keeper.book.job(job)) {
                    let rules = Arc::new(applied.rules.clone());
                    facts.push(Fact::Generation { rules, number: record.generation, began: began.as_millisecond() });
                }
            }
            _ => {}
        }
    }
    facts
}

/// A skip of the due times of a recorded schedule that have come and have no disposition, and where the job stands then.
fn missed(record: &JobRecord, reason: SkipReason, now: Timestamp) -> (Option<Entry>, Timestamp) {
    let schedule = Schedule::from_record(&record.schedule, &record.job).ok();
    let skip = schedule.and_then(|schedule| backlog(&record.job, &schedule, &place(record), reason, now));
    let stands = skip.as_ref().map_or(record.cursor, |skip| skip.last);
    (skip.map(|skip| Entry::Skip { skip, after: record.cursor }), stands)
}

/// The end of a job.
fn retirement(record: &JobRecord, now: Timestamp) -> Vec<Entry> {
    let (skip, after) = missed(record, SkipReason::Removed, now);
    skip.into_iter().chain([Entry::Retire { job: record.job.clone(), at: now, after }]).collect()
}

/// A job's schedule as the ledger has it.
fn text(job: &Job) -> String {
    job.schedule().map_or_else(|| NO_SCHEDULE.to_owned(), Schedule::to_record)
}
