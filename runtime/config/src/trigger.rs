//! What makes a job run by itself: `every`, `schedule` with its time zone and jitter, or `head` with its distance and
//! confirmations. A job that grants probe targets needs none.

use std::time::Duration;

use watchkeeper_model::{HeadFeed, JobName};
use watchkeeper_schedule::{HeadTrigger, Schedule, ScheduleError};

use crate::{
    ChainName, ConfigError,
    source::{KeyPath, Source},
    values::{Count, Interval, Span, in_range, show_duration},
};

/// The most blocks from one run for heads to the next, and the most confirmations.
const MOST_BLOCKS: u64 = 100_000;

/// The keys of a job file that decide when it falls due, as written.
pub(crate) struct Trigger<'a> {
    pub(crate) every: Option<&'a Interval>,
    pub(crate) schedule: Option<&'a str>,
    pub(crate) time_zone: Option<&'a str>,
    pub(crate) jitter: Option<Span>,
    pub(crate) head: Option<&'a str>,
    pub(crate) head_every: Option<Count>,
    pub(crate) confirmations: Option<Count>,
    /// The job's blackouts are read in `time_zone` as well.
    pub(crate) has_blackouts: bool,
    /// `/probe` runs the job.
    pub(crate) has_targets: bool,
}

impl Trigger<'_> {
    /// The zone in which times of day are meant.
    pub(crate) fn zone(&self) -> &str {
        self.time_zone.unwrap_or("UTC")
    }

    /// The heads that the job runs for; none where it follows no chain.
    pub(crate) fn heads(&self, source: &Source<'_>) -> Result<Option<HeadTrigger>, ConfigError> {
        let Some(chain) = self.head else {
            let given = [("head_every", self.head_every.is_some()), ("confirmations", self.confirmations.is_some())];
            return match given.iter().find(|(_, given)| *given) {
                Some((key, _)) => {
                    let hint = r#"leave it out, or write `head = "CHAIN"` in the place of the schedule"#;
                    Err(source.error(&KeyPath::of(&[key]), "belongs to `head`", hint))
                }
                None => Ok(None),
            };
        };
        if self.every.is_some() || self.schedule.is_some() {
            let other = if self.every.is_some() { "every" } else { "schedule" };
            let message = format!("stands beside `{other}`");
            return Err(source.error(&KeyPath::of(&["head"]), message, "keep one of them, or write two jobs"));
        }
        let hint = "leave it out: heads have no time of day";
        self.refuse(source, "belongs to `schedule`, not to `head`", &["time_zone", "jitter"], hint)?;
        let chain = ChainName::new(chain).map_err(|error| {
            source.error(&KeyPath::of(&["head"]), error.to_string(), "write a chain's name in watchkeeper.toml")
        })?;
        let blocks = |key: &str, given: Option<Count>, least: u64| {
            let Count(given) = given.unwrap_or(Count(least));
            in_range(source, &KeyPath::of(&[key]), given, least..=MOST_BLOCKS, |blocks| blocks.to_string())
        };
        let confirmations = blocks("confirmations", self.confirmations, 0)?;
        let feed = HeadFeed { chain: chain.as_str().into(), confirmations };
        Ok(Some(HeadTrigger { feed, every: blocks("head_every", self.head_every, 1)? }))
    }

    /// The schedule with the job's own spread; none where only heads, probes and people start the job.
    pub(crate) fn resolve(&self, source: &Source<'_>, job: &JobName) -> Result<Option<Schedule>, ConfigError> {
        match (self.every, self.schedule) {
            (None, None) if self.head.is_some() => Ok(None),
            (None, None) if self.has_targets => {
                let hint = "leave it out, or add `schedule`: only probes and people start this job";
                self.refuse(source, "belongs to `schedule`", &["time_zone", "jitter"], hint)?;
                Ok(None)
            }
            (None, None) => {
                let hint = r#"add `every = "30s"`, `schedule = "*/5 * * * *"` or `head = "CHAIN"`"#;
                Err(source.error(&KeyPath::default(), "the job has no trigger", hint))
            }
            (Some(_), Some(_)) => {
                let hint = "keep one of them, or write two jobs";
                Err(source.error(&KeyPath::of(&["schedule"]), "stands beside `every`", hint))
            }
            (Some(Interval(every)), None) => {
                let hint = "leave it out: intervals follow real time, and are spread by the job's name";
                let refused: &[&str] = if self.has_blackouts { &["jitter"] } else { &["time_zone", "jitter"] };
                self.refuse(source, "belongs to `schedule`, not to `every`", refused, hint)?;
                // Only the blackouts' zone then, but it is a mistake all the same.
                Schedule::parse_cron("@daily", self.zone()).map_err(at(source, "time_zone"))?;
                let schedule = Schedule::parse_every(every).map_err(at(source, "every"))?;
                Ok(Some(schedule.spread(job, Duration::ZERO)))
            }
            (None, Some(expression)) => {
                let jitter = self.jitter.map_or(Duration::ZERO, |jitter| jitter.0);
                let range = Duration::ZERO..=Duration::from_hours(24);
                let jitter = in_range(source, &KeyPath::of(&["jitter"]), jitter, range, show_duration)?;
                // In UTC first: what is wrong then is the expression, and else the zone.
                Schedule::parse_cron(expression, "UTC").map_err(at(source, "schedule"))?;
                let schedule = Schedule::parse_cron(expression, self.zone()).map_err(at(source, "time_zone"))?;
                Ok(Some(schedule.spread(job, jitter)))
            }
        }
    }

    fn refuse(&self, source: &Source<'_>, message: &str, keys: &[&str], hint: &str) -> Result<(), ConfigError> {
        let given = [("time_zone", self.time_zone.is_some()), ("jitter", self.jitter.is_some())];
        match given.iter().find(|(key, given)| *given && keys.contains(key)) {
            Some((key, _)) => Err(source.error(&KeyPath::of(&[key]), message, hint)),
            None => Ok(()),
        }
    }
}

/// Names the key of a schedule's mistake.
fn at<'a>(source: &'a Source<'_>, key: &'a str) -> impl Fn(ScheduleError) -> ConfigError + 'a {
    move |error| source.error(&KeyPath::of(&[key]), error.to_string(), error.hint())
}
