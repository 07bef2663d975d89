//! What holds of all decisions, whatever the policy and whatever happens between them: each due time is disposed of
//! exactly once and in order, no run begins in a pause, in a blackout or beside another that forbids it, and no
//! question is answered for ever.

use std::time::Duration;

use jiff::Timestamp;
use proptest::{collection, prelude::*, sample::select};
use watchkeeper_model::SkipReason;
use watchkeeper_schedule::{Blackout, CatchUp, Decision, Overlap, Policy, Schedule, Standing, decide};

/// Monday, 5 January 2026, 00:00 UTC.
const BEGIN: i64 = 1_767_571_200;
/// Seconds after the full hour in which nothing starts, in tests with a blackout.
const BLACKOUT: std::ops::Range<i64> = 1200..1860;
/// More decisions in a row than any state below calls for.
const MANY: usize = 2_500;

/// A job and its caller: what they do with decisions, and what they were told.
struct Job {
    schedule: Schedule,
    policy: Policy,
    standing: Standing,
    now: Timestamp,
    disposed: Vec<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Passes(i64),
    Stalls(i64),
    Restarts(i64),
    SetBack(i64),
    Pauses,
    Resumes,
    SkipsNext,
    RunEnds,
    ManualRunBegins,
}

impl Job {
    fn new(schedule: Schedule, policy: Policy) -> Self {
        let now = Timestamp::from_second(BEGIN).unwrap();
        let standing = Standing { cursor: now, awake_since: now, paused: false, skip_next: 0, running: 0 };
        Self { schedule, policy, standing, now, disposed: Vec::new() }
    }

    fn meets(&mut self, event: Event) {
        let standing = &mut self.standing;
        match event {
            Event::Passes(seconds) => self.now += Duration::from_secs(seconds.unsigned_abs()),
            Event::Stalls(seconds) => {
                self.now += Duration::from_secs(seconds.unsigned_abs());
                standing.awake_since = self.now;
            }
            Event::Restarts(seconds) => {
                self.now += Duration::from_secs(seconds.unsigned_abs());
                standing.awake_since = self.now;
                standing.running = 0;
            }
            Event::SetBack(seconds) => self.now -= Duration::from_secs(seconds.unsigned_abs()),
            Event::Pauses => standing.paused = true,
            Event::Resumes if standing.paused => {
                standing.paused = false;
                standing.awake_since = self.now;
            }
            Event::Resumes => {}
            Event::SkipsNext => standing.skip_next += 1,
            Event::RunEnds => standing.running = standing.running.saturating_sub(1),
            Event::ManualRunBegins if standing.running == 0 => standing.running = 1,
            Event::ManualRunBegins => {}
        }
        self.act();
    }

    /// Asks and does until it is to wait.
    fn act(&mut self) {
        for _ in 0..MANY {
            match decide(&self.schedule, &self.policy, &self.standing, self.now) {
                Decision::Wait { until } => {
                    assert!(until.is_none_or(|until| until > self.now), "waits for what has come");
                    return;
                }
                Decision::Skip { reason, first, last, count } => self.skip(reason, first, last, count),
                Decision::Run { nominal } => self.run(nominal),
                Decision::CancelPrevious => {
                    assert!(self.standing.running > 0 && self.policy.overlap == Overlap::CancelPrevious);
                    assert!(!self.standing.paused && !self.in_blackout(self.now));
                    self.standing.running = 0;
                }
            }
        }
        panic!("decisions without an end at {}: {:?}", self.now, self.standing);
    }

    fn skip(&mut self, reason: SkipReason, first: Timestamp, last: Timestamp, count: u64) {
        let covered = self.disposes(first, last);
        assert_eq!(u64::try_from(covered.len()).unwrap(), count);
        let standing = self.standing;
        assert_eq!(reason == SkipReason::Paused, standing.paused);
        match reason {
            SkipReason::Paused => {}
            SkipReason::SkipNext => {
                assert!(standing.skip_next > 0 && count == 1);
                self.standing.skip_next -= 1;
            }
            SkipReason::Blackout => assert!(covered.iter().all(|due| self.in_blackout(*due))),
            SkipReason::Overlap => assert!(standing.running > 0 && self.policy.overlap != Overlap::Allow),
            SkipReason::TooLate => assert!(!covered.iter().any(|due| self.in_blackout(*due))),
            SkipReason::Rescheduled | SkipReason::Removed => panic!("{reason} is not for `decide` to say"),
        }
    }

    fn run(&mut self, nominal: Timestamp) {
        assert_eq!(self.disposes(nominal, nominal).len(), 1);
        assert!(!self.standing.paused && self.standing.skip_next == 0);
        assert!(!self.in_blackout(nominal) && !self.in_blackout(self.now));
        assert!(self.standing.running == 0 || self.policy.overlap == Overlap::Allow);
        assert!(nominal > self.standing.awake_since || self.policy.catch_up != CatchUp::None);
        self.standing.running += 1;
    }

