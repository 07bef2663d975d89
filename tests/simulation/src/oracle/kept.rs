//! The end: what the ledger holds is what was recorded, nothing waits that could run, and no run is forgotten.

use watchkeeper_model::{Outcome, Skip};

use super::{Job, Judge, Promise, Verdict, check, runs::wait};
use crate::{
    history::{History, Kept},
    rules::Rules,
};

/// How long what has come may take to get its disposition when nothing is wrong, in milliseconds.
const SOON: i64 = 3000;
/// The same for a paused job.
const SOON_PAUSED: i64 = 66_000;

/// How many due times of a job wait although nothing is in their way; none if none does.
pub fn behind(kept: &Kept, rules: &Rules, clock: i64) -> Option<u64> {
    let soon = if kept.job.paused.is_some() { SOON_PAUSED } else { SOON };
    let until = clock - soon - rules.start_offset;
    let dark = rules.is_dark(clock) || rules.is_dark(clock - soon);
    let waiting = rules.times.count(kept.job.cursor.as_millisecond(), until);
    (waiting > 0 && kept.job.retired.is_none() && !dark).then_some(waiting)
}

impl Judge {
    pub(super) fn end(&self, history: &History) -> Verdict {
        let Some(end) = history.end else { return Ok(()) };
        for (name, job) in &self.jobs {
            let Some(kept) = history.ledger.iter().find(|kept| kept.job.job == *name) else {
                check(job.retired && history.retained, Promise::Counts, || format!("`{name}` is not in the ledger"))?;
                continue;
            };
            job.is_kept(kept)?;
            let waiting = behind(kept, &job.rules, end.clock);
            check(waiting.is_none(), Promise::Behind, || format!("{waiting:?} due times of `{name}` wait"))?;
            if !history.retained && !job.thinned {
                job.rows_are_kept(kept)?;
            }
        }
        self.no_run_is_forgotten(history)
    }

    fn no_run_is_forgotten(&self, history: &History) -> Verdict {
        let last = self.keepers.keys().next_back().copied();
        for (id, run) in &self.runs {
            let Some(end) = &run.end else {
                let goes = last == Some(run.keeper) && !run.gone;
                check(goes, Promise::Lost, || format!("run {id} went with its process, and nobody says so"))?;
                continue;
            };
            let rows = history.ledger.iter().flat_map(|kept| &kept.runs);
            if let Some(row) = rows.filter(|row| row.start.id == *id).find_map(|row| row.end.as_ref()) {
                let same = row.outcome == end.outcome && row.finished.as_millisecond() == end.finished;
                check(same, Promise::Counts, || format!("run {id} is kept as {}", row.outcome))?;
            }
            let Some(job) = self.jobs.get(&run.start.job) else { continue };
            let current = !job.retired && job.generation == run.start.generation && job.paused.is_none();
            let superseded = job.last_claim.is_some_and(|line| line > run.line);
            let again = self
                .runs
                .values()
                .any(|next| next.start.first == run.start.first && next.start.attempt == run.start.attempt + 1);
            let lone = self
                .runs
                .values()
                .filter(|other| other.start.job == run.start.job)
                .all(|other| other.start.first == run.start.first || other.line < run.line);
            let waits: Option<Vec<i64>> =
                run.all_rules().map(|rules| wait(rules, end.outcome, run.start.attempt)).collect();
            let clock = history.end.map_or(i64::MIN, |end| end.clock);
            let longest = waits.and_then(|waits| waits.into_iter().max());
            let passed = longest.is_some_and(|wait| end.finished + wait * 2 + SOON < clock);
            let dark = job.rules.is_dark(clock) || job.rules.is_dark(clock - SOON);
            let forgotten = passed && current && lone && !superseded && !again && !dark;
            check(!forgotten, Promise::Tries, || format!("run {id} ({}) is not tried again", end.outcome))?;
        }
        Ok(())
    }
}

impl Job {
    /// The job's own row.
    fn is_kept(&self, kept: &Kept) -> Verdict {
        let found = &kept.job;
        let row = (found.generation, found.began.as_millisecond(), found.cursor.as_millisecond());
        let told = (self.generation, self.began, self.cursor);
        check(row == told, Promise::Counts, || format!("`{}` stands at {row:?}, not at {told:?}", found.job))?;
        let counts = (found.runs, found.skips, found.failures);
        let told = (self.runs, self.skips, self.failures);
        check(counts == told, Promise::Counts, || format!("`{}` counts {counts:?}, not {told:?}", found.job))?;
        let flags = (found.retired.is_some(), found.paused.is_some());
        let told = (self.retired, self.paused.is_some());
        check(flags == told, Promise::Counts, || format!("`{}` is retired, paused: {flags:?}, not {told:?}", found.job))
    }

    /// Its rows: all skips are there, and none beside.
    fn rows_are_kept(&self, kept: &Kept) -> Verdict {
        if let Some(skips) = &kept.skips {
            self.skips_are_kept(skips)?;
        }
        let runs = kept.runs.iter().filter(|run| run.start.generation == self.generation);
        let runs = runs.filter(|run| run.start.attempt == 1 && run.start.trigger.nominal().is_some()).count();
        let lost =
            kept.runs.iter().filter_map(|run| run.end.as_ref()).filter(|end| end.outcome == Outcome::Lost).count();
        let told = usize::try_from(self.runs).unwrap_or(usize::MAX);
        check(runs == told, Promise::Counts, || format!("{runs} runs are kept, {lost} of them lost, not {told}"))
    }

    /// Each row of skips stands for some that were recorded one after another for one reason, and none is without a row.
    fn skips_are_kept(&self, rows: &[Skip]) -> Verdict {
        let mut rows: Vec<_> = rows.iter().collect();
        rows.sort_by_key(|row| (row.generation, row.first));
        let mut told = self.recorded.iter();
        for row in rows {
            let mut counted = 0;
            let mut last = None;
            while counted < row.count
                && let Some(skip) = told.next()
            {
                let fits = skip.generation == row.generation && skip.reason == row.reason && skip.first >= row.first;
                check(fits, Promise::Counts, || format!("{row:?} where {skip:?} was recorded"))?;
                counted += skip.count;
                last = Some(skip.last);
            }
            let whole = counted == row.count && last == Some(row.last);
            check(whole, Promise::Counts, || format!("{row:?} stands for {counted} due times until {last:?}"))?;
        }
        let rest = told.count();
        check(rest == 0, Promise::Counts, || format!("{rest} skips are not kept"))
    }
}
