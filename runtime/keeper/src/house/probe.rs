//! A run for a scrape: `/probe?job=&target=`. Its samples are the answer and go nowhere else; it is counted, and has no row
//! in the ledger, since a scraper asks again whatever became of it. What it would remember is dropped with it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;
use watchkeeper_metrics::{FamilySpec, Kind, Limits, Sample, Store, Value};
use watchkeeper_model::{Outcome, RunEnd, RunId, RunStart, Trigger};
use watchkeeper_web::{
    ProbeRequest, ScrapeResponse,
    api::{Refusal, RefusalKind},
};

use super::{Keeper, scrape};
use crate::{
    job::Job,
    run::{self, Done},
};

/// The host's families of a probe's answer, in the order of the indices below.
const SUCCESS: u32 = 0;
const DURATION: u32 = 1;
/// What is kept of the scraper's time to count and expose the run, or a quarter of it where there is little: one that takes
/// too long is an answer, too.
const MARGIN: Duration = Duration::from_millis(250);

impl Keeper {
    pub(super) async fn probe_job(&self, request: ProbeRequest) -> Result<ScrapeResponse, Refusal> {
        let asked = Instant::now();
        let name = &request.job;
        let unknown = || Refusal::new(RefusalKind::NotFound, format!("there is no job `{name}`"));
        let view = self.conductor.job(name).ok_or_else(unknown)?;
        let scheduled = Arc::clone(&view.scheduled);
        let target = scheduled.job.spec.probe.iter().find(|target| **target == request.target);
        let target = target.cloned().ok_or_else(|| {
            Refusal::new(RefusalKind::Invalid, format!("job `{name}` may not probe this target"))
                .hint("list it in the job's file: `probe = [\"TARGET\"]` under `[grants]`")
        })?;
        let ending = || Refusal::new(RefusalKind::Unavailable, "watchkeeper is ending: no run begins any more");
        let place = Arc::clone(&self.probes).acquire_owned().await.map_err(|_| ending())?;
        if self.conductor.is_draining() {
            return Err(ending());
        }
        let (now, cancel) = (self.clock.now(), CancellationToken::new());
        let id = RunId::new(now, fastrand::u128(..));
        let start = RunStart {
            id,
            job: name.clone(),
            generation: view.place.generation,
            plugin: scheduled.job.spec.plugin.clone(),
            digest: scheduled.job.plugin.component.digest,
            trigger: Trigger::Probe(target),
            attempt: 1,
            first: id,
            claimed: now,
        };
        let timeout = time_for_run(request.scrape.timeout.saturating_sub(asked.elapsed()));
        let run = self.conductor.probe(start, &scheduled, timeout, cancel.clone(), place);
        // A scraper that leaves takes its run along.
        let _leaves = cancel.drop_guard();
        let done = run.await.inspect_err(|error| tracing::error!(job = %name, %error, "a probe ended abruptly"));
        let abruptly = |_| Refusal::new(RefusalKind::Unavailable, "the run ended abruptly; the log says more");
        let Done { end, samples, .. } = done.map_err(abruptly)?;
        let answer = exposition(&scheduled.job, &end, run::samples(samples)).map_err(|reason| {
            tracing::error!(job = %name, reason, "a probe's samples can't be exposed");
            Refusal::new(RefusalKind::Unavailable, "its samples can't be exposed; the log says why")
        })?;
        Ok(scrape(Arc::new(answer), &request.scrape, self.clock.now(), Vec::new()).await)
    }
}

fn time_for_run(left: Duration) -> Duration {
    left.saturating_sub(MARGIN).max(left * 3 / 4)
}

/// A store with one run's samples in it.
fn exposition(job: &Job, end: &RunEnd, samples: Vec<Sample>) -> Result<Store, String> {
    let families = job.to_declare();
    let limits = Limits::default();
    let store = Store::new(limits, self::families()).map_err(|error| error.to_string())?;
    let declared = store.declare(&[families]).map_err(|error| error.to_string())?;
    let success = end.outcome == Outcome::Success;
    let of_host = [set(SUCCESS, f64::from(u8::from(success))), set(DURATION, end.duration.as_secs_f64())];
    let samples = if success { samples } else { Vec::new() };
    for declaration in declared {
        let now = crate::assembly::since_epoch(end.finished);
        store.commit(&declaration, &samples, &of_host, now);
    }
    Ok(store)
}

fn families() -> Vec<FamilySpec> {
    let gauge = |name: &str, unit: Option<&str>, help: &str| FamilySpec {
        name: name.to_owned(),
        kind: Kind::Gauge,
        help: help.to_owned(),
        unit: unit.map(str::to_owned),
        labels: Vec::new(),
        buckets: Vec::new(),
    };
    vec![
        gauge("watchkeeper_probe_success", None, "Whether the run for this target succeeded (1) or not (0)."),
        gauge("watchkeeper_probe_duration_seconds", Some("seconds"), "How long the run for this target took."),
    ]
}

fn set(family: u32, value: f64) -> Sample {
    Sample { family, labels: Vec::new(), value: Value::Set(value) }
}
