//! What the command capability says of itself: log lines, metrics, and the line in a run's own log. Labels are the operator's names and
//! the words of [`Exit`], so their number is bounded. Arguments and the environment are never told.

use std::{sync::Arc, time::Instant};

use prometheus::{IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry};
use watchkeeper_contract::clean;
use watchkeeper_ledger::{Process, ProcessId};
use watchkeeper_model::{JobName, LogLevel, LogLine, RunId};

use crate::{CommandError, Ended, Exit, command::Command};

/// The series of all commands. Registered once per process.
#[derive(Debug, Clone)]
pub struct CommandMetrics {
    runs: IntCounterVec,
    running: IntGaugeVec,
    output: IntCounterVec,
}

impl CommandMetrics {
    /// Makes the series and hands them to `registry`.
    ///
    /// # Errors
    /// The registry has them already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            runs: IntCounterVec::new(
                Opts::new("watchkeeper_command_runs_total", "Programs that jobs asked for, by how they ended."),
                &["job_name", "command", "exit"],
            )?,
            running: IntGaugeVec::new(
                Opts::new("watchkeeper_commands_running", "Programs that run now."),
                &["command"],
            )?,
            output: IntCounterVec::new(
                Opts::new("watchkeeper_command_output_bytes_total", "What programs wrote to standard output."),
                &["command"],
            )?,
        };
        registry.register(Box::new(metrics.runs.clone()))?;
        registry.register(Box::new(metrics.running.clone()))?;
        registry.register(Box::new(metrics.output.clone()))?;
        Ok(metrics)
    }

    /// What a command wrote.
    pub(crate) fn output(&self, command: &str) -> IntCounter {
        self.output.with_label_values(&[command])
    }
}

/// Nothing was started, because the plugin may not.
pub(crate) fn denied(job: &JobName, error: &CommandError) {
    tracing::warn!(%job, why = %error, "command denied");
}

/// Nothing was started, because it can't be.
pub(crate) fn not_started(command: &Command, job: &JobName, why: &str) {
    command.house.metrics.runs.with_label_values(&[job.as_str(), &command.name, "not_started"]).inc();
    tracing::warn!(command = command.name, %job, why, "command not started");
}

/// A command's user could change Watchkeeper itself.
pub(crate) fn same_user(command: &str) {
    let hint = "name a user of its own by `user` in `[commands]`, and run watchkeeper as root";
    tracing::warn!(command, hint, "the command runs as watchkeeper's own user, and can read its ledger and keys");
}

/// An earlier process left a program running.
pub(crate) fn left_over(process: &Process) {
    let Process { id, run, job, command, .. } = process;
    tracing::warn!(pid = id.pid, %run, %job, command, "ending a program that an earlier watchkeeper left running");
}

/// A group doesn't end.
pub(crate) fn outlives(group: i32) {
    let hint = "it hangs in the kernel, mostly for a disk or a network file system, or it is another user's";
    tracing::error!(group, hint, "a process group doesn't end although it was killed");
}

/// A process that runs, counted as long as this lives.
pub(crate) struct Going {
    command: Arc<Command>,
    run: RunId,
    pid: i32,
    begun: Instant,
}

impl Going {
    pub(crate) fn begin(command: &Arc<Command>, job: &JobName, run: RunId, id: &ProcessId) -> Self {
        command.house.metrics.running.with_label_values(&[&command.name]).inc();
        tracing::debug!(command = command.name, %job, %run, pid = id.pid, "command started");
        Self { command: Arc::clone(command), run, pid: id.pid, begun: Instant::now() }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.command.house.metrics.running.with_label_values(&[&self.command.name]).dec();
    }
}

/// A process is gone.
pub(crate) struct Over<'a> {
    pub(crate) going: Going,
    pub(crate) job: &'a JobName,
    pub(crate) ended: &'a Ended,
}

impl Over<'_> {
    /// Tells of it; gives the line for the run's log, if it is worth one.
    pub(crate) fn emit(self) -> Option<LogLine> {
        let Self { going, job, ended: Ended { exit, stderr } } = self;
        let Going { command, run, pid, begun } = &going;
        let name = &command.name;
        let elapsed = begun.elapsed();
        command.house.metrics.runs.with_label_values(&[job.as_str(), name, exit.as_str()]).inc();
        tracing::debug!(command = name, %job, %run, pid, ?elapsed, %exit, "command ended");
        let good = *exit == Exit::Code(0);
        if good && stderr.is_empty() {
            return None;
        }
        let level = if good { LogLevel::Info } else { LogLevel::Warn };
        let said = if stderr.is_empty() { String::new() } else { format!(": {stderr}") };
        let message = clean(&format!("command `{name}` {exit}{said}"), 16_384);
        Some(LogLine { level, message, fields: vec![("command".to_owned(), name.clone())] })
    }
}
