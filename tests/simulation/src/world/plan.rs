//! What a seed is about: its jobs, how often what goes wrong, and how long outages are.

use std::{collections::BTreeMap, sync::Arc};

use fastrand::Rng;
use watchkeeper_model::{JobName, Outcome, PluginName};
use watchkeeper_schedule::{CatchUp, Overlap, timetable::Turns};

use crate::{
    Trouble,
    rules::{Job, Rules},
    times::{DENSE, SPARSE, Times},
};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 1440 * MINUTE;
/// 2026-01-05, a Monday.
const FIRST_DAY: i64 = 1_767_571_200_000;

/// What a seed is about.
pub(super) struct Plan {
    pub(super) turns: Turns,
    pub(super) first_clock: i64,
    /// Outages may take days; what falls due is then far apart.
    pub(super) long: bool,
    /// A second keeper may start while the first one lives.
    pub(super) two_keepers: bool,
    /// The clock may be set.
    pub(super) clock_set: bool,
    /// Old history may go.
    pub(super) retained: bool,
    /// How often a write meets a crash before it, one after it, and an answer that is lost.
    pub(super) crash_before: f64,
    pub(super) crash_after: f64,
    pub(super) doubt: f64,
    /// How long the ledger takes at most, in milliseconds.
    pub(super) slowness: i64,
    /// How much more goes wrong before the end.
    pub(super) chaos: u32,
    /// How far apart that is at most, in milliseconds.
    pub(super) rest: i64,
    /// The share of runs that take longer than their job's period.
    pub(super) long_runs: f64,
    /// The share of runs that fail.
    pub(super) failures: f64,
}

impl Plan {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let long = rng.u32(..5) == 0;
        let rate = |rng: &mut Rng| [0.0, 0.0, 0.005, 0.05][rng.usize(..4)];
        Self {
            turns: Turns { total: rng.usize(1..=4), per_plugin: rng.usize(1..=3) },
            first_clock: FIRST_DAY + rng.i64(0..3 * DAY),
            long,
            two_keepers: rng.u32(..6) == 0,
            clock_set: rng.u32(..3) == 0,
            retained: rng.u32(..6) == 0,
            crash_before: rate(rng),
            crash_after: rate(rng),
            doubt: rate(rng),
            slowness: [1, 10, 200][rng.usize(..3)],
            chaos: rng.u32(3..25),
            rest: [SECOND, 5 * SECOND, 15 * SECOND][rng.usize(..3)],
            long_runs: [0.0, 0.1, 0.6][rng.usize(..3)],
            failures: [0.0, 0.2, 0.7][rng.usize(..3)],
        }
    }

    /// One to four jobs.
    pub(super) fn jobs(&self, rng: &mut Rng) -> Result<BTreeMap<JobName, Arc<Job>>, Trouble> {
        let count = rng.usize(1..=4);
        ["a", "b", "c", "d"].into_iter().take(count).map(|name| self.job(rng, &JobName::new(name)?)).collect()
    }

    /// A job of this name.
    pub(super) fn job(&self, rng: &mut Rng, name: &JobName) -> Result<(JobName, Arc<Job>), Trouble> {
        let times = match rng.u32(..10) {
            0 => Times::Never,
            1..=6 => Times::Every { period: self.period(rng), offset: 0 },
            _ if self.long => Times::Cron(&SPARSE[rng.usize(..SPARSE.len())]),
            _ => Times::Cron(&DENSE[rng.usize(..DENSE.len())]),
        };
        let window = match times {
            Times::Every { period, .. } => period * rng.i64(1..40),
            _ => [MINUTE, 60 * MINUTE, DAY][rng.usize(..3)],
        };
        let rules = Rules {
            name: name.clone(),
            plugin: PluginName::new(["p", "q"][rng.usize(..2)])?,
            times,
            start_offset: 0,
            catch_up: CatchUp::ALL[rng.usize(..3)],
            window,
            overlap: Overlap::ALL[rng.usize(..4)],
            attempts: rng.u32(1..=4),
            backoff: rng.i64(200..6000),
            max_backoff: rng.i64(6000..20_000),
            idempotent: rng.bool(),
            pause_after: (rng.u32(..5) == 0).then(|| rng.u32(1..4)),
            blackout: (rng.u32(..6) == 0).then(|| rng.i64(1..8) * MINUTE),
            failures_only: rng.u32(..6) == 0,
        };
        let jitter = if rng.bool() { rng.i64(0..20_000) } else { 0 };
        Ok((name.clone(), Arc::new(Job::new(rules, jitter)?)))
    }

    fn period(&self, rng: &mut Rng) -> i64 {
        if rng.u32(..10) == 0 {
            return [300, 60 * MINUTE, DAY][rng.usize(..3)];
        }
        rng.i64(2..40) * SECOND
    }

    /// How long nobody is there, in milliseconds: mostly short.
    pub(super) fn outage(&self, rng: &mut Rng) -> i64 {
        let longest: f64 = if self.long { 400.0 * 86_400_000.0 } else { 7_200_000.0 };
        let length = 50.0 * (longest / 50.0).powf(rng.f64());
        #[expect(clippy::cast_possible_truncation, reason = "at most 400 days")]
        let length = length as i64;
        length
    }

    /// How long a run of this job takes and how it ends.
    pub(super) fn run(&self, rng: &mut Rng, rules: &Rules, calm: bool) -> (i64, Outcome) {
        let period = match rules.times {
            Times::Every { period, .. } => period.min(30 * SECOND),
            _ => 20 * SECOND,
        };
        let length = match () {
            () if calm => rng.i64(1..50),
            () if rng.f64() < self.long_runs => rng.i64(1..3 * period),
            () => rng.i64(1..500),
        };
        let failed = !calm && rng.f64() < self.failures;
        let outcome = if failed { Outcome::ALL[rng.usize(1..9)] } else { Outcome::Success };
        (length, outcome)
    }
}
