//! The oracle can fail: a right history passes, and one that breaks a promise is called by its name.

use std::sync::Arc;

use jiff::Timestamp;
use watchkeeper_ledger::JobRecord;
use watchkeeper_model::{Digest, JobName, Outcome, PluginName, RunId, RunStart, Skip, SkipReason, Trigger};
use watchkeeper_schedule::{CatchUp, Overlap};
use watchkeeper_simulation::{
    history::{Fact, History, Kept, Line, Moment},
    oracle::{Promise, judge},
    rules::Rules,
    times::Times,
};

/// A history that is told line by line: one job, due each ten seconds, one keeper.
struct Told {
    history: History,
    rules: Rules,
    at: i64,
}

impl Told {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// With other rules.
    fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let mut rules = Rules {
            name: JobName::new("a").unwrap(),
            plugin: PluginName::new("p").unwrap(),
            times: Times::Every { period: 10_000, offset: 0 },
            start_offset: 0,
            catch_up: CatchUp::All,
            window: 60_000,
            overlap: Overlap::Skip,
            attempts: 2,
            backoff: 1000,
            max_backoff: 1000,
            idempotent: false,
            pause_after: None,
            blackout: None,
            failures_only: false,
        };
        change(&mut rules);
        let history = History { turns: (1, 1), ..History::default() };
        let mut told = Self { history, rules, at: 0 };
        told.tell(Fact::Started { keeper: 1 });
        told.tell(Fact::Generation { rules: Arc::new(told.rules.clone()), number: 1, began: 0 });
        told
    }

    fn moment(&self) -> Moment {
        Moment { at: self.at, clock: self.at, line: self.history.lines.len() }
    }

    fn tell(&mut self, fact: Fact) -> &mut Self {
        let at = self.moment();
        self.history.lines.push(Line { at, fact });
        self
    }

    fn at(&mut self, second: i64) -> &mut Self {
        self.at = second * 1000;
        self
    }

    fn start(&self, id: u128, second: i64) -> RunStart {
        RunStart {
            id: RunId::from_bits(id),
            job: self.rules.name.clone(),
            generation: 1,
            plugin: self.rules.plugin.clone(),
            digest: Digest::new([0; 32]),
            trigger: Trigger::Schedule(time(second)),
            attempt: 1,
            first: RunId::from_bits(id),
            claimed: Timestamp::from_millisecond(self.at).unwrap(),
        }
    }

    fn claim(&mut self, run: RunStart) -> &mut Self {
        let decided = self.moment();
        self.tell(Fact::Claimed { keeper: 1, run, rules: Arc::new(self.rules.clone()), decided })
    }

    /// A run of a due time, claimed when it is due.
    fn claims(&mut self, id: u128, second: i64) -> &mut Self {
        self.at = self.at.max(second * 1000);
        let run = self.start(id, second);
        self.claim(run)
    }

    fn begins(&mut self, id: u128) -> &mut Self {
        self.tell(Fact::Began { keeper: 1, run: RunId::from_bits(id) })
    }

    fn ends(&mut self, id: u128, outcome: Outcome) -> &mut Self {
        let run = RunId::from_bits(id);
        let finished = self.at;
        self.tell(Fact::Over { run, outcome });
        self.tell(Fact::Finished { run, outcome, finished, retry_at: None, pause: false });
        self.tell(Fact::Settled { run })
    }

    fn runs(&mut self, id: u128, second: i64) -> &mut Self {
        self.claims(id, second).begins(id).ends(id, Outcome::Success)
    }

    fn skips(&mut self, reason: SkipReason, first: i64, last: i64, count: u64) -> &mut Self {
        let skip =
            Skip { job: self.rules.name.clone(), generation: 1, reason, first: time(first), last: time(last), count };
        let decided = self.moment();
        self.tell(Fact::Skipped { keeper: 1, skip, decided })
    }

    /// The end, and what the ledger holds.
    fn closes(&mut self, cursor: i64, runs: u64, skips: u64) -> &mut Self {
        let job = JobRecord {
            job: self.rules.name.clone(),
            generation: 1,
            schedule: String::new(),
            began: time(0),
            cursor: time(cursor),
            head: None,
            retired: None,
            paused: None,
            skip_next: 0,
            failures: 0,
            last_success: None,
            runs,
            skips,
        };
        self.history.retained = true;
        self.history.ledger = vec![Kept { job, runs: Vec::new(), skips: None }];
        self.history.end = Some(self.moment());
        self
    }

    fn breaks(&self, promise: Promise) {
        let broken = judge(&self.history).unwrap_err();
        assert_eq!(broken.promise, promise, "{broken}");
    }

    fn keeps_all(&self) {
        judge(&self.history).unwrap();
    }
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn a_right_history_breaks_nothing() {
    let mut told = Told::new();
    told.runs(1, 10).claims(2, 20).begins(2).at(30).skips(SkipReason::Overlap, 30, 30, 1).at(35);
    told.ends(2, Outcome::Unavailable).at(37);
    let again = RunStart { id: RunId::from_bits(3), attempt: 2, first: RunId::from_bits(2), ..told.start(3, 20) };
    told.claim(again).begins(3).ends(3, Outcome::Success).runs(4, 40).at(42).closes(40, 3, 1);
    told.keeps_all();
}

