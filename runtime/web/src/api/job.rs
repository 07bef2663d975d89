//! Jobs: how they are, and what they are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchkeeper_model::{Digest, JobName, Outcome, PluginName, RunId, Skip, SkipReason};

use super::{Bucket, Power, RunSummary, Text, words};

/// One job at one glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobOverview {
    /// Its name.
    #[schema(value_type = words::JobName)]
    pub name: JobName,
    /// The plugin that it runs; none where its file was never readable.
    #[schema(value_type = Option<words::PluginName>)]
    pub plugin: Option<PluginName>,
    /// How it is.
    pub state: JobState,
    /// Why it doesn't run, or runs with an older configuration or plugin than its files say.
    pub problem: Option<Text>,
    /// When it runs; none for a job without a schedule, or whose file was never readable.
    pub schedule: Option<ScheduleInfo>,
    /// When it falls due next; none if it doesn't.
    pub next_run: Option<Timestamp>,
    /// Runs that are going, the oldest first.
    #[schema(value_type = Vec<words::RunId>)]
    pub running: Vec<RunId>,
    /// Runs that wait for their turn.
    pub queued: u64,
    /// The run that ended last.
    pub last_run: Option<RunSummary>,
    /// When the last successful run ended.
    pub last_success: Option<Timestamp>,
    /// Of the recent runs, cancelled ones aside, the part that ended well: 0 to 1; none where there is none.
    pub success_rate: Option<f64>,
    /// Its last ended runs, 30 at most, the oldest first.
    pub recent: Vec<RecentRun>,
    /// Ended runs in a row that failed, the last one included.
    pub consecutive_failures: u32,
    /// Who stopped it for now; none if nobody did.
    pub pause: Option<Pause>,
    /// How many of its next due times are to be left out.
    pub skip_next: u32,
    /// The last hours in equal stretches without a gap, the oldest first.
    pub timeline: Vec<Bucket>,
}

/// How a job is. Where several hold, the first of this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Its file or plugin is wrong: it doesn't run, or runs with what was right before.
    Broken,
    /// Its last run ended badly.
    Failing,
    /// Somebody stopped it for now.
    Paused,
    /// A run of it is going.
    Running,
    /// A run of it waits for its turn, or it hasn't run yet.
    Waiting,
    /// Its last run ended well.
    Ok,
}

impl JobOverview {
    /// What [`JobOverview::state`] has to be, by the other fields.
    pub fn judge(&self) -> JobState {
        match self {
            Self { problem: Some(_), .. } => JobState::Broken,
            Self { consecutive_failures: 1.., .. } => JobState::Failing,
            Self { pause: Some(_), .. } => JobState::Paused,
            Self { running, .. } if !running.is_empty() => JobState::Running,
            Self { queued: 1.., .. } | Self { last_run: None, .. } => JobState::Waiting,
            Self { .. } => JobState::Ok,
        }
    }

    /// Whether any version of its file is in force. Where none ever was, it has no powers, no rules and no due times that
    /// anybody knows of, and nothing can be asked of it.
    pub fn is_in_force(&self) -> bool {
        self.plugin.is_some()
    }

    /// What [`JobOverview::success_rate`] has to be.
    pub fn rate(recent: &[RecentRun]) -> Option<f64> {
        let judged = recent.iter().filter(|run| run.outcome != Outcome::Cancelled);
        let (all, good) = judged
            .fold((0_u32, 0_u32), |(all, good), run| (all + 1, good + u32::from(run.outcome == Outcome::Success)));
        (all > 0).then(|| f64::from(good) / f64::from(all))
    }
}

/// When a job runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleInfo {
    /// As the operator wrote it: `every 5s`, `*/5 * * * *`.
    pub written: Text,
    /// The time zone that a cron expression counts in; none for intervals.
    pub time_zone: Option<Text>,
}

