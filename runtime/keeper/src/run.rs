//! One run, from its record in the ledger to its numbers in the scrape. In the ledger before it starts; settled, then
//! in the ledger, then in the metrics when it ends.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use watchkeeper_contract::{RunInfo, Settlement, bindings::watchkeeper::plugin::metrics as contract};
use watchkeeper_ledger::Ledger;
use watchkeeper_metrics::{Commit, Sample, Store, Value};
use watchkeeper_model::{Clock, Outcome, RunEnd, RunId, RunStart, Trigger};
use watchkeeper_sandbox::{Ended, RunOrder, Sandbox};

use crate::{
    host_metrics,
    job::{Job, Scheduled},
    telemetry::Telemetry,
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
pub fn order(
    job: &Job,
    id: RunId,
    trigger: Trigger,
    now: Timestamp,
    dry_run: bool,
    cancel: CancellationToken,
) -> RunOrder {
    let deadline = now.checked_add(job.spec.timeout).unwrap_or(Timestamp::MAX);
    let families = u32::try_from(job.families.len()).unwrap_or(u32::MAX);
    let mut info = RunInfo::new(id, job.spec.name.clone(), trigger, Arc::clone(&job.config), deadline, families);
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
    /// The first attempt of a run at `now`: what the ledger records of it, and what the sandbox runs.
    pub fn begin(&self, trigger: Trigger, now: Timestamp, cancel: CancellationToken) -> (RunStart, RunOrder) {
        let job = &self.job;
        let id = RunId::new(now, fastrand::u128(..));
        let order = order(job, id, trigger.clone(), now, false, cancel);
        let start = RunStart {
            id,
            job: job.spec.name.clone(),
            plugin: job.spec.plugin.clone(),
            digest: job.plugin.component.digest,
            trigger,
            attempt: 1,
            started: now,
        };
        (start, order)
    }
}

impl Rooms {
    /// Runs to the end, whatever way. A run that the ledger doesn't take is not run.
    pub async fn run(&self, start: RunStart, scheduled: &Scheduled, order: RunOrder) -> RunEnd {
        if let Err(error) = self.ledger.begin(start.clone()).await {
            return self.unrecorded(&start, scheduled, &format!("not run: {error}"));
        }
        let mut ended = self.sandbox.run(order).await;
        let mut settlement = Settlement::default();
        for grant in std::mem::take(&mut ended.grants) {
            grant.settle(ended.outcome, &mut settlement).await;
        }
        let samples = std::mem::take(&mut ended.emitted.samples);
        let mut end = self.end(ended);
        if let Err(error) = self.ledger.finish(start.id, end.clone(), settlement.state).await {
            end.outcome = Outcome::Failed;
            end.message = format!("done, but not kept: {error}");
            if let Err(error) = self.ledger.finish(start.id, end.clone(), Vec::new()).await {
                tracing::error!(job = %start.job, run = %start.id, %error, "the ledger lost a run's end");
            }
        }
        self.expose(scheduled, &end, samples);
        Telemetry::run_ended(&start, &end);
        end
    }

    /// What the host says of a run goes out always, what the plugin says only if the run succeeded.
    fn expose(&self, scheduled: &Scheduled, end: &RunEnd, samples: Vec<contract::Sample>) {
        let job = &scheduled.job.spec.name;
        let mut of_host = host_metrics::ended(end);
        if end.outcome != Outcome::Success {
            self.series.commit_host(job, &of_host);
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

    fn end(&self, ended: Ended) -> RunEnd {
        RunEnd {
            finished: self.clock.now(),
            outcome: ended.outcome,
            message: ended.message,
            duration: ended.duration,
            cpu: ended.cpu,
            peak_memory: ended.peak_memory,
            logs: ended.emitted.logs,
        }
    }

    fn unrecorded(&self, start: &RunStart, scheduled: &Scheduled, reason: &str) -> RunEnd {
        let end = RunEnd {
            finished: self.clock.now(),
            outcome: Outcome::Failed,
            message: reason.to_owned(),
            duration: Duration::ZERO,
            cpu: Duration::ZERO,
            peak_memory: 0,
            logs: Vec::new(),
        };
        self.expose(scheduled, &end, Vec::new());
        Telemetry::run_ended(start, &end);
        end
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
