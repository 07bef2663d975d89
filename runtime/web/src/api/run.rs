//! Runs: what became of each.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use watchkeeper_model::{Digest, JobName, Outcome, PluginName, RunId, RunRecord, Trigger};

use super::{Limit, LogLine, PaymentSummary, ProgressInfo, Text, words};

/// One run, still going where `finished` is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunSummary {
    /// Its name.
    #[schema(value_type = words::RunId)]
    pub id: RunId,
    /// Whose run.
    #[schema(value_type = words::JobName)]
    pub job: JobName,
    /// Which of the job's schedules was in force.
    pub generation: u64,
    /// The plugin that ran.
    #[schema(value_type = words::PluginName)]
    pub plugin: PluginName,
    /// Its bytes.
    #[schema(value_type = words::Digest)]
    pub digest: Digest,
    /// What started it.
    pub trigger: RunTrigger,
    /// 1 for the first try.
    pub attempt: u32,
    /// The run of the first try: itself, where this is it.
    #[schema(value_type = words::RunId)]
    pub first: RunId,
    /// When it was decided.
    pub claimed: Timestamp,
    /// When its instance began; none where it hasn't yet, never did, or nobody knows.
    pub started: Option<Timestamp>,
    /// When it was over; of a lost run when that was noticed.
    pub finished: Option<Timestamp>,
    /// How it ended.
    #[schema(value_type = Option<words::Outcome>)]
    pub outcome: Option<Outcome>,
    /// One line for people.
    pub message: Option<Text>,
    /// From the nominal time, or else the claim, to the start.
    pub start_delay_seconds: Option<f64>,
    /// From start to end of the guest.
    pub duration_seconds: Option<f64>,
    /// The guest's time on a processor.
    pub cpu_seconds: Option<f64>,
    /// The most that it held in memory.
    pub peak_memory_bytes: Option<u64>,
    /// When it is tried again; none if it isn't, or was already.
    pub retry_at: Option<Timestamp>,
    /// How far it is; none where it is over, or nothing was said of it.
    pub progress: Option<ProgressInfo>,
}

impl RunSummary {
    /// A run without its logs, and without how far it is.
    pub fn of(record: &RunRecord, retry_at: Option<Timestamp>) -> Self {
        let start = &record.start;
        // A lost run cost what nobody knows.
        let known = record.end.as_ref().filter(|end| end.outcome != Outcome::Lost);
        let started = record.end.as_ref().and_then(|end| end.started);
        let asked = start.trigger.nominal().unwrap_or(start.claimed);
        Self {
            id: start.id,
            job: start.job.clone(),
            generation: start.generation,
            plugin: start.plugin.clone(),
            digest: start.digest,
            trigger: RunTrigger::from(&start.trigger),
            attempt: start.attempt,
            first: start.first,
            claimed: start.claimed,
            started,
            finished: record.end.as_ref().map(|end| end.finished),
            outcome: record.end.as_ref().map(|end| end.outcome),
            message: record.end.as_ref().map(|end| end.message.as_str().into()),
            start_delay_seconds: started.map(|started| started.duration_since(asked).as_secs_f64()),
            duration_seconds: known.map(|end| end.duration.as_secs_f64()),
            cpu_seconds: known.map(|end| end.cpu.as_secs_f64()),
            peak_memory_bytes: known.map(|end| end.peak_memory),
            retry_at,
            progress: None,
        }
    }
}

/// What started a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RunTrigger {
    /// A schedule.
    Schedule {
        /// The due time that the run is for.
        nominal: Timestamp,
    },
    /// A person.
    Manual {
        /// Who asked.
        by: Text,
    },
    /// A scrape of `/probe`.
    Probe {
        /// What it was about.
        target: Text,
    },
    /// A chain has a new head.
    Head {
        /// The chain.
        chain: Text,
        /// The head's number.
        number: u64,
        /// The head's hash.
        hash: Text,
        /// The number of the head that the job ran for before; null for its first.
        previous: Option<u64>,
    },
}

impl From<&Trigger> for RunTrigger {
    fn from(trigger: &Trigger) -> Self {
        match trigger {
            Trigger::Schedule(nominal) => Self::Schedule { nominal: *nominal },
            Trigger::Manual(by) => Self::Manual { by: by.as_str().into() },
            Trigger::Probe(target) => Self::Probe { target: target.as_str().into() },
            Trigger::Head { chain, head, previous } => Self::Head {
                chain: chain.as_str().into(),
                number: head.number,
                hash: head.hash.to_string().into(),
                previous: *previous,
            },
        }
    }
}

/// The kinds of [`RunTrigger`] that have a row in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    /// A schedule.
    Schedule,
    /// A person.
    Manual,
    /// A chain's new head.
    Head,
}

/// Everything about one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunDetail {
    /// The same as in lists.
    pub run: RunSummary,
    /// When this was put together.
    pub now: Timestamp,
    /// The version of the plugin's bytes that ran; none where they aren't loaded any more.
    pub plugin_version: Option<Text>,
    /// Every try of the same due time or wish, this one included, the first one first.
    pub attempts: Vec<RunSummary>,
    /// The payments that it asked for, the newest first. One that an earlier run had asked for by the same key is that run's.
    pub payments: Vec<PaymentSummary>,
    /// What it said, within the log limits; empty while it runs.
    pub logs: Vec<LogLine>,
}

/// Which runs to list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunQuery {
    /// Of this job only.
    #[param(value_type = Option<words::JobName>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobName>,
    /// With this outcome only.
    #[param(value_type = Option<words::Outcome>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Started by this only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerKind>,
    /// Claimed at or after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Timestamp>,
    /// Claimed before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
    /// The most runs of one page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// The page that begins where another one says `next`.
    #[param(value_type = Option<words::RunId>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<RunId>,
}

/// Some runs, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<RunSummary>,
    /// The `page` to ask for next: that of the runs older than this one. None at the end.
    #[schema(value_type = Option<words::RunId>)]
    pub next: Option<RunId>,
}