/// An ended run in a row of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecentRun {
    /// Its name.
    #[schema(value_type = words::RunId)]
    pub id: RunId,
    /// How it ended.
    #[schema(value_type = words::Outcome)]
    pub outcome: Outcome,
    /// When.
    pub finished: Timestamp,
    /// From start to end of the guest; none where that isn't known.
    pub duration_seconds: Option<f64>,
}

/// Why no run of a job begins by its schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pause {
    /// Since when.
    pub at: Timestamp,
    /// Who asked; `watchkeeper` where it was the rule about failures in a row.
    pub by: Text,
    /// What they said about it.
    pub note: Option<Text>,
}

/// Everything about one job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobDetail {
    /// The same as in the overview.
    pub job: JobOverview,
    /// When this was put together.
    pub now: Timestamp,
    /// As [`super::Overview::bucket_seconds`].
    pub bucket_seconds: u32,
    /// Its file.
    pub file: Text,
    /// The plugin's bytes that its next run uses; none while the plugin isn't loaded.
    #[schema(value_type = Option<words::Digest>)]
    pub digest: Option<Digest>,
    /// As the plugin's schema says.
    pub plugin_version: Option<Text>,
    /// Which of its schedules is in force: 1 for the first, one more for each change. None before its first.
    pub generation: Option<u64>,
    /// Since when that schedule is in force.
    pub generation_began: Option<Timestamp>,
    /// Up to where its due times have their run or their skip.
    pub cursor: Option<Timestamp>,
    /// How many due times of the generation led to a run.
    pub runs: Option<u64>,
    /// How many led to a skip.
    pub skips: Option<u64>,
    /// What it does about misses, overlaps and failures; none where its file was never readable.
    pub policy: Option<PolicyInfo>,
    /// What its grants let it do.
    pub powers: Vec<Power>,
    /// What `/probe` may be asked for it.
    pub probe_targets: Vec<Text>,
    /// Its next due times, ten at most.
    pub next_runs: Vec<Timestamp>,
    /// Its last runs, those going included, 50 at most, the newest first.
    pub recent_runs: Vec<RunSummary>,
    /// Its last skips, 20 at most, the newest first.
    pub recent_skips: Vec<SkipInfo>,
}

/// The rules of a job, each with the word or number that its file would have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyInfo {
    /// `none`, `latest` or `all`.
    pub catch_up: Text,
    /// How old a due time may be to be caught up.
    pub catch_up_window_seconds: f64,
    /// `skip`, `queue`, `cancel-previous` or `allow`.
    pub overlap: Text,
    /// Tries of a run in all.
    pub retry_attempts: u32,
    /// The wait before the second try.
    pub retry_backoff_seconds: f64,
    /// The longest wait before a try.
    pub retry_max_backoff_seconds: f64,
    /// Whether it may run twice for one due time.
    pub idempotent: bool,
    /// After how many failures in a row it pauses; none for never.
    pub pause_after_failures: Option<u32>,
    /// When it doesn't run.
    pub blackouts: Vec<BlackoutInfo>,
    /// `all` or `failures`: which runs are kept.
    pub history: Text,
    /// How long a run may take.
    pub timeout_seconds: f64,
}

/// Times at which a job doesn't run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BlackoutInfo {
    /// The cron expression of its beginnings, in the job's time zone.
    pub start: Text,
    /// How long each lasts.
    pub length_seconds: f64,
}

/// Due times in a row that led to no run for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkipInfo {
    /// Of which of the job's schedules.
    pub generation: u64,
    /// Why.
    #[schema(value_type = words::SkipReason)]
    pub reason: SkipReason,
    /// The first due time.
    pub first: Timestamp,
    /// The last one.
    pub last: Timestamp,
    /// How many there are.
    pub count: u64,
}

impl From<&Skip> for SkipInfo {
    fn from(skip: &Skip) -> Self {
        let &Skip { generation, reason, first, last, count, .. } = skip;
        Self { generation, reason, first, last, count }
    }
}
