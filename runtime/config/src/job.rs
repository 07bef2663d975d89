//! A job file, `jobs.d/NAME.toml`, resolved: which plugin runs when, within which limits, with which configuration and
//! powers.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::Deserialize;
use watchkeeper_model::{JobName, PluginName};
use watchkeeper_schedule::{Schedule, ScheduleError};

use crate::{
    ConfigError, Origin, RunLimits,
    json::table_to_json,
    run_limits::LimitsShape,
    source::{KeyPath, Source},
    values::{Interval, Span, in_range, show_duration},
};

const LEAST_MAX_AGE: Duration = Duration::from_mins(5);

/// What stands under the job's `[grants]`, by capability: `chain = ["zkfair"]`, `state = true`, or a table. Each capability
/// reads its own and names mistakes by [`Origin::error`].
pub type Grants = BTreeMap<String, toml::Value>;

/// One job, checked. Two of them are equal if the job is the same, however it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSpec {
    /// The stem of the file's name.
    pub name: JobName,
    /// The plugin to run.
    pub plugin: PluginName,
    /// When it falls due, the job's own spread included.
    pub schedule: Schedule,
    /// How long its gauges stand without a refresh: three times the schedule's longest gap, at least 5 minutes, unless
    /// told.
    pub max_age: Duration,
    /// How long a run may take, from start to end. 30 s unless told.
    pub timeout: Duration,
    /// What a run may use.
    pub limits: RunLimits,
    /// The `[config]` table: always an object.
    pub config: serde_json::Value,
    /// What stands under `[grants]`.
    pub grants: Grants,
    /// The file, for mistakes that later rooms find.
    pub origin: Origin,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    plugin: String,
    every: Option<Interval>,
    schedule: Option<String>,
    time_zone: Option<String>,
    jitter: Option<Span>,
    max_age: Option<Span>,
    timeout: Option<Span>,
    #[serde(default)]
    limits: LimitsShape,
    #[serde(default)]
    config: toml::Table,
    #[serde(default)]
    grants: Grants,
}

impl JobSpec {
    /// Reads the text of a job file; the job's name is the stem of `path`. Touches no disk.
    ///
    /// # Errors
    /// The first mistake: text that is no TOML, an unknown or missing key, a value of the wrong kind or out of range, a
    /// `${…}` anywhere.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let name = job_name(path)?;
        let source = Source::parse(path, text)?;
        source.texts(&mut |key, text| {
            if text.contains("${") {
                let hint =
                    "secrets stand only in `url` of a chain's endpoints in watchkeeper.toml; no plugin holds one";
                return Err(source.error(key, "a job file takes no `${…}`", hint));
            }
            Ok(())
        })?;
        let shape: Shape = source.read()?;
        let plugin = PluginName::new(&shape.plugin).map_err(|error| {
            source.error(&KeyPath::of(&["plugin"]), error.to_string(), "write the plugin's file name without `.wasm`")
        })?;
        let schedule = shape.schedule(&source, &name)?;
        let duration = |key: &str, given: Span, least: Duration, most: Duration| {
            in_range(&source, &KeyPath::of(&[key]), given.0, least..=most, show_duration)
        };
        let max_age = match shape.max_age {
            Some(given) => duration("max_age", given, Duration::from_secs(1), Duration::from_hours(10_000))?,
            None => schedule.longest_gap().saturating_mul(3).max(LEAST_MAX_AGE),
        };
        let timeout = shape.timeout.unwrap_or(Span(Duration::from_secs(30)));
        Ok(Self {
            max_age,
            timeout: duration("timeout", timeout, Duration::from_millis(10), Duration::from_hours(168))?,
            limits: shape.limits.resolve(&source)?,
            config: table_to_json(&source, &KeyPath::of(&["config"]), shape.config)?,
            grants: shape.grants,
            origin: Origin::new(path, text),
            name,
            plugin,
            schedule,
        })
    }
}

impl Shape {
    fn schedule(&self, source: &Source<'_>, job: &JobName) -> Result<Schedule, ConfigError> {
        let key = |key: &str| KeyPath::of(&[key]);
        let at = |name: &str| {
            let key = key(name);
            move |error: ScheduleError| source.error(&key, error.to_string(), error.hint())
        };
        match (&self.every, &self.schedule) {
            (None, None) => Err(source.error(
                &KeyPath::default(),
                "the job has no trigger",
                r#"add `every = "30s"` or `schedule = "*/5 * * * *"`"#,
            )),
            (Some(_), Some(_)) => {
                Err(source.error(&key("schedule"), "stands beside `every`", "keep one of them, or write two jobs"))
            }
            (Some(Interval(every)), None) => {
                for (name, given) in [("time_zone", self.time_zone.is_some()), ("jitter", self.jitter.is_some())] {
                    if given {
                        let hint = "leave it out: intervals follow real time, and are spread by the job's name";
                        return Err(source.error(&key(name), "belongs to `schedule`, not to `every`", hint));
                    }
                }
                let schedule = Schedule::parse_every(every).map_err(at("every"))?;
                Ok(schedule.spread(job, Duration::ZERO))
            }
            (None, Some(expression)) => {
                let jitter = match self.jitter {
                    Some(Span(jitter)) => in_range(
                        source,
                        &key("jitter"),
                        jitter,
                        Duration::ZERO..=Duration::from_hours(24),
                        show_duration,
                    )?,
                    None => Duration::ZERO,
                };
                let zone = self.time_zone.as_deref().unwrap_or("UTC");
                // In UTC first: what is wrong then is the expression, and else the zone.
                Schedule::parse_cron(expression, "UTC").map_err(at("schedule"))?;
                let schedule = Schedule::parse_cron(expression, zone).map_err(at("time_zone"))?;
                Ok(schedule.spread(job, jitter))
            }
        }
    }
}

/// The job that a file defines: `jobs.d/head.toml` is `head`.
pub(crate) fn job_name(path: &Path) -> Result<JobName, ConfigError> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    JobName::new(&stem).map_err(|error| ConfigError {
        file: path.to_owned(),
        line: None,
        key: None,
        message: format!("the file's name is the job's: {error}"),
        hint: Some("rename the file, such as jobs.d/chain-head.toml".to_owned()),
    })
}
