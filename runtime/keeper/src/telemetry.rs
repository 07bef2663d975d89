//! What the keeper tells of itself: one function per event emits both its log line and its metric.

use std::time::Duration;

use jiff::Timestamp;
use prometheus::{Gauge, IntCounter, IntCounterVec, IntGauge, Opts, Registry, core::Collector};
use watchkeeper_ledger::{LedgerError, Recovery};
use watchkeeper_model::{LogLevel, LogLine, Outcome, RunEnd, RunStart};
use watchkeeper_web::api::{SelfWatch, Text};

/// What is looked after: the values of the label `invariant`.
const INVARIANTS: [&str; 5] =
    ["disposed_twice", "ledger_refused", "due_time_uncovered", "job_overdue", "run_forgotten"];

/// The process-wide metrics of the keeper, by event.
pub(crate) struct Telemetry {
    reload_successful: IntGauge,
    reload_success_time: Gauge,
    reloads: IntCounterVec,
    in_progress: IntGauge,
    queued: IntGauge,
    last_tick: Gauge,
    ledger_up: IntGauge,
    ledger_size: IntGauge,
    lost: IntCounter,
    violations: IntCounterVec,
    scanned: Gauge,
}

impl Telemetry {
    /// Registers the metrics.
    ///
    /// # Errors
    /// Somebody registered one of the names before.
    pub(crate) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let build = IntGauge::with_opts(
            Opts::new("watchkeeper_build_info", "The program; the value is 1.")
                .const_label("version", env!("CARGO_PKG_VERSION")),
        )?;
        register(registry, &build)?.set(1);
        let gauge = |name: &str, help: &str| register(registry, &IntGauge::new(name, help)?);
        let time = |name: &str, help: &str| register(registry, &Gauge::new(name, help)?);
        let telemetry = Self {
            reload_successful: gauge(
                "watchkeeper_config_last_reload_successful",
                "Whether every file says what runs (1), or something was wrong at the last reload (0).",
            )?,
            reload_success_time: time(
                "watchkeeper_config_last_reload_success_timestamp_seconds",
                "When the files were last found right.",
            )?,
            reloads: register(
                registry,
                &IntCounterVec::new(
                    Opts::new("watchkeeper_file_loads_total", "Files that changed and were read, by kind and result."),
                    &["kind", "result"],
                )?,
            )?,
            in_progress: gauge("watchkeeper_runs_in_progress", "Runs going, those for probes among them.")?,
            queued: gauge("watchkeeper_runs_queued", "Due runs that wait for their turn.")?,
            last_tick: time(
                "watchkeeper_scheduler_last_tick_timestamp_seconds",
                "When the scheduler last looked for due jobs.",
            )?,
            ledger_up: gauge(
                "watchkeeper_ledger_up",
                "Whether the ledger takes writes (1) or not (0): without it nothing runs.",
            )?,
            ledger_size: gauge("watchkeeper_ledger_size_bytes", "What the ledger takes on disk, its log included.")?,
            lost: register(
                registry,
                &IntCounter::new(
                    "watchkeeper_runs_lost_total",
                    "Runs of an earlier process whose end nobody saw, found at the start.",
                )?,
            )?,
            violations: register(
                registry,
                &IntCounterVec::new(
                    Opts::new("watchkeeper_invariant_violations_total", "What must never be and was, by invariant."),
                    &["invariant"],
                )?,
            )?,
            scanned: time("watchkeeper_invariant_scan_timestamp_seconds", "When the invariants were last looked at.")?,
        };
        for invariant in INVARIANTS {
            telemetry.violations.with_label_values(&[invariant]).inc_by(0);
        }
        Ok(telemetry)
    }

    pub(crate) fn reloaded(&self, problems: usize, now: f64) {
        self.reload_successful.set(i64::from(problems == 0));
        if problems == 0 {
            self.reload_success_time.set(now);
        }
    }

    pub(crate) fn file_loaded(&self, kind: &str, path: &std::path::Path, took: Duration) {
        self.reloads.with_label_values(&[kind, "success"]).inc();
        tracing::info!(kind, path = %path.display(), ?took, "loaded");
    }

    pub(crate) fn file_refused(&self, kind: &str, path: &std::path::Path, reason: &str) {
        self.reloads.with_label_values(&[kind, "failure"]).inc();
        let (path, reason) = (Text::from(path.display().to_string()), Text::from(reason));
        tracing::error!(kind, %path, %reason, "refused: the last good version stays");
    }

    pub(crate) fn ticked(&self, now: f64, in_progress: usize, queued: usize) {
        self.last_tick.set(now);
        self.in_progress.set(i64::try_from(in_progress).unwrap_or(i64::MAX));
        self.queued.set(i64::try_from(queued).unwrap_or(i64::MAX));
    }

    pub(crate) fn store_away(&self, error: &LedgerError) {
        self.ledger_up.set(0);
        tracing::error!(%error, "the ledger takes nothing: no run begins until it does");
    }

    pub(crate) fn store_back(&self) {
        self.ledger_up.set(1);
        tracing::info!("the ledger takes writes again");
    }

    pub(crate) fn ledger_size(&self, bytes: u64) {
        self.ledger_size.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn recovered(&self, recovery: &Recovery) {
        self.ledger_up.set(1);
        self.lost.inc_by(u64::try_from(recovery.lost.len()).unwrap_or(u64::MAX));
        for run in &recovery.lost {
            tracing::warn!(job = %run.start.job, run = %run.start.id, claimed = %run.start.claimed, "run lost: the process ended before it did");
        }
    }

    /// What must never be, and is.
    pub(crate) fn violated(&self, invariant: &str, what: &str) {
        self.violations.with_label_values(&[invariant]).inc();
        tracing::error!(invariant, what, "an invariant is violated");
    }

    /// How the process looks after itself, for people.
    pub(crate) fn watch(&self) -> SelfWatch {
        let time = |gauge: &Gauge| Some(gauge.get()).filter(|seconds| *seconds > 0.0).and_then(from_epoch_seconds);
        let counted =
            INVARIANTS.map(|invariant| (invariant.into(), self.violations.with_label_values(&[invariant]).get()));
        SelfWatch {
            last_tick: time(&self.last_tick),
            last_scan: time(&self.scanned),
            violations: counted.into_iter().filter(|(_, count)| *count > 0).collect(),
        }
    }

    pub(crate) fn scanned(&self, now: f64) {
        self.scanned.set(now);
    }

    pub(crate) fn run_ended(start: &RunStart, end: &RunEnd) {
        for line in &end.logs {
            plugin_log(start, line);
        }
        let (job, run, outcome) = (&start.job, start.id, end.outcome);
        match outcome {
            Outcome::Success => {
                tracing::debug!(%job, %run, message = %end.message, took = ?end.duration, "run succeeded")
            }
            Outcome::Cancelled => tracing::info!(%job, %run, reason = %end.message, "run cancelled"),
            _ => tracing::warn!(%job, %run, %outcome, reason = %end.message, took = ?end.duration, "run failed"),
        }
    }
}

fn from_epoch_seconds(seconds: f64) -> Option<Timestamp> {
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    Timestamp::UNIX_EPOCH.checked_add(since).ok()
}

fn plugin_log(start: &RunStart, line: &LogLine) {
    let (job, run, said) = (&start.job, start.id, &line.message);
    let fields = line.fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
    match line.level {
        LogLevel::Trace => tracing::trace!(target: "plugin", %job, %run, %fields, "{said}"),
        LogLevel::Debug => tracing::debug!(target: "plugin", %job, %run, %fields, "{said}"),
        LogLevel::Info => tracing::info!(target: "plugin", %job, %run, %fields, "{said}"),
        LogLevel::Warn => tracing::warn!(target: "plugin", %job, %run, %fields, "{said}"),
        LogLevel::Error => tracing::error!(target: "plugin", %job, %run, %fields, "{said}"),
    }
}

fn register<C: Collector + Clone + 'static>(registry: &Registry, metric: &C) -> prometheus::Result<C> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric.clone())
}
