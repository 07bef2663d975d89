//! The judge: what was promised, held against what happened. It reads a history line by line and knows the promises, not
//! the code: nothing here asks `decide`, a timetable or a ledger.
//!
//! Here are the promises about due times; [`runs`] has those about runs, [`kept`] compares the end with what the ledger
//! holds.

mod kept;
mod runs;

use std::{collections::BTreeMap, fmt, sync::Arc};

use watchkeeper_model::{JobName, RunId, Skip, SkipReason};
use watchkeeper_schedule::{CatchUp, Overlap};

use crate::{
    history::{Fact, History, Line, Moment},
    rules::Rules,
};
pub use kept::behind;
use runs::Run;

/// A broken promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// A due time or a try has two dispositions, or a run began twice.
    Once,
    /// A due time has no disposition.
    NoMiss,
    /// A disposition of something that is not due.
    Due,
    /// Runs of a job overlap.
    NoOverlap,
    /// More runs go than may.
    Turns,
    /// A run began that the ledger doesn't have, or its end differs from the truth.
    Recorded,
    /// A run that went with its process isn't called lost, or one that didn't is.
    Lost,
    /// A try that may not be, comes too early, or doesn't come.
    Tries,
    /// A run of a paused job.
    Pause,
    /// A run in a blackout.
    Blackout,
    /// A skip without the reason that it gives.
    Reason,
    /// A missed due time that should not run.
    CatchUp,
    /// A job that is gone does something.
    Gone,
    /// The ledger's rows or counts differ from what was recorded.
    Counts,
    /// In the end, when nothing is wrong, a due time waits.
    Behind,
    /// The only keeper's entry was refused.
    Refused,
}

/// A promise that was broken, where and how.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which.
    pub promise: Promise,
    /// The number of the line; none: found at the end.
    pub line: Option<usize>,
    /// For people.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{:?} broken in line {line}: {}", self.promise, self.what),
            None => write!(f, "{:?} broken in the end: {}", self.promise, self.what),
        }
    }
}

/// What happens to the judge on a line.
type Verdict = Result<(), (Promise, String)>;

/// Judges a history.
///
/// # Errors
/// The first promise that it breaks.
pub fn judge(history: &History) -> Result<(), Broken> {
    let mut judge = Judge {
        jobs: BTreeMap::new(),
        runs: BTreeMap::new(),
        keepers: BTreeMap::new(),
        asked: Vec::new(),
        clock_set: false,
        turns: history.turns,
    };
    for (number, line) in history.lines.iter().enumerate() {
        let next = history.lines.get(number + 1).map(|line| &line.fact);
        judge.line(line, next).map_err(|(promise, what)| Broken { promise, line: Some(number), what })?;
    }
    judge.end(history).map_err(|(promise, what)| Broken { promise, line: None, what })
}

/// What is known after some lines.
struct Judge {
    jobs: BTreeMap<JobName, Job>,
    runs: BTreeMap<RunId, Run>,
    /// Keepers that took charge, and what the clock showed.
    keepers: BTreeMap<u32, Charge>,
    asked: Vec<RunId>,
    clock_set: bool,
    turns: (usize, usize),
}

struct Charge {
    clock: i64,
    gone: bool,
}

/// A job by what the history said of it.
struct Job {
    rules: Arc<Rules>,
    generation: u64,
    began: i64,
    cursor: i64,
    retired: bool,
    /// The line that says so.
    paused: Option<Moment>,
    left_out: u64,
    left_out_most: u64,
    runs: u64,
    skips: u64,
    failures: u32,
    /// The last claim of a due time.
    last_claim: Option<usize>,
    recorded: Vec<Skip>,
    /// Whether rows of successful runs went.
    thinned: bool,
}