    /// Moves the cursor over due times that follow it without a gap, and have all come.
    fn disposes(&mut self, first: Timestamp, last: Timestamp) -> Vec<Timestamp> {
        assert!(last <= self.now);
        let covered: Vec<_> = self.naive(self.standing.cursor, last).inspect(|due| assert!(*due >= first)).collect();
        assert_eq!((covered.first(), covered.last()), (Some(&first), Some(&last)));
        self.disposed.extend(&covered);
        self.standing.cursor = last;
        covered
    }

    /// Each due time in (`after`, `until`], found second by second.
    fn naive(&self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
        let period = if matches!(self.schedule, Schedule::Every(_)) { 7 } else { 300 };
        let seconds = after.as_second() + 1..=until.as_second();
        seconds.filter(move |second| second % period == 0).map(|second| Timestamp::from_second(second).unwrap())
    }

    fn in_blackout(&self, instant: Timestamp) -> bool {
        !self.policy.blackouts.is_empty() && BLACKOUT.contains(&(instant.as_second() % 3600))
    }

    /// Lets all runs end until nothing is left to do, then holds what was done against what was due.
    fn ends(mut self) {
        self.meets(Event::Resumes);
        self.meets(Event::Passes(3600));
        for _ in 0..MANY {
            if self.standing.running == 0 && !self.in_blackout(self.now) {
                break;
            }
            self.meets(Event::Passes(if self.in_blackout(self.now) { 60 } else { 0 }));
            self.meets(Event::RunEnds);
        }
        let begin = Timestamp::from_second(BEGIN).unwrap();
        let due: Vec<_> = self.naive(begin, self.now.max(self.standing.cursor)).collect();
        assert_eq!(self.disposed, due);
    }
}

fn schedule(cron: bool) -> Schedule {
    if cron { Schedule::parse_cron("*/5 * * * *", "UTC").unwrap() } else { Schedule::parse_every("7s").unwrap() }
}

fn policy(schedule: &Schedule, catch_up: CatchUp, window: u64, overlap: Overlap, blackout: bool) -> Policy {
    let length = Duration::from_secs((BLACKOUT.end - BLACKOUT.start).unsigned_abs());
    let start = Schedule::parse_cron("20 * * * *", "UTC").unwrap();
    Policy {
        catch_up,
        catch_up_window: Duration::from_secs(window),
        overlap,
        blackouts: blackout.then(|| Blackout::new(start, length).unwrap()).into_iter().collect(),
        ..Policy::for_schedule(schedule)
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => (0..20_i64).prop_map(Event::Passes),
        2 => (0..4000_i64).prop_map(Event::Passes),
        1 => (6..120_i64).prop_map(Event::Stalls),
        1 => (1..20_000_i64).prop_map(Event::Restarts),
        1 => (1..300_i64).prop_map(Event::SetBack),
        1 => Just(Event::Pauses),
        2 => Just(Event::Resumes),
        1 => Just(Event::SkipsNext),
        4 => Just(Event::RunEnds),
        1 => Just(Event::ManualRunBegins),
    ];
    collection::vec(event, 1..40)
}

#[test]
fn every_policy_disposes_of_each_due_time_once_whatever_meets_it() {
    let stories: [&[Event]; 6] = [
        &[Event::Passes(400), Event::RunEnds, Event::Passes(400)],
        &[Event::Restarts(5000), Event::RunEnds, Event::Stalls(60), Event::Passes(30)],
        &[Event::Pauses, Event::Passes(900), Event::SkipsNext, Event::Resumes, Event::Passes(900)],
        &[Event::ManualRunBegins, Event::Stalls(700), Event::Passes(700), Event::RunEnds, Event::SkipsNext],
        &[Event::Passes(1100), Event::Stalls(200), Event::RunEnds, Event::Passes(600), Event::RunEnds],
        &[Event::Passes(310), Event::SetBack(300), Event::Restarts(200), Event::Pauses, Event::Restarts(4000)],
    ];
    for (overlap, catch_up) in Overlap::ALL.into_iter().flat_map(|o| CatchUp::ALL.map(|c| (o, c))) {
        for (cron, blackout) in [(false, false), (false, true), (true, false), (true, true)] {
            for story in stories {
                let schedule = schedule(cron);
                let policy = policy(&schedule, catch_up, 1800, overlap, blackout);
                let mut job = Job::new(schedule, policy);
                story.iter().for_each(|event| job.meets(*event));
                job.ends();
            }
        }
    }
}

proptest! {
    #[test]
    fn any_policy_disposes_of_each_due_time_once_whatever_meets_it(
        catch_up in select(&CatchUp::ALL),
        overlap in select(&Overlap::ALL),
        window in select(&[0_u64, 60, 3600, 86_400]),
        (cron, blackout) in any::<(bool, bool)>(),
        events in events(),
    ) {
        let schedule = schedule(cron);
        let policy = policy(&schedule, catch_up, window, overlap, blackout);
        let mut job = Job::new(schedule, policy);
        for event in events {
            job.meets(event);
        }
        job.ends();
    }
}
