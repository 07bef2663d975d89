//! Promises about runs: claimed once, never beside each other, never unrecorded, lost when they were, tried again when they
//! may be.

use std::{iter, sync::Arc};

use watchkeeper_model::{Outcome, RunId, RunStart, Trigger};

use super::{Job, Judge, Promise, Verdict, check};
use crate::{history::Moment, rules::Rules};

/// How long a pause may take to reach the loop where runs may overlap, in milliseconds: a stall, and the answer.
const TOLD: i64 = 65_000;

/// A run by what the history said of it.
pub(super) struct Run {
    pub(super) start: RunStart,
    pub(super) rules: Arc<Rules>,
    pub(super) keeper: u32,
    /// Of its claim.
    pub(super) line: usize,
    /// When its keeper knew that its end is recorded.
    pub(super) settled: Option<usize>,
    pub(super) began: bool,
    pub(super) over: Option<Outcome>,
    pub(super) end: Option<End>,
    /// Its process is gone, and it with it.
    pub(super) gone: bool,
    /// The rules that its job had since: whoever decides about its next try goes by one of them.
    pub(super) since: Vec<Arc<Rules>>,
}

/// An end as the ledger has it.
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) finished: i64,
    pub(super) line: usize,
}

impl Run {
    pub(super) const fn process_gone(&mut self) {
        self.gone = true;
    }

    /// All rules by which its next try may have been decided.
    pub(super) fn all_rules(&self) -> impl Iterator<Item = &Rules> {
        iter::once(&*self.rules).chain(self.since.iter().map(|rules| &**rules))
    }

    /// Whether it goes, in truth; one that was declared lost counts as gone, for nothing that it does is kept.
    fn goes(&self) -> bool {
        self.began && self.over.is_none() && !self.gone && self.end.is_none()
    }
}

impl Judge {
    pub(super) fn claimed(
        &mut self,
        keeper: u32,
        start: &RunStart,
        rules: &Arc<Rules>,
        decided: Moment,
        at: Moment,
    ) -> Verdict {
        check(!self.runs.contains_key(&start.id), Promise::Once, || format!("run {} again", start.id))?;
        let scheduled = matches!(start.trigger, Trigger::Schedule(_));
        if scheduled {
            check(!rules.is_dark(decided.clock), Promise::Blackout, || format!("run {} in a blackout", start.id))?;
        }
        match (&start.trigger, start.attempt) {
            (Trigger::Schedule(nominal), 1) => self.made_up_for(keeper, rules, nominal.as_millisecond())?,
            (Trigger::Manual(_), 1) => {
                check(self.asked.contains(&start.id), Promise::Once, || "nobody asked for this run".to_owned())?;
            }
            _ => self.tried_again(start, rules)?,
        }
        let job = self.jobs.get_mut(&start.job).filter(|job| !job.retired);
        let job = job.ok_or_else(|| (Promise::Gone, format!("a claim of `{}`", start.job)))?;
        if let (Trigger::Schedule(nominal), 1) = (&start.trigger, start.attempt) {
            job.follows(start.generation, nominal.as_millisecond())?;
            job.cursor = nominal.as_millisecond();
            job.runs += 1;
            job.last_claim = Some(at.line);
        }
        let told =
            |paused: &Moment| paused.line < decided.line && (!Job::overlaps(rules) || decided.at - paused.at > TOLD);
        let paused = scheduled && job.paused.as_ref().is_some_and(told);
        check(!paused, Promise::Pause, || format!("run {} of a paused job", start.id))?;
        let run = Run {
            start: start.clone(),
            rules: Arc::clone(rules),
            keeper,
            line: at.line,
            settled: None,
            began: false,
            over: None,
            end: None,
            gone: false,
            since: Vec::new(),
        };
        self.runs.insert(start.id, run);
        Ok(())
    }

    /// Whether a later try may be, and now.
    fn tried_again(&self, start: &RunStart, rules: &Rules) -> Verdict {
        let of_first = |run: &&Run| run.start.first == start.first;
        let again = self.runs.values().filter(of_first).any(|run| run.start.attempt == start.attempt);
        check(!again, Promise::Once, || format!("try {} of {} again", start.attempt, start.first))?;
        let before = self.runs.values().filter(of_first).find(|run| run.start.attempt + 1 == start.attempt);
        let before = before.ok_or_else(|| (Promise::Tries, format!("try {} of nothing", start.attempt)))?;
        let Some(end) = &before.end else {
            return Err((Promise::Tries, "a try before the end of the one before".to_owned()));
        };
        let earliest = before.all_rules().filter_map(|rules| wait(rules, end.outcome, before.start.attempt)).min();
        let earliest = earliest.ok_or_else(|| (Promise::Tries, format!("a try after {}", end.outcome)))?;
        let claimed = start.claimed.as_millisecond();
        check(claimed >= end.finished + earliest, Promise::Tries, || format!("a try {claimed} before {earliest}"))?;
        let same = before.start.trigger == start.trigger && before.start.generation == start.generation;
        check(same, Promise::Tries, || "a try of another due time".to_owned())?;
        let later = self.jobs.get(&start.job).and_then(|job| job.last_claim);
        let stale = later.is_some_and(|later| later > end.line) && !Job::overlaps(rules);
        check(!stale, Promise::Tries, || "a try after the claim of a later due time".to_owned())
    }

