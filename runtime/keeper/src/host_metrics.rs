//! What the host says of each job, beside what the job's plugin says: the families' names, and the samples of a run's
//! end. Counters exist at zero from the job's first day, so that `rate` sees their first step.

use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_metrics::{Dropped, FamilySpec, Kind, Sample, Value};
use watchkeeper_model::{Outcome, RunEnd};

const LAST_RUN: u32 = 0;
const LAST_SUCCESS: u32 = 1;
const LAST_DURATION: u32 = 2;
const RUNS: u32 = 3;
const CPU: u32 = 4;
const PEAK_MEMORY: u32 = 5;
const SERIES: u32 = 6;
const DROPPED: u32 = 7;
const SKIPPED: u32 = 8;

/// Why a due time led to no run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SkipReason {
    /// The job was still running, or waited for its turn.
    Overlap,
    /// The host came to it too late: a later due time had passed as well.
    Late,
}

impl SkipReason {
    pub(crate) const ALL: [Self; 2] = [Self::Overlap, Self::Late];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Overlap => "overlap",
            Self::Late => "late",
        }
    }
}

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
    ]
}

/// A new job's counters, at zero.
pub(crate) fn created() -> Vec<Sample> {
    let outcomes = Outcome::ALL.into_iter().map(|outcome| add(RUNS, Some(outcome.as_str()), 0.0));
    let skipped = SkipReason::ALL.into_iter().map(|reason| add(SKIPPED, Some(reason.as_str()), 0.0));
    outcomes.chain(skipped).chain(dropped(&Dropped::default(), true)).chain([add(CPU, None, 0.0)]).collect()
}

/// What a run's end says of the job.
pub(crate) fn ended(end: &RunEnd) -> Vec<Sample> {
    let mut samples = vec![
        set(LAST_RUN, seconds(end.finished)),
        set(LAST_DURATION, end.duration.as_secs_f64()),
        set(PEAK_MEMORY, approximate(end.peak_memory)),
        add(RUNS, Some(end.outcome.as_str()), 1.0),
        add(CPU, None, end.cpu.as_secs_f64()),
    ];
    if end.outcome == Outcome::Success {
        samples.push(set(LAST_SUCCESS, seconds(end.finished)));
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

fn seconds(time: Timestamp) -> f64 {
    Duration::try_from(time.duration_since(Timestamp::UNIX_EPOCH)).map_or(0.0, |since| since.as_secs_f64())
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
        ] {
            assert!(names[index as usize].contains(word), "{index} {word}");
        }
    }
}
