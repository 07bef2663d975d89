//! The timetable under a clock that the test moves: nothing sleeps and nothing runs.

use super::*;

/// A job of the tests.
struct Plain {
    name: String,
    plugin: PluginName,
    schedule: Schedule,
}

impl Timed for Plain {
    fn plugin(&self) -> &PluginName {
        &self.plugin
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }
}

/// A timetable, and the time. A run is the nominal time that it was begun for.
struct World {
    timetable: Timetable<Plain, Timestamp>,
    now: Timestamp,
}

const EPOCH: i64 = 1_700_000_000;

impl World {
    fn new(total: usize, per_plugin: usize) -> Self {
        let now = Timestamp::from_second(EPOCH).unwrap();
        Self { timetable: Timetable::new(Turns { total, per_plugin }), now }
    }

    /// Puts in a job that runs each ten seconds, without a start offset.
    fn job(&mut self, name: &str, plugin: &str) -> bool {
        self.job_every(name, plugin, "10s")
    }

    fn job_every(&mut self, name: &str, plugin: &str, every: &str) -> bool {
        let schedule = Schedule::parse_every(every).unwrap();
        let job = Plain { name: name.to_owned(), plugin: PluginName::new(plugin).unwrap(), schedule };
        self.timetable.put(&named(name), Arc::new(job), self.now)
    }

    fn pass(&mut self, seconds: i64) {
        self.now += jiff::SignedDuration::from_secs(seconds);
    }

    /// What begins and what is skipped now.
    fn tick(&mut self) -> (Vec<String>, Vec<(String, SkipReason, u64)>) {
        let skips = self.timetable.take_due(self.now);
        let begun = self.timetable.take_turns(|job, nominal| (job.name.clone(), nominal));
        (begun, skips.into_iter().map(|skip| (skip.job.to_string(), skip.reason, skip.times)).collect())
    }

    fn end(&mut self, name: &str) {
        self.timetable.ended(&named(name), Outcome::Success, self.now);
    }

    fn next(&self, name: &str) -> Timestamp {
        let entries = &self.timetable.jobs;
        entries.get(&named(name)).and_then(Entry::starts_at).unwrap()
    }
}

fn named(name: &str) -> JobName {
    JobName::new(name).unwrap()
}

#[test]
fn a_job_runs_once_for_each_due_time_and_never_before() {
    let mut world = World::new(8, 8);
    world.job("a", "p");
    let mut runs = 0;
    for _ in 0..100 {
        world.pass(1);
        runs += world.tick().0.len();
        world.end("a");
    }
    assert_eq!(runs, 10, "100 s, one due time each 10 s");
    assert_eq!(world.tick().1, []);
}

#[test]
fn a_due_time_during_the_jobs_own_run_is_skipped_and_counted() {
    let mut world = World::new(8, 8);
    world.job("a", "p");
    world.pass(10);
    assert_eq!(world.tick().0, ["a"]);
    world.pass(10);
    assert_eq!(world.tick(), (vec![], vec![("a".to_owned(), SkipReason::Overlap, 1)]));
    world.end("a");
    world.pass(10);
    assert_eq!(world.tick(), (vec!["a".to_owned()], vec![]));
}

#[test]
fn a_due_time_while_the_job_waits_for_its_turn_is_skipped_and_counted() {
    let mut world = World::new(1, 1);
    world.job_every("long", "p", "5s");
    world.job("a", "p");
    world.pass(5);
    assert_eq!(world.tick().0, ["long"]);
    world.pass(5);
    world.tick();
    world.pass(10);
    let (begun, skips) = world.tick();
    assert!(begun.is_empty());
    assert!(skips.contains(&("a".to_owned(), SkipReason::Overlap, 1)), "{skips:?}");
    world.end("long");
    assert_eq!(world.tick().0, ["a"], "what waited gets the turn");
}

#[test]
fn due_times_that_the_host_slept_through_are_counted_and_the_last_one_runs() {
    let mut world = World::new(8, 8);
    world.job("a", "p");
    let first = world.next("a");
    world.now = first + jiff::SignedDuration::from_secs(65);
    assert_eq!(world.tick(), (vec!["a".to_owned()], vec![("a".to_owned(), SkipReason::Late, 6)]));
    let nominal = world.timetable.running(&named("a")).unwrap().run;
    assert_eq!(nominal, first + jiff::SignedDuration::from_secs(60));
    assert_eq!(world.next("a"), first + jiff::SignedDuration::from_secs(70), "back on its grid");
}

