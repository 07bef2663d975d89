//! Between a decision and the end of its run: as `record.rs` of the keeper's conductor.

use std::sync::Arc;

use watchkeeper_ledger::{Entry, EntryError, History};
use watchkeeper_model::{Outcome, RunEnd, RunId};
use watchkeeper_schedule::{
    retry_at,
    timetable::{Batch, Place, Timed},
};

use super::{Answer, Event, Fate, Keeper, Live, Task, World, place};
use crate::{
    Trouble,
    history::{Fact, Moment},
    rules::Job,
};

impl World {
    pub(super) fn record(
        &mut self,
        keeper: &mut Keeper,
        batches: Vec<Batch<Job>>,
        decided: Moment,
    ) -> Result<(), Trouble> {
        let entries: Vec<Entry> = batches.iter().flat_map(entries).collect();
        let fate = self.write(keeper, &entries, |world, keeper, answers| {
            let mut answers = answers.iter();
            for batch in &batches {
                for skip in &batch.skips {
                    if answers.next().is_some_and(Result::is_ok) {
                        world.tell(Fact::Skipped { keeper: keeper.number, skip: skip.clone(), decided });
                    }
                }
                if let Some(claim) = &batch.claim
                    && answers.next().is_some_and(Result::is_ok)
                {
                    let rules = Arc::new(claim.under.rules.clone());
                    let run = claim.start.clone();
                    world.tell(Fact::Claimed { keeper: keeper.number, run, rules, decided });
                }
            }
        })?;
        if let Fate::Answered(answer) = fate {
            self.soon(keeper, Task::Recorded(batches, answer));
        }
        Ok(())
    }

    pub(super) fn recorded(&mut self, keeper: &mut Keeper, batches: Vec<Batch<Job>>, answer: Answer) {
        let mut answers = match answer {
            Answer::None(_) => {
                keeper.away = true;
                for batch in batches {
                    self.later(keeper, Task::LookUp(Box::new(batch)));
                }
                return;
            }
            Answer::Of(answers) => answers.into_iter(),
        };
        keeper.away = false;
        for batch in batches {
            let count = batch.skips.len() + usize::from(batch.claim.is_some());
            let refused = answers.by_ref().take(count).filter_map(Result::err).last();
            match refused {
                Some(EntryError::Fenced { .. }) => keeper.timetable.drain(),
                Some(refusal) => {
                    if let (EntryError::NoRetry { .. }, Some(claim)) = (refusal, &batch.claim) {
                        keeper.timetable.forget_retry(&claim.start);
                    }
                    self.soon(keeper, Task::LookUp(Box::new(batch)));
                }
                None => {
                    let stands = batch.then;
                    self.stands(keeper, &batch, stands, true);
                }
            }
        }
        self.changed(keeper);
    }

    /// Reads what stands after a batch that failed.
    pub(super) fn look_up(&mut self, keeper: &mut Keeper, batch: Batch<Job>) -> Result<(), Trouble> {
        let Some(record) = self.read(keeper, &batch.job)? else {
            self.later(keeper, Task::LookUp(Box::new(batch)));
            return Ok(());
        };
        let claimed = match &batch.claim {
            Some(claim) => keeper.book.run(claim.start.id)?.is_some_and(|found| found.run.end.is_none()),
            None => false,
        };
        let stands = record.as_ref().map_or(batch.then, place);
        keeper.away = false;
        self.stands(keeper, &batch, stands, claimed);
        self.changed(keeper);
        Ok(())
    }

    fn stands(&mut self, keeper: &mut Keeper, batch: &Batch<Job>, stands: Place, claimed: bool) {
        let Some(claim) = batch.claim.as_ref().filter(|_| claimed) else {
            return keeper.timetable.answered(batch, stands, None);
        };
        let id = claim.start.id;
        let (length, outcome) = self.plan.run(&mut self.rng, &claim.under.rules, self.calm.is_some());
        let live = Live {
            start: claim.start.clone(),
            under: Arc::clone(&claim.under),
            began: self.time(),
            began_at: self.now,
            outcome,
            end: None,
        };
        keeper.live.insert(id, live);
        keeper.timetable.answered(batch, stands, Some(()));
        self.tell(Fact::Began { keeper: keeper.number, run: id });
        self.after(length, Event::Task(keeper.number, Box::new(Task::Over(id))));
    }

