//! The simulated machine: true time, a clock that may be wrong, a queue of what happens next, the store's moods, and the
//! processes that come and go. One thread, one seed, no real time: the same seed gives the same history.
//!
//! Here is the loop; [`keeper`] has what a process does, in the order of the real conductor's steps, [`chaos`] what goes
//! wrong and what people do, [`plan`] what jobs there are.

mod chaos;
mod keeper;
mod plan;
mod store;

use std::{collections::BTreeMap, sync::Arc};

use fastrand::Rng;
use jiff::Timestamp;
use watchkeeper_model::JobName;

use crate::{
    Trouble,
    history::{Fact, History, Kept, Line, Moment},
    oracle,
    rules::Job,
};
use keeper::{Keeper, Task};
use plan::Plan;
use store::Store;

/// How long nothing goes wrong before the end, in milliseconds; longer where a job is paused, whose due times are recorded
/// once a minute.
const CALM: i64 = 12_000;
const CALM_WITH_PAUSES: i64 = 70_000;
/// How much longer what is behind may take.
const CATCHING_UP: i64 = 900_000;
/// What takes more events hangs.
const MOST_EVENTS: u32 = 60_000;

/// One simulation.
pub(crate) struct World {
    rng: Rng,
    /// Milliseconds of true time.
    now: i64,
    /// How far the clock is ahead of `now`.
    clock: i64,
    queue: BTreeMap<(i64, u64), Event>,
    queued: u64,
    store: Store,
    plan: Plan,
    /// The job files.
    files: BTreeMap<JobName, Arc<Job>>,
    /// Those that were deleted.
    deleted: Vec<Arc<Job>>,
    keepers: BTreeMap<u32, Keeper>,
    history: History,
    /// Since when nothing goes wrong any more.
    calm: Option<i64>,
}

enum Event {
    /// A process goes on with something.
    Task(u32, Box<Task>),
    /// A process starts.
    Start,
    /// Something goes wrong, or somebody does something.
    Chaos,
    /// Is it over?
    Judge,
}

/// Plays one seed to its end.
///
/// # Errors
/// [`Trouble`], where the simulation can't go on: a ledger that can't be read, for one.
pub fn play(seed: u64) -> Result<History, Trouble> {
    let mut rng = Rng::with_seed(seed);
    let plan = Plan::new(&mut rng);
    let files = plan.jobs(&mut rng)?;
    let clock = plan.first_clock;
    let history = History { turns: (plan.turns.total, plan.turns.per_plugin), ..History::default() };
    let store = Store::new()?;
    let mut world = World {
        rng,
        now: 0,
        clock,
        queue: BTreeMap::new(),
        queued: 0,
        store,
        plan,
        files,
        deleted: Vec::new(),
        keepers: BTreeMap::new(),
        history,
        calm: None,
    };
    world.after(0, Event::Start);
    world.after(1000, Event::Chaos);
    world.run()?;
    Ok(world.history)
}

impl World {
    fn run(&mut self) -> Result<(), Trouble> {
        for _ in 0..MOST_EVENTS {
            let Some(((at, _), event)) = self.queue.pop_first() else {
                return Err(Trouble::new("nothing happens any more"));
            };
            self.now = at.max(self.now);
            match event {
                Event::Task(keeper, task) => self.go_on(keeper, *task)?,
                Event::Start => self.start()?,
                Event::Chaos => self.chaos()?,
                // The next start has it judged.
                Event::Judge if self.keepers.is_empty() => {}
                Event::Judge if self.is_over()? => return Ok(()),
                Event::Judge => self.after(3000, Event::Judge),
            }
        }
        Err(Trouble::new(format!(
            "no end after {MOST_EVENTS} events, {} s and {} lines",
            self.now / 1000,
            self.history.lines.len()
        )))
    }

    fn go_on(&mut self, number: u32, task: Task) -> Result<(), Trouble> {
        let Some(mut keeper) = self.keepers.remove(&number) else { return Ok(()) };
        if keeper.stalled_until > self.now {
            let wait = keeper.stalled_until - self.now;
            self.after(wait, Event::Task(number, Box::new(task)));
            self.keepers.insert(number, keeper);
            return Ok(());
        }
        self.perform(&mut keeper, task)?;
        if !keeper.gone {
            self.keepers.insert(number, keeper);
        }
        Ok(())
    }

    /// A process ends as by kill -9. What it had not committed is gone.
    fn crash(&mut self, keeper: &mut Keeper) -> Result<(), Trouble> {
        if self.keepers.is_empty() {
            self.store.keep_as_killed()?;
        }
        self.gone(keeper);
        Ok(())
    }

    fn gone(&mut self, keeper: &mut Keeper) {
        keeper.gone = true;
        self.tell(Fact::Gone { keeper: keeper.number });
        if self.keepers.is_empty() {
            let outage = if self.calm.is_some() { 100 } else { self.plan.outage(&mut self.rng) };
            self.after(outage, Event::Start);
        }
    }

    fn is_over(&mut self) -> Result<bool, Trouble> {
        let Some(since) = self.calm else { return Ok(false) };
        let Some(keeper) = self.keepers.values().next_back() else { return Ok(false) };
        if !keeper.is_calm(since) || keeper.stalled_until + CALM > self.now {
            return Ok(false);
        }
        let kept = self.store.kept(&keeper.book)?;
        let paused = kept.iter().any(|kept| kept.job.paused.is_some());
        let calm = self.now - since;
        if calm < if paused { CALM_WITH_PAUSES } else { CALM } {
            return Ok(false);
        }
        let moment = self.moment();
        let behind = |kept: &Kept| {
            let job = self.files.get(&kept.job.job);
            job.is_some_and(|job| oracle::behind(kept, &job.rules, moment.clock).is_some())
        };
        if calm < CATCHING_UP && kept.iter().any(behind) {
            return Ok(false);
        }
        self.history.ledger = kept;
        self.history.end = Some(moment);
        Ok(true)
    }

    fn after(&mut self, wait: i64, event: Event) {
        self.queued += 1;
        self.queue.insert((self.now + wait, self.queued), event);
    }

    fn tell(&mut self, fact: Fact) {
        let at = self.moment();
        self.history.lines.push(Line { at, fact });
    }

    fn moment(&self) -> Moment {
        Moment { at: self.now, clock: self.now + self.clock, line: self.history.lines.len() }
    }

    /// What the clock shows.
    fn time(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now + self.clock).unwrap_or(Timestamp::MAX)
    }

    fn chance(&mut self, share: f64) -> bool {
        self.calm.is_none() && share > 0.0 && self.rng.f64() < share
    }
}