#[test]
fn an_outage_of_years_costs_no_walk_over_each_due_time() {
    let mut world = World::new(8, 8);
    world.job_every("a", "p", "1s");
    world.pass(10 * 365 * 86_400);
    let (begun, skips) = world.tick();
    assert_eq!(begun, ["a"]);
    assert!(matches!(skips[..], [(_, SkipReason::Late, times)] if times >= COUNTED_LATE), "{skips:?}");
    assert!(world.next("a") > world.now);
}

#[test]
fn the_limit_of_all_runs_holds_and_the_longest_waiting_goes_first() {
    let mut world = World::new(2, 8);
    for name in ["a", "b", "c", "d"] {
        world.job(name, name);
    }
    world.pass(10);
    assert_eq!(world.tick().0, ["a", "b"]);
    assert_eq!((world.timetable.in_progress(), world.timetable.queued()), (2, 2));
    world.end("b");
    assert_eq!(world.tick().0, ["c"]);
    world.end("a");
    assert_eq!(world.tick().0, ["d"]);
    assert_eq!(world.timetable.queued(), 0);
}

#[test]
fn a_plugin_that_has_all_its_turns_lets_others_pass() {
    let mut world = World::new(8, 1);
    for (name, plugin) in [("a", "busy"), ("b", "busy"), ("c", "other")] {
        world.job(name, plugin);
    }
    world.pass(10);
    assert_eq!(world.tick().0, ["a", "c"]);
    world.end("a");
    assert_eq!(world.tick().0, ["b"]);
}

#[test]
fn an_unchanged_schedule_keeps_its_next_time_and_a_changed_one_doesnt() {
    let mut world = World::new(8, 8);
    assert!(world.job("a", "p"));
    let next = world.next("a");
    world.pass(7);
    assert!(!world.job("a", "another-plugin"));
    assert_eq!(world.next("a"), next);
    assert!(world.job_every("a", "p", "7s"));
    assert_ne!(world.next("a"), next);
    assert_eq!(world.timetable.due.len(), 1, "the old place is gone");
}

#[test]
fn a_removed_job_starts_no_more_and_keeps_its_turn_until_its_run_has_ended() {
    let mut world = World::new(1, 1);
    world.job("a", "p");
    world.job("b", "p");
    world.pass(10);
    assert_eq!(world.tick().0, ["a"]);
    assert!(world.timetable.remove(&named("a")).is_some(), "the caller ends its run");
    assert!(world.tick().0.is_empty(), "its run is not over");
    world.end("a");
    assert_eq!(world.tick().0, ["b"]);
    assert_eq!(world.timetable.entries().count(), 1);
    assert!(world.timetable.remove(&named("b")).is_some());
    world.end("b");
    world.pass(100);
    assert_eq!(world.tick(), (vec![], vec![]));
    assert_eq!(world.timetable.in_progress(), 0);
}

#[test]
fn a_job_that_comes_back_while_its_old_run_goes_waits_for_its_end() {
    let mut world = World::new(8, 8);
    world.job("a", "p");
    world.pass(10);
    world.tick();
    world.timetable.remove(&named("a"));
    world.job("a", "p");
    world.pass(10);
    assert_eq!(world.tick(), (vec![], vec![("a".to_owned(), SkipReason::Overlap, 1)]));
    world.end("a");
    world.pass(10);
    assert_eq!(world.tick().0, ["a"]);
}

#[test]
fn a_drain_gives_no_turn_and_keeps_no_loop_busy() {
    let mut world = World::new(1, 1);
    world.job("a", "p");
    world.job("b", "p");
    world.pass(10);
    assert_eq!(world.tick().0, ["a"]);
    world.timetable.drain();
    world.end("a");
    world.pass(100);
    assert_eq!(world.tick(), (vec![], vec![]));
    assert_eq!(world.timetable.sleep(world.now), LONGEST_SLEEP);
}

#[test]
fn the_sleep_ends_at_the_next_due_time() {
    let mut world = World::new(1, 1);
    assert_eq!(world.timetable.sleep(world.now), LONGEST_SLEEP);
    world.job_every("a", "p", "500ms");
    let left = world.timetable.sleep(world.now);
    assert!(left <= Duration::from_millis(500) && !left.is_zero(), "{left:?}");
}
