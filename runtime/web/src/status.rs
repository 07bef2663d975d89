//! The status as data: what `/status` answers as JSON, and what the page shows. Times are RFC 3339 in UTC. Unknown is
//! null, never zero. Texts that plugins, chains or files had a say in lose their control characters on the way out.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use watchkeeper_model::{Digest, JobName, Outcome, PluginName, RunId, RunRecord, Trigger};

use crate::escape;

/// The whole process.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Of the program.
    pub version: String,
    /// When the process began.
    pub started: Timestamp,
    /// As `/-/ready` says.
    pub ready: bool,
    /// Whether it ends: no run begins any more.
    pub draining: bool,
    /// All jobs that run, or would if they could.
    pub jobs: Vec<JobStatus>,
    /// All plugins that are loaded or that a job wants.
    pub plugins: Vec<PluginStatus>,
    /// The last reading of each configuration and plugin file.
    pub files: Vec<FileStatus>,
    /// Runs of all jobs, the latest end first.
    pub recent_runs: Vec<RunSummary>,
}

/// One job.
#[derive(Debug, Clone, Serialize)]
pub struct JobStatus {
    /// Its name.
    pub name: JobName,
    /// The plugin that it runs.
    pub plugin: PluginName,
    /// The plugin's bytes that its next run uses; none while the plugin isn't loaded.
    pub digest: Option<Digest>,
    /// As the operator wrote it: `every 5s`, `*/5 * * * *`.
    #[serde(serialize_with = "clean")]
    pub schedule: String,
    /// When it falls due next; none if it doesn't.
    pub next_run: Option<Timestamp>,
    /// Runs going.
    pub running: usize,
    /// The run that ended last since the process began.
    pub last_run: Option<RunSummary>,
    /// When the last successful run ended.
    pub last_success: Option<Timestamp>,
    /// Ended runs since the process began, by outcome.
    pub runs: BTreeMap<Outcome, u64>,
    /// Why it doesn't run, or runs with an older configuration or plugin than its files say.
    #[serde(serialize_with = "clean_option")]
    pub problem: Option<String>,
}

/// One plugin.
#[derive(Debug, Clone, Serialize)]
pub struct PluginStatus {
    /// Its name.
    pub name: PluginName,
    /// As its schema says; none while it isn't loaded.
    #[serde(serialize_with = "clean_option")]
    pub version: Option<String>,
    /// Its bytes; none while it isn't loaded.
    pub digest: Option<Digest>,
    /// The interfaces that it asks for.
    #[serde(serialize_with = "clean_all")]
    pub imports: Vec<String>,
    /// The jobs that run it.
    pub jobs: Vec<JobName>,
}

/// One file.
#[derive(Debug, Clone, Serialize)]
pub struct FileStatus {
    /// Where it is.
    #[serde(serialize_with = "clean")]
    pub path: String,
    /// Whether what it says now is what runs.
    pub ok: bool,
    /// What is wrong with it.
    #[serde(serialize_with = "clean_option")]
    pub error: Option<String>,
    /// When it was last read without a problem.
    pub loaded_at: Option<Timestamp>,
}

/// A run that ended.
#[derive(Debug, Clone, Serialize)]
pub struct RunSummary {
    /// Its name.
    pub id: RunId,
    /// Whose run.
    pub job: JobName,
    /// What started it.
    pub trigger: Trigger,
    /// 1 for the first try.
    pub attempt: u32,
    /// The bytes that ran.
    pub digest: Digest,
    /// When it began.
    pub started: Timestamp,
    /// When it was over.
    pub finished: Timestamp,
    /// How.
    pub outcome: Outcome,
    /// One line for people.
    #[serde(serialize_with = "clean")]
    pub message: String,
    /// From start to end of the guest.
    #[serde(rename = "duration_seconds", serialize_with = "seconds")]
    pub duration: Duration,
    /// The guest's time on a processor.
    #[serde(rename = "cpu_seconds", serialize_with = "seconds")]
    pub cpu: Duration,
    /// The most that it held in memory.
    #[serde(rename = "peak_memory_bytes")]
    pub peak_memory: u64,
}

impl RunSummary {
    /// A run without its logs; none if it is still going.
    pub fn of(record: &RunRecord) -> Option<Self> {
        let (start, end) = (&record.start, record.end.as_ref()?);
        Some(Self {
            id: start.id,
            job: start.job.clone(),
            trigger: start.trigger.clone(),
            attempt: start.attempt,
            digest: start.digest,
            started: start.started,
            finished: end.finished,
            outcome: end.outcome,
            message: end.message.clone(),
            duration: end.duration,
            cpu: end.cpu,
            peak_memory: end.peak_memory,
        })
    }
}

fn clean<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&escape::clean(text))
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn clean_option<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().map(escape::clean).serialize(serializer)
}

fn clean_all<S: Serializer>(texts: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(texts.iter().map(|text| escape::clean(text)))
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}
