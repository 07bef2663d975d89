//! One run, from its order to its numbers in the scrape: settled when it ends, and exposed once its end is recorded. That
//! it is claimed before, and recorded in between, is the conductor's part.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use watchkeeper_contract::{RunInfo, Settlement, bindings::watchkeeper::plugin::metrics as contract};
use watchkeeper_ledger::{History, Ledger, StateChanges};
use watchkeeper_metrics::{Commit, Sample, Store, Value};
use watchkeeper_model::{Clock, Outcome, RunEnd, RunStart};
use watchkeeper_sandbox::{Ended, RunOrder, Sandbox};

use crate::{
    host_metrics,
    job::{Job, Scheduled},
};

/// What a run needs of the house.
pub struct Rooms {
    /// Where it runs.
    pub sandbox: Arc<Sandbox>,
    /// Where it is recorded.
    pub ledger: Arc<Ledger>,
    /// Where its numbers go.
    pub series: Arc<Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Puts together what a run of `job` is told and may do.
pub fn order(job: &Job, start: &RunStart, now: Timestamp, dry_run: bool, cancel: CancellationToken) -> RunOrder {
    let deadline = now.checked_add(job.spec.timeout).unwrap_or(Timestamp::MAX);
    let families = u32::try_from(job.families.len()).unwrap_or(u32::MAX);
    let mut info =
        RunInfo::new(start.id, start.job.clone(), start.trigger.clone(), Arc::clone(&job.config), deadline, families);
    info.digest = Some(start.digest);
    info.attempt = start.attempt;
    info.dry_run = dry_run;
    RunOrder {
        plugin: Arc::clone(&job.plugin),
        info: Arc::new(info),
        limits: job.limits.clone(),
        timeout: job.spec.timeout,
        grants: job.grants.iter().map(|(_, grant)| grant.begin(&job.spec.name)).collect(),
        cancel,
    }
}

impl Scheduled {
    /// What the sandbox runs for a claimed run that begins now.
    pub fn order(&self, start: &RunStart, now: Timestamp, cancel: CancellationToken) -> RunOrder {
        order(&self.job, start, now, false, cancel)
    }

    /// Which of its runs have a row in the ledger.
    pub(crate) fn history(&self) -> History {
        match self.job.spec.history {
            watchkeeper_config::History::All => History::All,
            watchkeeper_config::History::Failures => History::Failures,
        }
    }
}

/// A run that is over, its effects settled; its end isn't recorded yet.
pub struct Done {
    /// Its end.
    pub end: RunEnd,
    /// What its job is to remember.
    pub state: StateChanges,
    /// What it emitted.
    pub samples: Vec<contract::Sample>,
}

impl Rooms {
    /// Runs to the end, whatever way, and settles.
    pub async fn run(&self, order: RunOrder) -> Done {
        let started = self.clock.now();
        let mut ended = self.sandbox.run(order).await;
        let mut settlement = Settlement::default();
        for grant in std::mem::take(&mut ended.grants) {
            grant.settle(ended.outcome, &mut settlement).await;
        }
        ended.emitted.logs.append(&mut settlement.logs);
        let samples = std::mem::take(&mut ended.emitted.samples);
        Done { end: self.end(started, ended), state: settlement.state, samples }
    }

    /// What the host says of a run goes out always, what the plugin says only if the run succeeded. `also` are further
    /// samples of the host.
    pub fn expose(
        &self,
        start: &RunStart,
        scheduled: &Scheduled,
        end: &RunEnd,
        samples: Vec<contract::Sample>,
        also: Vec<Sample>,
    ) {
        let mut of_host = host_metrics::ended(start, end);
        of_host.extend(also);
        if end.outcome != Outcome::Success {
            self.series.commit_host(&start.job, &of_host);
            return;
        }
        let samples = self::samples(samples);
        let now = Duration::try_from(end.finished.duration_since(Timestamp::UNIX_EPOCH)).unwrap_or_default();
        let tell = |commit: &Commit| {
            of_host.extend(host_metrics::committed(commit.series, &commit.dropped));
            of_host
        };
        self.series.commit_with(&scheduled.declaration, &samples, tell, now);
    }

    fn end(&self, started: Timestamp, ended: Ended) -> RunEnd {
        RunEnd {
            started: Some(started),
            finished: self.clock.now(),
            outcome: ended.outcome,
            message: ended.message,
            duration: ended.duration,
            cpu: ended.cpu,
            peak_memory: ended.peak_memory,
            logs: ended.emitted.logs,
        }
    }
}

/// A run's samples as the metrics store takes them.
pub fn samples(emitted: Vec<contract::Sample>) -> Vec<Sample> {
    let sample = |sample: contract::Sample| {
        let value = match sample.value {
            contract::Value::Set(value) => Value::Set(value),
            contract::Value::Add(value) => Value::Add(value),
            contract::Value::Observe(value) => Value::Observe(value),
        };
        Sample { family: sample.family, labels: sample.labels, value }
    };
    emitted.into_iter().map(sample).collect()
}