#[test]
fn a_due_time_with_two_dispositions_is_found() {
    Told::new().runs(1, 10).runs(2, 10).breaks(Promise::Once);
    Told::new().runs(1, 10).runs(1, 20).breaks(Promise::Once);
    Told::new().runs(1, 10).at(20).skips(SkipReason::TooLate, 10, 20, 2).breaks(Promise::Once);
    Told::new().claims(1, 10).begins(1).begins(1).breaks(Promise::Once);
}

#[test]
fn a_due_time_without_a_disposition_is_found() {
    Told::new().runs(1, 20).breaks(Promise::NoMiss);
    Told::new().at(40).skips(SkipReason::TooLate, 10, 30, 2).breaks(Promise::NoMiss);
    let job = JobName::new("a").unwrap();
    Told::new().runs(1, 10).at(25).tell(Fact::Retired { job, at: 25_000 }).breaks(Promise::NoMiss);
    let rules = Arc::new(Told::new().rules);
    Told::new().at(25).tell(Fact::Generation { rules, number: 2, began: 25_000 }).breaks(Promise::NoMiss);
}

#[test]
fn a_disposition_of_what_is_not_due_is_found() {
    Told::new().runs(1, 11).breaks(Promise::Due);
    Told::new().at(30).skips(SkipReason::TooLate, 10, 21, 2).breaks(Promise::Due);
}

#[test]
fn runs_beside_each_other_are_found_unless_they_may() {
    let overlap = |overlap| {
        let mut told = Told::with(|rules| rules.overlap = overlap);
        told.history.turns = (2, 2);
        told.claims(1, 10).begins(1).claims(2, 20).begins(2);
        told
    };
    for policy in [Overlap::Skip, Overlap::Queue, Overlap::CancelPrevious] {
        overlap(policy).breaks(Promise::NoOverlap);
    }
    overlap(Overlap::Allow).keeps_all();
}

#[test]
fn more_runs_than_may_go_at_once_are_found() {
    let mut told = Told::with(|rules| rules.overlap = Overlap::Allow);
    told.claims(1, 10).begins(1).claims(2, 20).begins(2).breaks(Promise::Turns);
}

#[test]
fn a_run_that_the_ledger_doesnt_have_is_found() {
    Told::new().begins(1).breaks(Promise::Recorded);
    let (run, outcome) = (RunId::from_bits(1), Outcome::Failed);
    let finished = Fact::Finished { run, outcome, finished: 0, retry_at: None, pause: false };
    Told::new().claims(1, 10).begins(1).tell(finished).breaks(Promise::Recorded);
}

#[test]
fn a_lost_run_that_goes_or_that_nobody_calls_lost_is_found() {
    let lost = || Fact::Lost { run: RunId::from_bits(1), finished: 11_000 };
    Told::new().claims(1, 10).begins(1).tell(lost()).breaks(Promise::Lost);
    let gone = Fact::Gone { keeper: 1 };
    Told::new().claims(1, 10).begins(1).tell(gone.clone()).at(12).closes(10, 1, 0).breaks(Promise::Lost);
    Told::new().claims(1, 10).begins(1).tell(gone).tell(lost()).keeps_all();
}

