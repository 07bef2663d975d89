//! A process starts: it joins, takes charge, declares lost what the one before left, and loads the job files.

use std::collections::{BTreeMap, VecDeque};

use watchkeeper_model::JobName;
use watchkeeper_schedule::timetable::Timetable;

use super::{Deed, Event, Keeper, Task, World};
use crate::{Trouble, history::Fact};

/// How long a start takes at least, in milliseconds.
const START: i64 = 50;

impl World {
    pub(in crate::world) fn start(&mut self) -> Result<(), Trouble> {
        if self.store_is_away() {
            self.after(self.store.away_until - self.now, Event::Start);
            return Ok(());
        }
        if self.calm.is_some() {
            self.calm = Some(self.now);
            self.after(1000, Event::Judge);
        }
        let now = self.time();
        let book = self.store.open(now)?;
        let mut keeper = Keeper {
            number: u32::try_from(book.epoch()).map_err(|_| Trouble::new("an epoch out of range"))?,
            book,
            stalled_until: 0,
            gone: false,
            timetable: Timetable::new(self.plan.turns),
            live: BTreeMap::new(),
            left: BTreeMap::new(),
            files: VecDeque::new(),
            loading: false,
            away: false,
            next_tick: 0,
            stopping_since: None,
        };
        if self.chance(self.plan.crash_before) {
            return self.crash(&mut keeper);
        }
        let recovery = keeper.book.recover(now)?;
        self.tell(Fact::Started { keeper: keeper.number });
        for lost in &recovery.lost {
            self.tell(Fact::Lost { run: lost.start.id, finished: now.as_millisecond() });
        }
        if self.chance(self.plan.crash_after) {
            return self.crash(&mut keeper);
        }
        for retry in recovery.retries {
            keeper.left.entry(retry.run.job.clone()).or_default().push(retry);
        }
        let absent = |job: &JobName| !self.files.contains_key(job);
        let absent = recovery.jobs.into_iter().filter(|record| record.retired.is_none() && absent(&record.job));
        keeper.files.extend(absent.map(|record| Deed::RetireAbsent(Box::new(record))));
        keeper.files.extend(self.files.values().cloned().map(Deed::Apply));
        self.after(START, Event::Task(keeper.number, Box::new(Task::Load(None))));
        self.tick_after(&mut keeper, START);
        self.keepers.insert(keeper.number, keeper);
        Ok(())
    }
}