impl Judge {
    fn line(&mut self, line: &Line, next: Option<&Fact>) -> Verdict {
        let at = line.at;
        match &line.fact {
            Fact::Started { keeper } => {
                self.keepers.insert(*keeper, Charge { clock: at.clock, gone: false });
            }
            Fact::Gone { keeper } => {
                if let Some(charge) = self.keepers.get_mut(keeper) {
                    charge.gone = true;
                }
                self.runs.values_mut().filter(|run| run.keeper == *keeper).for_each(Run::process_gone);
            }
            Fact::ClockSet => self.clock_set = true,
            Fact::Generation { rules, number, began } => return self.generation(rules, *number, *began),
            Fact::Exchanged { rules } => {
                if let Some(job) = self.jobs.get_mut(&rules.name) {
                    job.rules = Arc::clone(rules);
                    job.thinned |= rules.failures_only;
                }
                let runs = self.runs.values_mut().filter(|run| run.start.job == rules.name);
                runs.for_each(|run| run.since.push(Arc::clone(rules)));
            }
            Fact::Retired { job, at } => return self.retired(job, *at),
            Fact::Claimed { keeper, run, rules, decided } => return self.claimed(*keeper, run, rules, *decided, at),
            Fact::Skipped { keeper, skip, decided } => return self.skipped(*keeper, skip, *decided, next),
            Fact::Began { keeper, run } => return self.began(*keeper, *run),
            Fact::Over { run, outcome } => return self.over(*run, *outcome),
            Fact::Finished { run, outcome, finished, pause, .. } => {
                return self.finished(*run, *outcome, *finished, *pause, at);
            }
            Fact::Settled { run } => {
                if let Some(run) = self.runs.get_mut(run) {
                    run.settled = Some(at.line);
                }
            }
            Fact::Lost { run, finished } => return self.lost(*run, *finished, at),
            Fact::Paused { job } => self.of(job, |job| job.paused = job.paused.or(Some(at))),
            Fact::Resumed { job } => self.of(job, |job| job.paused = None),
            Fact::LeaveOut { job, count } => self.of(job, |job| job.left_out_most += u64::from(*count)),
            Fact::Asked { run } => self.asked.push(*run),
            Fact::Refused { keeper, why } => {
                let fenced = self.keepers.keys().any(|other| other > keeper);
                check(fenced, Promise::Refused, || why.clone())?;
            }
        }
        Ok(())
    }

    fn of(&mut self, job: &JobName, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.jobs.get_mut(job) {
            change(job);
        }
    }

    fn generation(&mut self, rules: &Arc<Rules>, number: u64, began: i64) -> Verdict {
        let mut job = Job {
            rules: Arc::clone(rules),
            generation: number,
            began,
            cursor: began,
            retired: false,
            paused: None,
            left_out: 0,
            left_out_most: 0,
            runs: 0,
            skips: 0,
            failures: 0,
            last_claim: None,
            recorded: Vec::new(),
            thinned: rules.failures_only,
        };
        if let Some(before) = self.jobs.remove(&rules.name) {
            if !before.retired {
                before.all_disposed(began)?;
            }
            let follows = number == before.generation + 1 || (number == 1 && before.retired);
            check(follows, Promise::Once, || format!("generation {number} after {}", before.generation))?;
            if number > 1 {
                job.paused = before.paused;
                job.failures = before.failures;
                job.thinned |= before.thinned;
                job.recorded = before.recorded;
                job.left_out_most = before.left_out_most;
                job.left_out = before.left_out;
            }
        }
        self.jobs.insert(rules.name.clone(), job);
        Ok(())
    }

    fn retired(&mut self, name: &JobName, at: i64) -> Verdict {
        let Some(job) = self.jobs.get_mut(name) else { return Ok(()) };
        if !job.retired {
            job.all_disposed(at)?;
        }
        job.retired = true;
        Ok(())
    }

