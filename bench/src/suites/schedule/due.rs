//! Jobs without a plugin behind their name: all that timetable and ledger see of one.

use std::{path::Path, time::Duration};

use anyhow::{Result, anyhow};
use jiff::Timestamp;
use watchkeeper_ledger::{Entry, Ledger, NodeStart};
use watchkeeper_model::{Digest, JobName, Outcome, PluginName, RunEnd, RunId, RunStart, Trigger};
use watchkeeper_schedule::{
    HeadTrigger, Policy, Schedule,
    timetable::{Place, Timed},
};

/// A full hour, long ago: no figure depends on the day.
pub(super) const HOUR: Timestamp = Timestamp::constant(1_700_002_800, 0);

/// A job of a timetable.
pub(super) struct Due {
    plugin: PluginName,
    schedule: Schedule,
    policy: Policy,
}

impl Due {
    /// A job with the default policy.
    ///
    /// # Errors
    /// None that a caller could see.
    pub(super) fn new(schedule: Schedule) -> Result<Self> {
        let policy = Policy::for_schedule(&schedule);
        Ok(Self { plugin: PluginName::new("bench")?, schedule, policy })
    }

    /// The same for another job: an interval's due times are spread by the name.
    pub(super) fn of(&self, job: &JobName) -> Self {
        Self {
            plugin: self.plugin.clone(),
            schedule: self.schedule.clone().spread(job, Duration::ZERO),
            policy: self.policy.clone(),
        }
    }
}

impl Timed for Due {
    fn plugin(&self) -> &PluginName {
        &self.plugin
    }

    fn digest(&self) -> Digest {
        Digest::new([7; 32])
    }

    fn schedule(&self) -> Option<&Schedule> {
        Some(&self.schedule)
    }

    fn heads(&self) -> Option<&HeadTrigger> {
        None
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }
}

/// So many names.
///
/// # Errors
/// None that a caller could see.
pub(super) fn names(count: usize) -> Result<Vec<JobName>> {
    (0..count).map(|number| Ok(JobName::new(&format!("job-{number:06}"))?)).collect()
}

/// Where a job stands whose due times up to here have their disposition.
pub(super) fn standing_at(cursor: Timestamp) -> Place {
    Place { generation: 1, cursor, head: None, skip_next: 0, failures: 0, paused: false }
}

/// A ledger on a disk.
///
/// # Errors
/// The ledger's.
pub(super) fn ledger_in(folder: &Path) -> Result<Ledger> {
    let node = NodeStart { host: "bench".to_owned(), version: String::new(), started: HOUR };
    Ok(Ledger::open(&folder.join("watchkeeper.db"), &node)?)
}

/// Makes jobs known to a ledger, standing at an instant.
///
/// # Errors
/// The ledger's.
pub(super) async fn begin(ledger: &Ledger, jobs: &[JobName], cursor: Timestamp) -> Result<()> {
    let generation = |job: &JobName| Entry::Generation {
        job: job.clone(),
        schedule: "every/1 1h".to_owned(),
        began: cursor,
        after: None,
    };
    let recorded = ledger.record(jobs.iter().map(generation).collect()).await;
    recorded.into_iter().collect::<Result<(), _>>().map_err(|error| anyhow!("a job is refused: {error}"))
}

/// A job's run for a due time.
pub(super) fn start(job: &JobName, plugin: &PluginName, nominal: Timestamp) -> RunStart {
    let id = RunId::new(nominal, fastrand::u128(..));
    RunStart {
        id,
        job: job.clone(),
        generation: 1,
        plugin: plugin.clone(),
        digest: Digest::new([7; 32]),
        trigger: Trigger::Schedule(nominal),
        attempt: 1,
        first: id,
        claimed: nominal,
    }
}

/// The end of such a run.
pub(super) fn end(nominal: Timestamp) -> RunEnd {
    RunEnd {
        started: Some(nominal),
        finished: nominal,
        outcome: Outcome::Success,
        message: "height 4660".to_owned(),
        duration: Duration::from_millis(3),
        cpu: Duration::from_micros(300),
        peak_memory: 1 << 20,
        logs: Vec::new(),
    }
}