    pub(super) fn began(&mut self, keeper: u32, id: RunId) -> Verdict {
        let run = self.runs.get(&id).ok_or_else(|| (Promise::Recorded, format!("run {id} has no claim")))?;
        check(!run.began, Promise::Once, || format!("run {id} began twice"))?;
        let fenced = self.keepers.keys().any(|other| *other > keeper);
        check(run.end.is_none() || fenced, Promise::Recorded, || format!("run {id} begins after its end"))?;
        let rules = Arc::clone(&run.rules);
        let going: Vec<&Run> = self.runs.values().filter(|run| run.goes() && run.keeper == keeper).collect();
        let of_plugin = going.iter().filter(|run| run.rules.plugin == rules.plugin).count();
        let (total, per_plugin) = self.turns;
        check(going.len() < total && of_plugin < per_plugin, Promise::Turns, || format!("{} runs go", going.len()))?;
        if !Job::overlaps(&rules) {
            let beside = self.runs.values().find(|run| run.goes() && run.start.job == rules.name);
            check(beside.is_none(), Promise::NoOverlap, || format!("run {id} beside another of `{}`", rules.name))?;
        }
        if let Some(run) = self.runs.get_mut(&id) {
            run.began = true;
        }
        Ok(())
    }

    pub(super) fn over(&mut self, id: RunId, outcome: Outcome) -> Verdict {
        let run = self.runs.get_mut(&id).filter(|run| run.began && run.over.is_none() && !run.gone);
        let run = run.ok_or_else(|| (Promise::Once, format!("run {id} is over, and didn't go")))?;
        run.over = Some(outcome);
        Ok(())
    }

    pub(super) fn finished(&mut self, id: RunId, outcome: Outcome, finished: i64, pause: bool, at: Moment) -> Verdict {
        let run = self.runs.get_mut(&id).ok_or_else(|| (Promise::Recorded, format!("the end of no run, {id}")))?;
        check(run.over == Some(outcome), Promise::Recorded, || format!("run {id}: {outcome} is not how it ended"))?;
        if let Some(end) = &run.end {
            let same = end.outcome == outcome && end.finished == finished;
            return check(same, Promise::Once, || format!("run {id} has two ends"));
        }
        run.end = Some(End { outcome, finished, line: at.line });
        let job = run.start.job.clone();
        self.of(&job, |job| {
            match outcome {
                Outcome::Success => job.failures = 0,
                Outcome::Cancelled => {}
                _ => job.failures += 1,
            }
            if pause {
                job.paused = job.paused.or(Some(at));
            }
        });
        Ok(())
    }

    pub(super) fn lost(&mut self, id: RunId, finished: i64, at: Moment) -> Verdict {
        let run = self.runs.get_mut(&id).ok_or_else(|| (Promise::Lost, format!("run {id} was never claimed")))?;
        check(run.end.is_none(), Promise::Lost, || format!("run {id} has its end"))?;
        let fenced = self.keepers.keys().any(|keeper| *keeper > run.keeper);
        check(run.gone || fenced, Promise::Lost, || format!("run {id} goes"))?;
        run.end = Some(End { outcome: Outcome::Lost, finished, line: at.line });
        let job = run.start.job.clone();
        self.of(&job, |job| job.failures += 1);
        Ok(())
    }
}

/// How long at least the next try waits, if there may be one, in milliseconds.
pub(super) fn wait(rules: &Rules, outcome: Outcome, attempt: u32) -> Option<i64> {
    let tries = match outcome {
        Outcome::Unavailable => rules.attempts,
        Outcome::Timeout if rules.idempotent => rules.attempts,
        Outcome::Lost if rules.idempotent => rules.attempts.max(3),
        _ => 1,
    };
    let doubled = (1..attempt).fold(rules.backoff, |wait, _| wait * 2).min(rules.max_backoff);
    (attempt < tries).then_some(doubled * 8 / 10 - 1)
}
