//! What the first page shows of each job's last hours, in memory, so that a look at it costs the store nothing: the last
//! runs, and counts by stretches of time. Filled from the ledger at the start; bounded for each job.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use watchkeeper_ledger::{self as ledger, JobRecord, Pause};
use watchkeeper_model::{JobName, Outcome, RunEnd, RunRecord, RunStart, Skip};
use watchkeeper_web::api::{Bucket, RecentRun, RunSummary};

/// How long a stretch of the timeline is, in seconds.
pub(crate) const BUCKET_SECONDS: u32 = 300;
/// Stretches of the timeline: six hours.
const BUCKETS: i64 = 72;
/// Ended runs of which the duration is shown.
pub(crate) const RUNS: usize = 30;

/// All jobs' last hours.
#[derive(Default)]
pub(crate) struct Recent {
    jobs: Mutex<BTreeMap<JobName, OfJob>>,
}

/// One job's last hours.
#[derive(Default, Clone)]
pub(crate) struct OfJob {
    pub(crate) pause: Option<Pause>,
    pub(crate) last_run: Option<RunSummary>,
    pub(crate) last_success: Option<Timestamp>,
    /// The oldest first.
    pub(crate) runs: VecDeque<RecentRun>,
    /// By the number of the stretch since the epoch.
    buckets: BTreeMap<i64, Bucket>,
}

impl Recent {
    /// The first time of which the timeline tells, if it is `now`.
    pub(crate) fn since(now: Timestamp) -> Timestamp {
        begin(number(now) - BUCKETS + 1)
    }

    /// Takes what the ledger has of a job's last hours: its last runs, the newest first, and its counts.
    pub(crate) fn restore(&self, job: &JobName, runs: &[RunRecord], counts: Vec<ledger::Bucket>) {
        let mut jobs = self.locked();
        let of_job = jobs.entry(job.clone()).or_default();
        for run in runs.iter().rev() {
            if let Some(end) = &run.end {
                of_job.note(&run.start, end);
            }
        }
        for count in counts {
            let bucket = of_job.bucket(count.start);
            for (outcome, times) in count.runs {
                add(bucket, outcome, times);
            }
            for (reason, times) in count.skips {
                *bucket.skips.entry(reason).or_default() += times;
            }
        }
    }

    /// A job is put in, standing where the ledger says.
    pub(crate) fn put(&self, record: &JobRecord) {
        let mut jobs = self.locked();
        let of_job = jobs.entry(record.job.clone()).or_default();
        of_job.pause.clone_from(&record.paused);
        of_job.last_success = record.last_success;
    }

    /// A job is gone.
    pub(crate) fn remove(&self, job: &JobName) {
        self.locked().remove(job);
    }

    /// A job was paused, or resumed.
    pub(crate) fn paused(&self, job: &JobName, pause: Option<Pause>) {
        self.locked().entry(job.clone()).or_default().pause = pause;
    }

    /// A run ended.
    pub(crate) fn ended(&self, start: &RunStart, end: &RunEnd) {
        let mut jobs = self.locked();
        let of_job = jobs.entry(start.job.clone()).or_default();
        of_job.note(start, end);
        if end.outcome == Outcome::Success {
            of_job.last_success = Some(end.finished);
        }
        add(of_job.bucket(end.finished), end.outcome, 1);
        of_job.trim(end.finished);
    }

    /// Due times led to no run. A range counts where it ends.
    pub(crate) fn skipped(&self, skip: &Skip) {
        let mut jobs = self.locked();
        let of_job = jobs.entry(skip.job.clone()).or_default();
        *of_job.bucket(skip.last).skips.entry(skip.reason).or_default() += skip.count;
        of_job.trim(skip.last);
    }

    /// One job's last hours.
    pub(crate) fn of(&self, job: &JobName) -> OfJob {
        self.locked().get(job).cloned().unwrap_or_default()
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<JobName, OfJob>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OfJob {
    /// The timeline up to `now` without a gap, the oldest stretch first. Runs that began at `running` still go.
    pub(crate) fn timeline(&self, now: Timestamp, running: &[Timestamp]) -> Vec<Bucket> {
        let last = number(now);
        (last - BUCKETS + 1..=last)
            .map(|number| {
                let from = begin(number);
                let going = running.iter().filter(|began| **began < begin(number + 1)).count();
                let mut bucket = self.buckets.get(&number).cloned().unwrap_or_else(|| Bucket::empty(from));
                bucket.running = u64::try_from(going).unwrap_or(u64::MAX);
                bucket
            })
            .collect()
    }

    fn note(&mut self, start: &RunStart, end: &RunEnd) {
        let end = RunEnd { logs: Vec::new(), ..end.clone() };
        let summary = RunSummary::of(&RunRecord { start: start.clone(), end: Some(end.clone()) }, None);
        self.runs.push_back(RecentRun {
            id: start.id,
            outcome: end.outcome,
            finished: end.finished,
            duration_seconds: summary.duration_seconds,
        });
        if self.runs.len() > RUNS {
            self.runs.pop_front();
        }
        self.last_run = Some(summary);
    }

    fn bucket(&mut self, time: Timestamp) -> &mut Bucket {
        let number = number(time);
        self.buckets.entry(number).or_insert_with(|| Bucket::empty(begin(number)))
    }

    fn trim(&mut self, now: Timestamp) {
        let first = number(now) - BUCKETS + 1;
        self.buckets = self.buckets.split_off(&first);
    }
}

fn add(bucket: &mut Bucket, outcome: Outcome, times: u64) {
    match outcome {
        Outcome::Success => bucket.successes += times,
        Outcome::Cancelled => bucket.cancelled += times,
        Outcome::Lost => bucket.lost += times,
        _ => bucket.failures += times,
    }
}

fn number(time: Timestamp) -> i64 {
    time.as_second().div_euclid(i64::from(BUCKET_SECONDS))
}

fn begin(number: i64) -> Timestamp {
    Timestamp::from_second(number.saturating_mul(i64::from(BUCKET_SECONDS))).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use watchkeeper_model::SkipReason;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_100 + second).unwrap()
    }

    fn skip(second: i64, reason: SkipReason, count: u64) -> Skip {
        Skip { job: JobName::new("a").unwrap(), generation: 1, reason, first: at(second), last: at(second), count }
    }

    #[test]
    fn the_timeline_has_no_gap_and_forgets_what_is_older_than_six_hours() {
        let recent = Recent::default();
        recent.skipped(&skip(0, SkipReason::Overlap, 3));
        let timeline = recent.of(&JobName::new("a").unwrap()).timeline(at(0), &[]);
        assert_eq!(timeline.len(), 72);
        assert_eq!(timeline.last().unwrap().skipped(), 3);
        assert!(timeline.windows(2).all(|pair| pair[1].from.as_second() - pair[0].from.as_second() == 300));

        recent.skipped(&skip(6 * 3600, SkipReason::Paused, 1));
        let later = recent.of(&JobName::new("a").unwrap());
        assert_eq!(later.timeline(at(6 * 3600), &[]).iter().map(Bucket::skipped).sum::<u64>(), 1);
        assert_eq!(later.buckets.len(), 1, "what is too old takes no memory");
    }
}
