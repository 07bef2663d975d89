//! A job file, `jobs.d/NAME.toml`, resolved: which plugin runs when, what becomes of its due times and runs, within which
//! limits, with which configuration and powers.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::Deserialize;
use watchkeeper_model::{JobName, PluginName};
use watchkeeper_schedule::{HeadTrigger, Policy, Schedule};

use crate::{
    ConfigError, History, Origin, RunLimits,
    json::table_to_json,
    policy::{BlackoutShape, PolicyKeys, RetryShape},
    probe::take_targets,
    run_limits::LimitsShape,
    source::{KeyPath, Source},
    trigger::Trigger,
    values::{Count, Interval, Span, in_range, one_of, show_duration},
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
    /// When it falls due, the job's own spread included; none where only heads, probes and people start it.
    pub schedule: Option<Schedule>,
    /// The chain's heads that it runs for; none where it follows no chain.
    pub heads: Option<HeadTrigger>,
    /// What becomes of its due times, and of its runs that fail.
    pub policy: Policy,
    /// Which of its runs the ledger keeps. All unless told.
    pub history: History,
    /// How long its gauges stand without a refresh: three times the schedule's longest gap, at least 5 minutes (which it
    /// is without a schedule), unless told.
    pub max_age: Duration,
    /// How long a run may take, from start to end. 30 s unless told.
    pub timeout: Duration,
    /// What a run may use.
    pub limits: RunLimits,
    /// The `[config]` table: always an object.
    pub config: serde_json::Value,
    /// What stands under `[grants]`, without `probe`.
    pub grants: Grants,
    /// The targets for which `/probe` may run the job, from `probe` of `[grants]`: each of 1 to 1,024 characters and once.
    pub probe: Vec<String>,
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
    head: Option<String>,
    head_every: Option<Count>,
    confirmations: Option<Count>,
    max_age: Option<Span>,
    timeout: Option<Span>,
    catch_up: Option<String>,
    catch_up_window: Option<Span>,
    overlap: Option<String>,
    idempotent: Option<bool>,
    pause_after_failures: Option<Count>,
    history: Option<String>,
    #[serde(default)]
    retry: RetryShape,
    #[serde(default)]
    blackouts: Vec<BlackoutShape>,
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
                let hint = "secrets stand only in watchkeeper.toml, in what opens a chain's endpoints, an HTTP service or an \
                            account; no plugin holds one";
                return Err(source.error(key, "a job file takes no `${…}`", hint));
            }
            Ok(())
        })?;
        let mut shape: Shape = source.read()?;
        let plugin = PluginName::new(&shape.plugin).map_err(|error| {
            source.error(&KeyPath::of(&["plugin"]), error.to_string(), "write the plugin's file name without `.wasm`")
        })?;
        let probe = take_targets(&source, &mut shape.grants)?;
        let trigger = shape.trigger(&probe);
        let heads = trigger.heads(&source)?;
        let schedule = trigger.resolve(&source, &name)?;
        let zone = trigger.zone().to_owned();
        let duration = |key: &str, given: Span, least: Duration, most: Duration| {
            in_range(&source, &KeyPath::of(&[key]), given.0, least..=most, show_duration)
        };
        let max_age = match shape.max_age {
            Some(given) => duration("max_age", given, Duration::from_secs(1), Duration::from_hours(10_000))?,
            None => schedule
                .as_ref()
                .map_or(LEAST_MAX_AGE, |schedule| schedule.longest_gap().saturating_mul(3).max(LEAST_MAX_AGE)),
        };
        let history = one_of(&source, "history", shape.history.as_deref(), &History::ALL.map(History::as_str))?;
        let policy = PolicyKeys {
            catch_up: shape.catch_up,
            catch_up_window: shape.catch_up_window,
            overlap: shape.overlap,
            idempotent: shape.idempotent,
            pause_after_failures: shape.pause_after_failures,
            retry: shape.retry,
            blackouts: shape.blackouts,
        };
        let timeout = shape.timeout.unwrap_or(Span(Duration::from_secs(30)));
        Ok(Self {
            max_age,
            timeout: duration("timeout", timeout, Duration::from_millis(10), Duration::from_hours(168))?,
            limits: shape.limits.resolve(&source)?,
            config: table_to_json(&source, &KeyPath::of(&["config"]), shape.config)?,
            grants: shape.grants,
            policy: policy.resolve(&source, schedule.as_ref(), heads.is_some(), &zone)?,
            history: history.unwrap_or(History::All),
            probe,
            origin: Origin::new(path, text),
            name,
            plugin,
            schedule,
            heads,
        })
    }
}

impl Shape {
    fn trigger(&self, probe: &[String]) -> Trigger<'_> {
        Trigger {
            every: self.every.as_ref(),
            schedule: self.schedule.as_deref(),
            time_zone: self.time_zone.as_deref(),
            jitter: self.jitter,
            head: self.head.as_deref(),
            head_every: self.head_every,
            confirmations: self.confirmations,
            has_blackouts: !self.blackouts.is_empty(),
            has_targets: !probe.is_empty(),
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
