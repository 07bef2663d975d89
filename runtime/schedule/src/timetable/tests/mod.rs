//! The timetable under a clock that the test moves: nothing sleeps, nothing is written and nothing runs. What happens is
//! compared as lines of "second job what". Here is the world that the tests act in; each file beside has one subject.

mod asks;
mod changes;
mod heads;
mod lateness;
mod overlap;
mod records;
mod turns;

use std::{iter, time::Duration};

use jiff::ToSpan;
use watchkeeper_model::{Digest, PluginName, Trigger};

use super::*;
use crate::{CatchUp, HeadTrigger, Overlap, Policy};

/// A full hour: intervals without an offset fall due on it.
const EPOCH: i64 = 1_699_999_200;

/// A job of the tests.
#[derive(Clone)]
pub(super) struct Plain {
    pub(super) plugin: PluginName,
    pub(super) schedule: Option<Schedule>,
    pub(super) heads: Option<HeadTrigger>,
    pub(super) policy: Policy,
}

impl Plain {
    /// Due each ten seconds on the full ten, with the defaults.
    pub(super) fn new(plugin: &str) -> Self {
        let schedule = Schedule::parse_every("10s").unwrap();
        let policy = Policy::for_schedule(&schedule);
        Self { plugin: PluginName::new(plugin).unwrap(), schedule: Some(schedule), heads: None, policy }
    }

    pub(super) fn overlap(mut self, overlap: Overlap) -> Self {
        self.policy.overlap = overlap;
        self
    }

    pub(super) fn catch_up(mut self, catch_up: CatchUp) -> Self {
        self.policy.catch_up = catch_up;
        self
    }
}

impl Timed for Plain {
    fn plugin(&self) -> &PluginName {
        &self.plugin
    }

    fn digest(&self) -> Digest {
        Digest::new([0; 32])
    }

    fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref()
    }

    fn heads(&self) -> Option<&HeadTrigger> {
        self.heads.as_ref()
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }
}

/// A timetable, the time, and what happened. What the caller keeps of a run is its number.
pub(super) struct World {
    pub(super) timetable: Timetable<Plain, u128>,
    pub(super) second: i64,
    /// The ids that were given out.
    ids: u128,
    /// Batches are kept here in place of being recorded at once.
    pub(super) on_their_way: Option<Vec<Batch<Plain>>>,
    pub(super) sleep: Duration,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_turns(8, 8)
    }

    pub(super) fn with_turns(total: usize, per_plugin: usize) -> Self {
        let timetable = Timetable::new(Turns { total, per_plugin });
        Self { timetable, second: 0, ids: 0, on_their_way: None, sleep: Duration::ZERO }
    }

    /// Puts in a job of the first generation that stands at the time that it is.
    pub(super) fn put(&mut self, name: &str, job: Plain) {
        let place = Place { generation: 1, cursor: self.now(), head: None, skip_next: 0, failures: 0, paused: false };
        self.put_at(name, job, place);
    }

    pub(super) fn put_at(&mut self, name: &str, job: Plain, place: Place) {
        let now = self.now();
        self.timetable.put(&named(name), Arc::new(job), place, now);
    }

    pub(super) fn now(&self) -> Timestamp {
        at(self.second)
    }

    /// Ticks each second up to this one; what happens is recorded at once.
    pub(super) fn until(&mut self, second: i64) -> Vec<String> {
        let mut events = Vec::new();
        while self.second < second {
            self.second += 1;
            events.extend(self.here());
        }
        events
    }

    /// Ticks at this second, which may be far, and until nothing more happens.
    pub(super) fn jump(&mut self, second: i64) -> Vec<String> {
        self.second = second;
        self.here()
    }

    /// Ticks without time passing until nothing more happens.
    pub(super) fn here(&mut self) -> Vec<String> {
        let mut events = Vec::new();
        loop {
            let (now, mut ids) = (self.now(), self.ids);
            let tick = self.timetable.tick(now, || {
                ids += 1;
                RunId::from_bits(ids)
            });
            self.ids = ids;
            self.sleep = tick.sleep;
            events.extend(tick.cancel.iter().map(|(job, _)| format!("{} {job} is cancelled", self.second)));
            events.extend(tick.batches.iter().flat_map(|batch| self.described(batch)));
            match &mut self.on_their_way {
                Some(kept) => kept.extend(tick.batches),
                None if tick.batches.is_empty() => return events,
                None => tick.batches.iter().for_each(|batch| self.recorded(batch)),
            }
            if self.on_their_way.is_some() {
                return events;
            }
        }
    }

    /// The ledger took a batch.
    pub(super) fn recorded(&mut self, batch: &Batch<Plain>) {
        let run = batch.claim.as_ref().map(|claim| claim.start.id.to_bits());
        self.timetable.answered(batch, batch.then, run);
    }

    /// A job's oldest run ends.
    pub(super) fn end(&mut self, name: &str) -> Vec<String> {
        self.end_as(name, Outcome::Success, None)
    }

    pub(super) fn end_as(&mut self, name: &str, outcome: Outcome, retry: Option<i64>) -> Vec<String> {
        let run = self.timetable.entry(&named(name)).unwrap().running[0].start.id;
        self.timetable.ended(&named(name), run, outcome, retry.map(at));
        self.here()
    }

    pub(super) fn running(&self, name: &str) -> usize {
        self.timetable.entry(&named(name)).map_or(0, |entry| entry.running.len())
    }

    pub(super) fn place(&self, name: &str) -> Place {
        self.timetable.entry(&named(name)).unwrap().place
    }

    pub(super) fn ask(&mut self, name: &str) -> Result<(), Unable> {
        self.ids += 1;
        self.timetable.ask(&named(name), RunId::from_bits(self.ids), "ada")
    }

    fn described(&self, batch: &Batch<Plain>) -> Vec<String> {
        let (second, job) = (self.second, &batch.job);
        let skip = |skip: &Skip| {
            let (first, last) = (seconds(skip.first), seconds(skip.last));
            let range = if skip.count == 1 { first.to_string() } else { format!("{first}..{last} ({})", skip.count) };
            format!("{second} {job} skips {range} {}", skip.reason)
        };
        let claim = |claim: &Claim<Plain>| {
            let start = &claim.start;
            let what = match &start.trigger {
                Trigger::Schedule(nominal) => format!("runs {}", seconds(*nominal)),
                Trigger::Manual(by) | Trigger::Probe(by) => format!("runs for {by}"),
                Trigger::Head { head, previous: None, .. } => format!("runs for head {}", head.number),
                Trigger::Head { head, previous: Some(last), .. } => format!("runs for heads after {last} to {}", head.number),
            };
            let again = if start.attempt == 1 { String::new() } else { format!(" try {}", start.attempt) };
            format!("{second} {job} {what}{again}")
        };
        batch.skips.iter().map(skip).chain(batch.claim.iter().map(claim)).collect()
    }
}

pub(super) fn named(name: &str) -> JobName {
    JobName::new(name).unwrap()
}

/// This many seconds after the tests' epoch.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(EPOCH).unwrap() + second.seconds()
}

fn seconds(time: Timestamp) -> i64 {
    time.as_second() - EPOCH
}

/// Names for many jobs: `a`, `b`, …
pub(super) fn letters(count: usize) -> Vec<String> {
    iter::successors(Some(b'a'), |letter| Some(letter + 1))
        .take(count)
        .map(|letter| char::from(letter).into())
        .collect()
}
