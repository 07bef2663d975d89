//! What is done about a job's due times: the next decision, from its schedule, its policy, where it stands and the time.
//!
//! Pure, and made afresh each time it is asked: nothing is remembered between two decisions but what the caller
//! recorded. Turns, nodes and stores are not known here.

use jiff::Timestamp;
use watchkeeper_model::SkipReason;

use crate::{
    CatchUp, DueRange, Overlap, Policy, Schedule,
    due::{self, just_before},
};

/// Due times that one skip covers at most.
const SKIPPED_AT_ONCE: u64 = 10_000;
/// Missed due times that `catch_up = "all"` makes up for at most.
const CAUGHT_UP: usize = 1_000;
/// Due times that wait for the run before them at most.
const QUEUED: usize = 100;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Each due time up to here has its disposition.
    pub cursor: Timestamp,
    /// Since when somebody could act on due times without a break: the process's start, the end of its last stall, or
    /// the job's resume. What fell due before was missed.
    pub awake_since: Timestamp,
    /// Whether somebody, or too many failures, paused the job.
    pub paused: bool,
    /// How many of the next due times are to be left out.
    pub skip_next: u32,
    /// Runs of the job that go now, whatever started them.
    pub running: usize,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing, until this instant; none: until the standing changes. To be asked again whenever it changes.
    Wait {
        /// When a due time comes that may have to be decided.
        until: Option<Timestamp>,
    },
    /// These due times, the next ones behind the cursor, get no run.
    Skip {
        /// Why.
        reason: SkipReason,
        /// The first due time.
        first: Timestamp,
        /// The last one, to which the cursor moves.
        last: Timestamp,
        /// How many there are, at most 10,000; what is left is the next decision's.
        count: u64,
    },
    /// The next due time behind the cursor gets its run, which moves the cursor to it.
    Run {
        /// The due time.
        nominal: Timestamp,
    },
    /// The job's run is to be cancelled, since the next due time takes its place: it will be a
    /// [`Decision::Run`] once no run goes.
    CancelPrevious,
}

/// The next decision on a job's due times. A due time counts from its start on, [`Schedule::start_offset`] after its
/// nominal time. The caller records the decision, moves the standing by it, and asks again, until it is to wait.
///
/// The first rule that fits is taken:
/// 1. Nothing is due: wait for the next due time.
/// 2. The job is paused: all that is due is skipped, as paused.
/// 3. Due times are to be left out: the next one is skipped.
/// 4. The next one lies in a blackout: it is skipped, with all others in that blackout.
/// 5. The next one was missed: by `catch_up`. Those more than the window older than the waking are skipped as too late,
///    and so are for `none` all, for `latest` all but the latest (which may be one that came since), for `all` those
///    beyond the newest 1,000. Of the others the oldest runs; unless overlap is allowed it waits while a run goes,
///    and cancels none.
/// 6. The next one came since, and a run goes: by `overlap`. `skip`: all are skipped; `queue`: those beyond the newest 100
///    are, the others wait; `cancel-previous`: all but the latest are, for which the run is to be cancelled; `allow`: it
///    runs.
/// 7. The next one came since, and no run goes: with `queue` and `allow` it runs (of more than 100 the older ones are too
///    late), otherwise the latest runs, and those before it are too late.
///
/// No run begins in a blackout: what would run under 5 to 7 waits for its end, and what lies in it isn't counted as
/// later.
///
/// At most 10,000 due times are looked at, or 11,000 of a cron expression where some are kept: a decision is never long.
pub fn decide(schedule: &Schedule, policy: &Policy, standing: &Standing, now: Timestamp) -> Decision {
    let offset = schedule.start_offset();
    let due_by = due::earlier(now, offset);
    match schedule.next(standing.cursor) {
        Some(first) if first <= due_by => {
            let missed_by = due::earlier(standing.awake_since, offset).min(due_by);
            Due { schedule, policy, standing, now, due_by, missed_by, first }.decide()
        }
        next => Decision::Wait { until: next.map(|due| due::later(due, offset)) },
    }
}

/// A job of which something is due.
struct Due<'a> {
    schedule: &'a Schedule,
    policy: &'a Policy,
    standing: &'a Standing,
    now: Timestamp,
    /// The last instant whose due time would have started by now.
    due_by: Timestamp,
    /// The last instant whose due time would have started by the waking.
    missed_by: Timestamp,
    /// The next due time behind the cursor: it has come.
    first: Timestamp,
}