#[test]
fn a_try_that_may_not_be_or_comes_too_early_or_never_is_found() {
    let again = |outcome, second, idempotent| {
        let mut told = Told::with(|rules| rules.idempotent = idempotent);
        told.claims(1, 10).begins(1).ends(1, outcome).at(second);
        let again = RunStart { id: RunId::from_bits(2), attempt: 2, first: RunId::from_bits(1), ..told.start(2, 10) };
        told.claim(again);
        told
    };
    again(Outcome::Unavailable, 12, false).keeps_all();
    again(Outcome::Unavailable, 10, false).breaks(Promise::Tries);
    again(Outcome::Failed, 12, true).breaks(Promise::Tries);
    again(Outcome::Timeout, 12, false).breaks(Promise::Tries);
    again(Outcome::Timeout, 12, true).keeps_all();
    let twice =
        RunStart { id: RunId::from_bits(3), attempt: 2, first: RunId::from_bits(1), ..Told::new().start(3, 10) };
    again(Outcome::Unavailable, 12, false).claim(twice).breaks(Promise::Once);

    let mut never = Told::with(|rules| rules.times = Times::Every { period: 100_000, offset: 0 });
    never.claims(1, 100).begins(1).ends(1, Outcome::Unavailable).at(130).closes(100, 1, 0);
    never.history.ledger[0].job.failures = 1;
    never.breaks(Promise::Tries);
}

#[test]
fn a_run_of_a_paused_job_is_found() {
    let job = || JobName::new("a").unwrap();
    Told::new().tell(Fact::Paused { job: job() }).runs(1, 10).breaks(Promise::Pause);
    Told::new().tell(Fact::Paused { job: job() }).tell(Fact::Resumed { job: job() }).runs(1, 10).keeps_all();
}

#[test]
fn a_run_in_a_blackout_is_found() {
    let mut told = Told::with(|rules| rules.blackout = Some(60_000));
    told.at(10).claims(1, 10).breaks(Promise::Blackout);
}

#[test]
fn a_skip_for_a_reason_that_there_is_not_is_found() {
    let reasons = SkipReason::ALL.into_iter().filter(|reason| *reason != SkipReason::TooLate);
    for reason in reasons {
        Told::new().at(10).skips(reason, 10, 10, 1).breaks(Promise::Reason);
    }
    Told::new().at(10).skips(SkipReason::TooLate, 10, 10, 1).breaks(Promise::Reason);
    Told::new().at(20).skips(SkipReason::TooLate, 10, 10, 1).keeps_all();
}

#[test]
fn a_missed_due_time_that_should_not_run_is_found() {
    let missed = |catch_up| {
        let mut told = Told::with(|rules| rules.catch_up = catch_up);
        told.at(15).tell(Fact::Gone { keeper: 1 }).at(85);
        told.tell(Fact::Started { keeper: 2 });
        let run = told.start(1, 10);
        let decided = told.moment();
        told.tell(Fact::Claimed { keeper: 2, run, rules: Arc::new(told.rules.clone()), decided });
        told
    };
    missed(CatchUp::None).breaks(Promise::CatchUp);
    missed(CatchUp::All).breaks(Promise::CatchUp);
}

#[test]
fn what_a_job_does_after_it_is_gone_is_found() {
    let job = JobName::new("a").unwrap();
    Told::new().tell(Fact::Retired { job, at: 0 }).runs(1, 10).breaks(Promise::Gone);
}

#[test]
fn counts_that_differ_are_found() {
    Told::new().runs(1, 10).closes(10, 2, 0).breaks(Promise::Counts);
    Told::new().runs(1, 10).closes(10, 1, 1).breaks(Promise::Counts);
    Told::new().runs(1, 10).closes(20, 1, 0).breaks(Promise::Counts);
}

#[test]
fn a_due_time_that_waits_in_the_end_is_found() {
    Told::new().runs(1, 10).at(24).closes(10, 1, 0).breaks(Promise::Behind);
    Told::new().runs(1, 10).at(22).closes(10, 1, 0).keeps_all();
}

#[test]
fn a_refusal_of_the_only_keeper_is_found() {
    let refused = || Fact::Refused { keeper: 1, why: String::new() };
    Told::new().tell(refused()).breaks(Promise::Refused);
    Told::new().tell(Fact::Started { keeper: 2 }).tell(refused()).keeps_all();
}