    pub(super) fn cancel_run(&mut self, keeper: &mut Keeper, run: RunId) {
        if let Some(live) = keeper.live.get_mut(&run).filter(|live| live.end.is_none()) {
            live.outcome = Outcome::Cancelled;
            let wait = self.rng.i64(0..800);
            self.after(wait, Event::Task(keeper.number, Box::new(Task::Over(run))));
        }
    }

    pub(super) fn over(&mut self, keeper: &mut Keeper, run: RunId) {
        let finished = self.time();
        let Some(live) = keeper.live.get_mut(&run).filter(|live| live.end.is_none()) else { return };
        let outcome = live.outcome;
        live.end = Some(Box::new(RunEnd {
            started: Some(live.began),
            finished,
            outcome,
            message: String::new(),
            duration: std::time::Duration::ZERO,
            cpu: std::time::Duration::ZERO,
            peak_memory: 0,
            logs: Vec::new(),
        }));
        self.tell(Fact::Over { run, outcome });
        self.keep_end(keeper, run);
    }

    /// Puts together what is recorded of an end.
    pub(super) fn keep_end(&mut self, keeper: &mut Keeper, run: RunId) {
        let Some((live, end)) = keeper.live.get(&run).and_then(|live| Some((live, live.end.clone()?))) else { return };
        let start = &live.start;
        let retry = retry_at(live.under.policy(), end.outcome, start.attempt, &start.job, run, end.finished);
        let entry = Entry::Finish {
            run,
            pause: keeper.timetable.pauses(&start.job, end.outcome),
            end: *end,
            state: Vec::new(),
            retry_at: retry,
            history: if live.under.rules.failures_only { History::Failures } else { History::All },
        };
        self.soon(keeper, Task::Finish(run, Box::new(entry)));
    }

    pub(super) fn finish(&mut self, keeper: &mut Keeper, run: RunId, entry: Box<Entry>) -> Result<(), Trouble> {
        let fate = self.write(keeper, std::slice::from_ref(&*entry), |world, _, answers| {
            if let (Entry::Finish { end, retry_at, pause, .. }, Some(Ok(()))) = (&*entry, answers.first()) {
                world.tell(Fact::Finished {
                    run,
                    outcome: end.outcome,
                    finished: end.finished.as_millisecond(),
                    retry_at: retry_at.map(jiff::Timestamp::as_millisecond),
                    pause: pause.is_some(),
                });
            }
        })?;
        if let Fate::Answered(answer) = fate {
            self.soon(keeper, Task::Finished(run, entry, answer));
        }
        Ok(())
    }

    pub(super) fn finished(&mut self, keeper: &mut Keeper, run: RunId, entry: Entry, answer: Answer) {
        let taken = match answer {
            Answer::None(_) => {
                keeper.away = true;
                return self.later(keeper, Task::KeepEnd(run));
            }
            Answer::Of(answers) => answers.iter().all(Result::is_ok),
        };
        keeper.away = false;
        let (Some(live), Entry::Finish { end, retry_at, pause, .. }) = (keeper.live.remove(&run), entry) else {
            return;
        };
        let job = &live.start.job;
        if taken && pause.is_some() {
            keeper.timetable.stand(job, |place| place.paused = true);
        }
        keeper.timetable.ended(job, run, end.outcome, retry_at.filter(|_| taken));
        self.tell(Fact::Settled { run });
        self.changed(keeper);
    }
}

fn entries(batch: &Batch<Job>) -> Vec<Entry> {
    let mut after = batch.after;
    let mut entries = Vec::new();
    for skip in &batch.skips {
        entries.push(Entry::Skip { skip: skip.clone(), after });
        after = skip.last;
    }
    entries.extend(batch.claim.as_ref().map(|claim| Entry::Claim { run: claim.start.clone(), after }));
    entries
}
