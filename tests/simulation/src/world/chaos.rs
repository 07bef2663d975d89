//! What goes wrong, and what people do meanwhile.

use std::sync::Arc;

use watchkeeper_model::{JobName, RunId};

use super::{
    CALM, Event, World,
    keeper::{Deed, Task},
};
use crate::{Trouble, history::Fact, rules::Job};

impl World {
    /// One thing goes wrong or is done, or everything calms down.
    pub(super) fn chaos(&mut self) -> Result<(), Trouble> {
        if self.plan.chaos == 0 {
            return self.calm_down();
        }
        self.plan.chaos -= 1;
        let rest = self.rng.i64(1..self.plan.rest);
        self.after(rest, Event::Chaos);
        let keepers: Vec<u32> = self.keepers.keys().copied().collect();
        if keepers.is_empty() {
            return self.change_a_file(None);
        }
        let keeper = keepers[self.rng.usize(..keepers.len())];
        match self.rng.u32(..24) {
            0 | 1 => return self.crash_of(keeper),
            2 => self.task(keeper, Task::Stop),
            3 => self.stall(keeper),
            4 | 5 if self.plan.clock_set => self.set_clock(),
            6 | 7 => self.store_goes_away(),
            8 if self.plan.two_keepers && keepers.len() == 1 => return self.start(),
            9 if self.plan.retained => {
                self.history.retained = true;
                self.task(keeper, Task::Retain);
            }
            10..=14 => return self.change_a_file(Some(keeper)),
            _ => self.somebody_acts(keeper),
        }
        Ok(())
    }

    fn calm_down(&mut self) -> Result<(), Trouble> {
        self.calm = Some(self.now);
        self.store.away_until = self.now;
        while self.keepers.len() > 1
            && let Some((_, mut older)) = self.keepers.pop_first()
        {
            self.crash(&mut older)?;
        }
        self.after(1000, Event::Judge);
        Ok(())
    }

    fn crash_of(&mut self, number: u32) -> Result<(), Trouble> {
        match self.keepers.remove(&number) {
            Some(mut keeper) => self.crash(&mut keeper),
            None => Ok(()),
        }
    }

    fn stall(&mut self, number: u32) {
        let length = self.rng.i64(100..60_000);
        if let Some(keeper) = self.keepers.get_mut(&number) {
            keeper.stalled_until = keeper.stalled_until.max(self.now + length);
        }
    }

    fn set_clock(&mut self) {
        let furthest = [200, 4000, 300_000][self.rng.usize(..3)];
        self.clock += self.rng.i64(-furthest..=furthest);
        self.tell(Fact::ClockSet);
    }

    fn store_goes_away(&mut self) {
        let longest = [2000, 20_000, 200_000][self.rng.usize(..3)];
        self.store.away_until = self.now + self.rng.i64(1..longest);
    }

    fn task(&mut self, keeper: u32, task: Task) {
        self.after(0, Event::Task(keeper, Box::new(task)));
    }

    /// A job's file is written, changed, deleted or put back. A keeper that is there notices.
    fn change_a_file(&mut self, keeper: Option<u32>) -> Result<(), Trouble> {
        let names: Vec<JobName> = self.files.keys().cloned().collect();
        let deed = match self.rng.u32(..4) {
            0 if !names.is_empty() => {
                let name = names[self.rng.usize(..names.len())].clone();
                self.deleted.extend(self.files.remove(&name));
                match keeper {
                    // It can't be used for a while before it is gone, and is gone before the end.
                    Some(keeper) if self.rng.bool() => {
                        let wait = self.rng.i64(0..CALM - 3000);
                        let gone = Task::Load(Some(Deed::Remove(name.clone())));
                        self.after(wait, Event::Task(keeper, Box::new(gone)));
                        Deed::Stop(name)
                    }
                    _ => Deed::Remove(name),
                }
            }
            1 if !self.deleted.is_empty() => {
                let job = self.deleted.swap_remove(self.rng.usize(..self.deleted.len()));
                self.write_file(job)
            }
            2 if !names.is_empty() => {
                let name = names[self.rng.usize(..names.len())].clone();
                let (_, job) = self.plan.job(&mut self.rng, &name)?;
                self.write_file(job)
            }
            _ if !names.is_empty() => {
                let name = &names[self.rng.usize(..names.len())];
                let Some(before) = self.files.get(name).map(|job| job.rules.clone()) else { return Ok(()) };
                let (_, other) = self.plan.job(&mut self.rng, name)?;
                let mut rules = other.rules.clone();
                let jitter = 0;
                rules.times = before.times;
                self.write_file(Arc::new(Job::new(rules, jitter)?))
            }
            _ => return Ok(()),
        };
        if let Some(keeper) = keeper {
            self.after(0, Event::Task(keeper, Box::new(Task::Load(Some(deed)))));
        }
        Ok(())
    }

    fn write_file(&mut self, job: Arc<Job>) -> Deed {
        self.deleted.retain(|deleted| deleted.rules.name != job.rules.name);
        self.files.insert(job.rules.name.clone(), Arc::clone(&job));
        Deed::Apply(job)
    }

    fn somebody_acts(&mut self, keeper: u32) {
        let names: Vec<JobName> = self.files.keys().cloned().collect();
        if names.is_empty() {
            return;
        }
        let name = names[self.rng.usize(..names.len())].clone();
        let id = RunId::new(self.time(), self.rng.u128(..));
        let count = self.rng.u32(0..4);
        let task = match self.rng.u32(..7) {
            0 | 1 => Task::Ask(name, id),
            2 => Task::Hold(Deed::Pause(name)),
            3 | 4 => Task::Hold(Deed::Resume(name)),
            5 => Task::Hold(Deed::LeaveOut(name, count)),
            _ => Task::Cancel(name),
        };
        self.task(keeper, task);
    }
}