    fn skipped(&mut self, keeper: u32, skip: &Skip, decided: Moment, next: Option<&Fact>) -> Verdict {
        let started = self.started(keeper);
        let running = self.runs.values().any(|run| {
            let settled = run.settled.is_some_and(|line| line < decided.line);
            run.start.job == skip.job && run.keeper == keeper && run.line < decided.line && !settled
        });
        let job = self.jobs.get_mut(&skip.job).filter(|job| !job.retired);
        let job = job.ok_or_else(|| (Promise::Gone, format!("a skip of `{}`", skip.job)))?;
        let (first, last) = (skip.first.as_millisecond(), skip.last.as_millisecond());
        job.follows(skip.generation, first)?;
        let times = job.rules.times;
        check(times.is_due(last), Promise::Due, || format!("a skip until {last}"))?;
        let count = times.count(first - 1, last);
        check(count == skip.count, Promise::NoMiss, || format!("{count} due times, {} skipped", skip.count))?;
        job.cursor = last;
        job.skips += skip.count;
        job.recorded.push(skip.clone());
        let rules = &job.rules;
        let due = || times.first(2000, first - 1, last);
        let right = match skip.reason {
            SkipReason::Paused => job.paused.is_some(),
            SkipReason::Blackout => due().iter().all(|due| rules.is_dark(*due)),
            SkipReason::SkipNext => {
                job.left_out += skip.count;
                job.left_out <= job.left_out_most
            }
            SkipReason::Overlap => running,
            SkipReason::TooLate => {
                let later = times.count(last, decided.clock - rules.start_offset) > 0;
                let old = decided.clock - rules.start_offset - last > rules.window;
                let missed = started.is_some_and(|started| self.clock_set || last + rules.start_offset <= started)
                    || rules.catch_up == CatchUp::None;
                later || old || (missed && rules.catch_up == CatchUp::None)
            }
            SkipReason::Rescheduled => matches!(next, Some(Fact::Generation { rules, .. }) if rules.name == skip.job),
            SkipReason::Removed => matches!(next, Some(Fact::Retired { job, .. }) if *job == skip.job),
        };
        check(right, Promise::Reason, || format!("{skip:?}"))
    }

    /// When a keeper took charge, by the clock.
    fn started(&self, keeper: u32) -> Option<i64> {
        self.keepers.get(&keeper).map(|charge| charge.clock)
    }

    /// Whether a due time that a keeper claims was not too late to be made up for.
    fn made_up_for(&self, keeper: u32, rules: &Rules, nominal: i64) -> Verdict {
        let Some(started) = self.started(keeper).filter(|_| !self.clock_set) else { return Ok(()) };
        let due = nominal + rules.start_offset;
        let wanted = due > started || rules.catch_up != CatchUp::None;
        check(wanted, Promise::CatchUp, || format!("{nominal} fell due before the start at {started}"))?;
        check(due + rules.window >= started, Promise::CatchUp, || format!("{nominal} is older than the window"))
    }
}

impl Job {
    /// Whether the next disposition may begin with this due time.
    fn follows(&self, generation: u64, first: i64) -> Verdict {
        check(generation == self.generation, Promise::Once, || format!("generation {generation} is over"))?;
        check(self.rules.times.is_due(first), Promise::Due, || format!("{first} is not due"))?;
        check(first > self.cursor, Promise::Once, || {
            format!("{first} again: all is disposed of up to {}", self.cursor)
        })?;
        let missed = self.rules.times.count(self.cursor, first - 1);
        check(missed == 0, Promise::NoMiss, || format!("{missed} due times between {} and {first}", self.cursor))
    }

    /// Whether no due time of a generation that ends is left over.
    fn all_disposed(&self, end: i64) -> Verdict {
        let missed = self.rules.times.count(self.cursor, end);
        check(missed == 0, Promise::NoMiss, || format!("{missed} due times before the generation's end"))
    }

    const fn overlaps(rules: &Rules) -> bool {
        matches!(rules.overlap, Overlap::Allow)
    }
}

fn check(right: bool, promise: Promise, what: impl FnOnce() -> String) -> Verdict {
    if right { Ok(()) } else { Err((promise, what())) }
}
