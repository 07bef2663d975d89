//! What the host says of each job, beside what the job's plugin says: the families' names, and the samples of a run's
//! end. Counters exist at zero from the job's first day, so that `rate` sees their first step.

use jiff::Timestamp;
use watchkeeper_config::JobSpec;
use watchkeeper_ledger::JobRecord;
use watchkeeper_metrics::{Dropped, FamilySpec, Kind, Sample, Value};
use watchkeeper_model::{Outcome, RunEnd, RunStart, SkipReason};

use crate::{
    conductor::epoch_seconds,
    shown,
};

const LAST_RUN: u32 = 0;
const LAST_SUCCESS: u32 = 1;
const LAST_DURATION: u32 = 2;
const RUNS: u32 = 3;
const CPU: u32 = 4;
const PEAK_MEMORY: u32 = 5;
const SERIES: u32 = 6;
const DROPPED: u32 = 7;
const SKIPPED: u32 = 8;
const SCHEDULE: u32 = 9;
const NEXT_RUN: u32 = 10;
const PAUSED: u32 = 11;
const FAILURES: u32 = 12;
const DURATION: u32 = 13;
const START_DELAY: u32 = 14;
const PROBES: u32 = 15;

/// Bounds of durations, in seconds: from a probe's to a backup's.
const DURATION_BOUNDS: [f64; 7] = [0.01, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0];
/// Bounds of start delays, in seconds: within the promise of 50 ms, and how far beyond.
const DELAY_BOUNDS: [f64; 6] = [0.01, 0.05, 0.25, 1.0, 10.0, 60.0];

/// The host's families of each job, in the order of the indices above.
pub fn families() -> Vec<FamilySpec> {
    let family = |name: &str, kind, unit: Option<&str>, labels: &[&str], help: &str| FamilySpec {
        name: name.to_owned(),
        kind,
        help: help.to_owned(),
        unit: unit.map(str::to_owned),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        buckets: Vec::new(),
    };
    let seconds = Some("seconds");
    let bytes = Some("bytes");
    vec![
        family(
            "watchkeeper_job_last_run_timestamp_seconds",
            Kind::Gauge,
            seconds,
            &[],
            "When the job's last run ended.",
        ),
        family(
            "watchkeeper_job_last_success_timestamp_seconds",
            Kind::Gauge,
            seconds,
            &[],
            "When the job's last successful run ended.",
        ),
        family("watchkeeper_job_last_duration_seconds", Kind::Gauge, seconds, &[], "How long the job's last run took."),
        family(
            "watchkeeper_job_runs_total",
            Kind::Counter,
            None,
            &["outcome"],
            "Runs of the job that ended, by outcome.",
        ),
        family(
            "watchkeeper_job_cpu_seconds_total",
            Kind::Counter,
            seconds,
            &[],
            "Processor time that the job's runs spent in the sandbox.",
        ),
        family(
            "watchkeeper_job_peak_memory_bytes",
            Kind::Gauge,
            bytes,
            &[],
            "The most memory that the job's last run held.",
        ),
        family("watchkeeper_job_series", Kind::Gauge, None, &[], "Series that the job's plugin exposes."),
        family(
            "watchkeeper_job_samples_dropped_total",
            Kind::Counter,
            None,
            &["reason"],
            "Samples of the job that could not be exposed, by reason.",
        ),
        family(
            "watchkeeper_job_runs_skipped_total",
            Kind::Counter,
            None,
            &["reason"],
            "Due times of the job that led to no run, by reason.",
        ),
        family(
            "watchkeeper_job_schedule_info",
            Kind::Gauge,
            None,
            &["schedule", "time_zone", "overlap", "catch_up"],
            "When the job runs, and what it does about misses and overlaps; the value is 1.",
        ),
        family(
            "watchkeeper_job_next_run_timestamp_seconds",
            Kind::Gauge,
            seconds,
            &[],
            "When the job falls due next by its schedule; NaN while it doesn't.",
        ),
        family("watchkeeper_job_paused", Kind::Gauge, None, &[], "Whether the job is paused (1) or not (0)."),
        family(
            "watchkeeper_job_consecutive_failures",
            Kind::Gauge,
            None,
            &[],
            "Runs of the job that failed since its last success, cancelled ones aside.",
        ),
        histogram("watchkeeper_job_duration_seconds", &DURATION_BOUNDS, "How long the job's runs took."),
        histogram(
            "watchkeeper_job_start_delay_seconds",
            &DELAY_BOUNDS,
            "How long after its due time a run of the job began, first attempts only.",
        ),
        family(
            "watchkeeper_job_probes_total",
            Kind::Counter,
            None,
            &["outcome"],
            "Runs of the job for `/probe` that ended, by outcome.",
        ),
    ]
}

fn histogram(name: &str, bounds: &[f64], help: &str) -> FamilySpec {
    FamilySpec {
        name: name.to_owned(),
        kind: Kind::Histogram,
        help: help.to_owned(),
        unit: Some("seconds".to_owned()),
        labels: Vec::new(),
        buckets: bounds.to_vec(),
    }
}