impl Due<'_> {
    fn decide(&self) -> Decision {
        if self.standing.paused {
            self.skip(SkipReason::Paused, self.through(self.due_by))
        } else if self.standing.skip_next > 0 {
            self.skip(SkipReason::SkipNext, None)
        } else if let Some(end) = self.policy.blackout_end(self.first) {
            self.skip(SkipReason::Blackout, self.through(just_before(end).min(self.due_by)))
        } else if self.first <= self.missed_by {
            self.missed()
        } else {
            self.current()
        }
    }

    fn missed(&self) -> Decision {
        let oldest = due::earlier(self.missed_by, self.policy.catch_up_window);
        if self.first < oldest {
            let until = self.open_until(just_before(oldest).min(self.missed_by));
            return self.skip(SkipReason::TooLate, self.through(until));
        }
        let (keep, counted_until) = match self.policy.catch_up {
            CatchUp::None => (0, self.missed_by),
            CatchUp::Latest => (1, self.due_by),
            CatchUp::All => (CAUGHT_UP, self.missed_by),
        };
        if let Some(range) = self.all_but_newest(keep, self.missed_by, counted_until) {
            return self.skip(SkipReason::TooLate, Some(range));
        }
        if self.standing.running == 0 || self.policy.overlap == Overlap::Allow {
            return self.unless_blackout(Decision::Run { nominal: self.first });
        }
        // A later due time makes this one too late, which is to be noticed when it comes; a backlog stays as it is.
        let next = self.schedule.next(self.due_by).filter(|_| self.policy.catch_up == CatchUp::Latest);
        Decision::Wait { until: next.map(|due| due::later(due, self.schedule.start_offset())) }
    }

    fn current(&self) -> Decision {
        let runs = self.standing.running > 0;
        let (keep, reason) = match self.policy.overlap {
            Overlap::Skip if runs => (0, SkipReason::Overlap),
            Overlap::CancelPrevious if runs => (1, SkipReason::Overlap),
            Overlap::Skip | Overlap::CancelPrevious => (1, SkipReason::TooLate),
            Overlap::Queue if runs => (QUEUED, SkipReason::Overlap),
            Overlap::Queue | Overlap::Allow => (QUEUED, SkipReason::TooLate),
        };
        if let Some(range) = self.all_but_newest(keep, self.due_by, self.due_by) {
            return self.skip(reason, Some(range));
        }
        match self.policy.overlap {
            Overlap::CancelPrevious if runs => self.unless_blackout(Decision::CancelPrevious),
            Overlap::Skip | Overlap::Queue if runs => Decision::Wait { until: None },
            _ => self.unless_blackout(Decision::Run { nominal: self.first }),
        }
    }

    fn unless_blackout(&self, decision: Decision) -> Decision {
        match self.policy.blackout_end(self.now) {
            Some(end) => Decision::Wait { until: Some(end) },
            None => decision,
        }
    }

    /// Skips a range that begins with the next due time; without one, that alone.
    fn skip(&self, reason: SkipReason, range: Option<DueRange>) -> Decision {
        let DueRange { first, last, count } =
            range.unwrap_or(DueRange { first: self.first, last: self.first, count: 1 });
        Decision::Skip { reason, first, last, count }
    }

    fn through(&self, until: Timestamp) -> Option<DueRange> {
        self.schedule.count_between(self.standing.cursor, until, SKIPPED_AT_ONCE)
    }

    /// The next due times up to `until`, and before a blackout, that are not among the newest `keep` of those outside
    /// blackouts up to `counted_until`.
    fn all_but_newest(&self, keep: usize, until: Timestamp, counted_until: Timestamp) -> Option<DueRange> {
        let until = self.open_until(until);
        let later = self.count_open(until, counted_until, keep);
        self.schedule.all_but_newest(keep - later, self.standing.cursor, until, SKIPPED_AT_ONCE)
    }

    /// The end of the stretch without blackouts that the next due time lies in, at most `until`.
    fn open_until(&self, until: Timestamp) -> Timestamp {
        self.policy.next_blackout(self.first).map_or(until, |start| just_before(start).min(until))
    }

    /// How many due times in (`after`, `until`] lie in no blackout; counts to `most` at most.
    fn count_open(&self, mut after: Timestamp, until: Timestamp, most: usize) -> usize {
        let mut found = 0;
        while found < most
            && let Some(due) = self.schedule.next(after).filter(|due| *due <= until)
        {
            after = match self.policy.blackout_end(due) {
                Some(end) => just_before(end),
                None => {
                    found += 1;
                    due
                }
            };
        }
        found
    }
}
