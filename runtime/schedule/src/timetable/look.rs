//! One look at a job: what is to be recorded, whether it needs a turn, or when to look again. The rules about due times
//! are [`decide`]'s; here they are put beside what people asked for and tries that come again.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use watchkeeper_model::{Head, JobName, RunId, RunStart, Skip, SkipReason, Trigger};

use super::{Batch, Claim, Entry, Timed};
use crate::{Decision, Overlap, Policy, Standing, decide};

/// Skips of one batch: a long backlog is recorded in several.
const SKIPS_PER_BATCH: usize = 4;
/// A paused job's due times are recorded this often, in seconds, and when it is resumed.
const PAUSED_LOOK: i64 = 60;

/// What comes of a look.
pub(super) enum Look<J> {
    /// Nothing now; at this time again, or when something changes.
    Later(Option<Timestamp>),
    /// A run is due, and there is no turn for it yet.
    WantsTurn,
    /// These runs make room for a newer one.
    Cancel(Vec<RunId>),
    /// Something is to be recorded.
    Record(Box<Batch<J>>),
}

impl<J: Timed, R> Entry<J, R> {
    /// Decides with what stands now, and the newest head of the chain that the job follows. With `turn`, a run may begin.
    pub(super) fn look(
        &mut self,
        name: &JobName,
        now: Timestamp,
        newest: Option<Head>,
        turn: bool,
        new_id: &mut impl FnMut() -> RunId,
    ) -> Look<J> {
        let Some(job) = self.job.clone().filter(|_| !self.recording && !self.held) else { return Look::Later(None) };
        let mut place = self.place;
        let mut skips: Vec<Skip> = Vec::new();
        let mut until = None;
        let mut trigger = None;
        while skips.len() < SKIPS_PER_BATCH {
            let Some(schedule) = job.schedule() else { break };
            let standing = Standing {
                cursor: place.cursor,
                awake_since: self.awake_since,
                paused: place.paused,
                skip_next: place.skip_next,
                running: self.running.len(),
            };
            match decide(schedule, job.policy(), &standing, now) {
                Decision::Skip { reason, first, last, count } => {
                    place.cursor = last;
                    if reason == SkipReason::SkipNext {
                        place.skip_next = place.skip_next.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
                    }
                    skips.push(Skip { job: name.clone(), generation: place.generation, reason, first, last, count });
                    continue;
                }
                Decision::Run { nominal } => trigger = Some(Trigger::Schedule(nominal)),
                Decision::CancelPrevious if skips.is_empty() => return Look::Cancel(self.make_room()),
                Decision::CancelPrevious => {}
                Decision::Wait { until: wait } => until = wait,
            }
            break;
        }
        let claim = match trigger {
            Some(trigger) => Some(self.asked_in_a_queue(job.policy()).unwrap_or(Wish::Due(trigger))),
            None if skips.is_empty() => self.wish(job.policy(), newest, now),
            None => None,
        };
        match claim {
            Some(_) if !turn => Look::WantsTurn,
            Some(wish) => {
                let start = self.start(name, &job, wish, now, new_id);
                match &start.trigger {
                    Trigger::Schedule(nominal) if start.attempt == 1 => place.cursor = *nominal,
                    Trigger::Head { head, .. } if start.attempt == 1 => place.head = Some(*head),
                    _ => {}
                }
                self.recording = true;
                Look::Record(Box::new(Batch {
                    job: name.clone(),
                    after: self.place.cursor,
                    skips,
                    claim: Some(Claim { start, under: job }),
                    then: place,
                }))
            }
            None if skips.is_empty() => Look::Later(self.look_again(job.policy(), until, now)),
            None => {
                self.recording = true;
                let after = self.place.cursor;
                Look::Record(Box::new(Batch { job: name.clone(), after, skips, claim: None, then: place }))
            }
        }
    }

    /// The runs that make room and were not told so yet.
    fn make_room(&mut self) -> Vec<RunId> {
        let untold = self.running.iter_mut().filter(|running| !running.cancelled);
        untold
            .map(|running| {
                running.cancelled = true;
                running.start.id
            })
            .collect()
    }

    /// What is to run beside the schedule: what somebody asked for, the newest head, which covers all since the last run, or
    /// a try that comes again.
    fn wish(&self, policy: &Policy, newest: Option<Head>, now: Timestamp) -> Option<Wish> {
        if !self.has_room(policy) {
            return None;
        }
        if let Some(asked) = &self.asked {
            return Some(Wish::Asked(asked.id, asked.by.clone()));
        }
        let feed = self.job.as_ref().and_then(|job| job.heads());
        if let (Some(head), Some(trigger), false) = (self.due_head(newest), feed, self.place.paused) {
            let previous = self.place.head.map(|last| last.number);
            return Some(Wish::Due(Trigger::Head { chain: trigger.feed.chain.to_string(), head, previous }));
        }
        let (at, before) = self.retry.as_ref()?;
        (*at <= now && !self.place.paused && policy.blackout_end(now).is_none()).then(|| Wish::Retry(before.clone()))
    }

    /// What somebody asked for goes before due times that queue: behind them it might wait for ever.
    fn asked_in_a_queue(&self, policy: &Policy) -> Option<Wish> {
        let asked = self.asked.as_ref().filter(|_| policy.overlap == Overlap::Queue)?;
        Some(Wish::Asked(asked.id, asked.by.clone()))
    }

    /// Whether a run that is no due time's may begin.
    fn has_room(&self, policy: &Policy) -> bool {
        self.running.is_empty() || policy.overlap == Overlap::Allow
    }

    fn start(
        &self,
        name: &JobName,
        job: &Arc<J>,
        wish: Wish,
        now: Timestamp,
        new_id: &mut impl FnMut() -> RunId,
    ) -> RunStart {
        let (id, first, trigger, attempt) = match wish {
            Wish::Due(trigger) => {
                let id = new_id();
                (id, id, trigger, 1)
            }
            Wish::Asked(id, by) => (id, id, Trigger::Manual(by), 1),
            Wish::Retry(before) => (new_id(), before.first, before.trigger, before.attempt.saturating_add(1)),
        };
        RunStart {
            id,
            job: name.clone(),
            generation: self.place.generation,
            plugin: job.plugin().clone(),
            digest: job.digest(),
            trigger,
            attempt,
            first,
            claimed: now,
        }
    }

    fn look_again(&self, policy: &Policy, until: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let retry = self.retry.as_ref().map(|(at, _)| policy.blackout_end(now).map_or(*at, |end| end.max(*at)));
        let retry = retry.filter(|_| self.has_room(policy) && !self.place.paused);
        let until = match until {
            Some(until) if self.place.paused => {
                Some(until.max(now.checked_add(PAUSED_LOOK.seconds()).unwrap_or(until)))
            }
            until => until,
        };
        [until, retry].into_iter().flatten().min()
    }
}

/// What is to run.
enum Wish {
    Due(Trigger),
    Asked(RunId, String),
    Retry(RunStart),
}
