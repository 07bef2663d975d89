//! Runs in memory: those going, and as many of those ended as the limits allow. No I/O here.

use std::collections::{BTreeMap, HashMap, VecDeque};

use watchkeeper_model::{JobName, RunEnd, RunId, RunRecord, RunStart};

use crate::{
    LedgerError,
    limits::{RECENT_BYTES, RECENT_PER_JOB, RECENT_RUNS},
};

/// The order in which runs ended.
type Place = u64;

/// All runs that memory holds.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    going: BTreeMap<RunId, RunStart>,
    ended: BTreeMap<Place, RunRecord>,
    of_job: HashMap<JobName, VecDeque<Place>>,
    next: Place,
    bytes: usize,
}

impl Runs {
    pub(crate) fn begin(&mut self, start: RunStart) -> Result<(), LedgerError> {
        match self.going.entry(start.id) {
            std::collections::btree_map::Entry::Occupied(_) => Err(LedgerError::KnownRun(start.id)),
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(start);
                Ok(())
            }
        }
    }

    /// The job of a run that is going.
    pub(crate) fn job(&self, run: RunId) -> Result<JobName, LedgerError> {
        self.going.get(&run).map(|start| start.job.clone()).ok_or(LedgerError::UnknownRun(run))
    }

    pub(crate) fn finish(&mut self, run: RunId, end: RunEnd) -> Result<(), LedgerError> {
        let start = self.going.remove(&run).ok_or(LedgerError::UnknownRun(run))?;
        let place = self.next;
        self.next += 1;
        self.bytes += bytes(&end);
        let places = self.of_job.entry(start.job.clone()).or_default();
        places.push_back(place);
        let oldest = if places.len() > RECENT_PER_JOB { places.pop_front() } else { None };
        self.ended.insert(place, RunRecord { start, end: Some(end) });
        if let Some(record) = oldest.and_then(|place| self.ended.remove(&place)) {
            self.uncount(&record);
        }
        self.trim();
        Ok(())
    }

    pub(crate) fn recent(&self, job: Option<&JobName>, limit: usize) -> Vec<RunRecord> {
        match job {
            None => self.ended.values().rev().take(limit).cloned().collect(),
            Some(job) => {
                let places = self.of_job.get(job).into_iter().flatten().rev();
                places.filter_map(|place| self.ended.get(place)).take(limit).cloned().collect()
            }
        }
    }

    pub(crate) fn running(&self) -> Vec<RunRecord> {
        self.going.values().map(|start| RunRecord { start: start.clone(), end: None }).collect()
    }

    /// Drops the oldest runs until the limits of all jobs together hold.
    fn trim(&mut self) {
        while self.ended.len() > RECENT_RUNS || self.bytes > RECENT_BYTES {
            let Some((_, record)) = self.ended.pop_first() else {
                return;
            };
            self.uncount(&record);
            if let Some(places) = self.of_job.get_mut(&record.start.job) {
                places.pop_front();
                if places.is_empty() {
                    self.of_job.remove(&record.start.job);
                }
            }
        }
    }

    fn uncount(&mut self, record: &RunRecord) {
        self.bytes = self.bytes.saturating_sub(record.end.as_ref().map_or(0, bytes));
    }
}

/// What a plugin can make large in a run's end.
fn bytes(end: &RunEnd) -> usize {
    let fields = |fields: &[(String, String)]| fields.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>();
    let logs: usize = end.logs.iter().map(|line| line.message.len() + fields(&line.fields)).sum();
    end.message.len() + logs
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use watchkeeper_model::{Digest, Outcome, PluginName, Trigger};

    use super::*;

    fn run(runs: &mut Runs, job: &str, number: u32, message: String) {
        let started = Timestamp::from_second(i64::from(number)).unwrap();
        let id = RunId::new(started, u128::from(number));
        let start = RunStart {
            id,
            job: JobName::new(job).unwrap(),
            plugin: PluginName::new("p").unwrap(),
            digest: Digest::new([0; 32]),
            trigger: Trigger::Manual,
            attempt: number,
            started,
        };
        let end = RunEnd {
            finished: started,
            outcome: Outcome::Success,
            message,
            duration: Duration::ZERO,
            cpu: Duration::ZERO,
            peak_memory: 0,
            logs: Vec::new(),
        };
        runs.begin(start).unwrap();
        runs.finish(id, end).unwrap();
    }

    fn attempts(records: &[RunRecord]) -> Vec<u32> {
        records.iter().map(|record| record.start.attempt).collect()
    }

    #[test]
    fn a_busy_job_keeps_its_newest_runs_and_pushes_out_nobody_elses() {
        let mut runs = Runs::default();
        run(&mut runs, "quiet", 0, String::new());
        for number in 1..=50 {
            run(&mut runs, "busy", number, String::new());
        }
        let busy = JobName::new("busy").unwrap();
        assert_eq!(attempts(&runs.recent(Some(&busy), 3)), [50, 49, 48]);
        assert_eq!(runs.recent(Some(&busy), usize::MAX).len(), RECENT_PER_JOB);
        assert_eq!(runs.recent(None, usize::MAX).len(), RECENT_PER_JOB + 1);
        assert_eq!(attempts(&runs.recent(Some(&JobName::new("quiet").unwrap()), 9)), [0]);
    }

    #[test]
    fn large_messages_push_out_the_oldest_runs_of_all_jobs() {
        let mut runs = Runs::default();
        let quarter = RECENT_BYTES / 4;
        for number in 0..6 {
            run(&mut runs, &format!("job-{number}"), number, "x".repeat(quarter));
        }
        assert_eq!(attempts(&runs.recent(None, usize::MAX)), [5, 4, 3, 2]);
        assert_eq!(runs.bytes, RECENT_BYTES);
        assert!(runs.recent(Some(&JobName::new("job-0").unwrap()), 1).is_empty());
        assert_eq!(runs.of_job.len(), 4, "jobs without runs take no memory");
    }
}