/// A new job's counters, at zero.
pub(crate) fn created() -> Vec<Sample> {
    let outcomes = Outcome::ALL.into_iter().map(|outcome| add(RUNS, Some(outcome.as_str()), 0.0));
    let skipped = SkipReason::ALL.into_iter().map(|reason| add(SKIPPED, Some(reason.as_str()), 0.0));
    outcomes.chain(skipped).chain(dropped(&Dropped::default(), true)).chain([add(CPU, None, 0.0)]).collect()
}

/// When a job runs, and where it stands.
pub(crate) fn standing(spec: &JobSpec, record: &JobRecord) -> Vec<Sample> {
    let shown = shown::trigger(spec);
    let schedule = shown.as_ref().map(|shown| shown.written.to_string()).unwrap_or_default();
    let time_zone = shown.and_then(|shown| shown.time_zone).map(|zone| zone.to_string()).unwrap_or_default();
    let labels =
        vec![schedule, time_zone, spec.policy.overlap.as_str().to_owned(), spec.policy.catch_up.as_str().to_owned()];
    let mut samples = vec![
        Sample { family: SCHEDULE, labels, value: Value::Set(1.0) },
        paused(record.paused.is_some()),
        failures(record.failures),
    ];
    samples.extend(record.last_success.map(|at| set(LAST_SUCCESS, epoch_seconds(at))));
    samples
}

/// When a job falls due next.
pub(crate) fn next_run(at: Option<Timestamp>) -> Sample {
    set(NEXT_RUN, at.map_or(f64::NAN, epoch_seconds))
}

/// Whether a job is paused.
pub(crate) fn paused(paused: bool) -> Sample {
    set(PAUSED, f64::from(u8::from(paused)))
}

/// Failures since the last success.
pub(crate) fn failures(failures: u32) -> Sample {
    set(FAILURES, f64::from(failures))
}

/// Runs of an earlier process whose end nobody saw.
pub(crate) fn lost(runs: u32) -> Sample {
    add(RUNS, Some(Outcome::Lost.as_str()), f64::from(runs))
}

/// What the end of a run for a probe says of the job.
pub(crate) fn probed(end: &RunEnd) -> Vec<Sample> {
    vec![add(PROBES, Some(end.outcome.as_str()), 1.0), add(CPU, None, end.cpu.as_secs_f64())]
}

/// What a run's end says of the job.
pub(crate) fn ended(start: &RunStart, end: &RunEnd) -> Vec<Sample> {
    let mut samples = vec![
        set(LAST_RUN, epoch_seconds(end.finished)),
        set(LAST_DURATION, end.duration.as_secs_f64()),
        set(PEAK_MEMORY, approximate(end.peak_memory)),
        add(RUNS, Some(end.outcome.as_str()), 1.0),
        add(CPU, None, end.cpu.as_secs_f64()),
    ];
    samples.push(observe(DURATION, end.duration.as_secs_f64()));
    let due = start.trigger.nominal().filter(|_| start.attempt == 1);
    if let (Some(due), Some(started)) = (due, end.started) {
        samples.push(observe(START_DELAY, started.duration_since(due).as_secs_f64().max(0.0)));
    }
    if end.outcome == Outcome::Success {
        samples.push(set(LAST_SUCCESS, epoch_seconds(end.finished)));
    }
    samples
}

/// What a commit did to the job's series.
pub(crate) fn committed(series: usize, lost: &Dropped) -> Vec<Sample> {
    let series = set(SERIES, approximate(series as u64));
    dropped(lost, false).into_iter().chain([series]).collect()
}

/// Due times that led to no run.
pub(crate) fn skipped(reason: SkipReason, times: u64) -> Sample {
    add(SKIPPED, Some(reason.as_str()), approximate(times))
}

fn dropped(lost: &Dropped, with_zeros: bool) -> Vec<Sample> {
    let counted = lost.iter().filter(|(_, count)| with_zeros || *count > 0);
    counted.map(|(reason, count)| add(DROPPED, Some(reason.as_str()), approximate(count))).collect()
}

fn set(family: u32, value: f64) -> Sample {
    Sample { family, labels: Vec::new(), value: Value::Set(value) }
}

fn add(family: u32, label: Option<&str>, value: f64) -> Sample {
    Sample { family, labels: label.map(str::to_owned).into_iter().collect(), value: Value::Add(value) }
}

fn observe(family: u32, value: f64) -> Sample {
    Sample { family, labels: Vec::new(), value: Value::Observe(value) }
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a float; counts below 2^53 are exact")]
fn approximate(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_indices_name_their_families() {
        let names: Vec<String> = families().into_iter().map(|family| family.name).collect();
        for (index, word) in [
            (LAST_RUN, "last_run"),
            (LAST_SUCCESS, "last_success"),
            (LAST_DURATION, "last_duration"),
            (RUNS, "job_runs_total"),
            (CPU, "cpu"),
            (PEAK_MEMORY, "peak_memory"),
            (SERIES, "job_series"),
            (DROPPED, "samples_dropped"),
            (SKIPPED, "runs_skipped"),
            (SCHEDULE, "schedule_info"),
            (NEXT_RUN, "next_run"),
            (PAUSED, "paused"),
            (FAILURES, "consecutive_failures"),
            (DURATION, "job_duration"),
            (START_DELAY, "start_delay"),
            (PROBES, "probes"),
        ] {
            assert!(names[index as usize].contains(word), "{index} {word}");
        }
    }
}
