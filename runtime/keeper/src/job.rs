//! A job that is ready to run, and how one is made: from its file's words, a component, and the open capabilities.
//! Nothing here touches what runs; a job that can't be made leaves the last good one alone.

use std::{collections::BTreeSet, sync::Arc};

use watchkeeper_config::{ConfigError, JobSpec, Settings};
use watchkeeper_contract::{Grant, Limits, Open};
use watchkeeper_metrics::{Declaration, FamilySpec, JobFamilies, parse_families};
use watchkeeper_sandbox::{Component, LoadError, Plugin, Refused, Sandbox};

use crate::{job_config, settings::run_limits};

/// A job's powers, by capability.
pub type Grants = Vec<(&'static str, Arc<dyn Grant>)>;

/// A job, checked whole.
#[derive(Clone)]
pub struct Job {
    /// What the operator wrote.
    pub spec: JobSpec,
    /// The configuration as the plugin gets it.
    pub config: Arc<str>,
    /// What runs.
    pub plugin: Arc<Plugin>,
    /// Its metric families.
    pub families: Vec<FamilySpec>,
    /// Its powers, by capability.
    pub grants: Grants,
    /// Its limits.
    pub limits: Limits,
}

impl Job {
    /// What the metrics store is told of it.
    pub fn to_declare(&self) -> JobFamilies {
        JobFamilies {
            job: self.spec.name.clone(),
            plugin: self.spec.plugin.clone(),
            families: self.families.clone(),
            max_age: self.spec.max_age,
            series: usize::try_from(self.spec.limits.series).unwrap_or(usize::MAX),
        }
    }

    /// Whether all that `older` was allowed still is.
    pub(crate) fn covers(&self, older: &Self) -> bool {
        covers(&self.grants, older)
    }
}

/// Whether grants allow all that a job was allowed.
pub(crate) fn covers(grants: &Grants, older: &Job) -> bool {
    older
        .grants
        .iter()
        .all(|(name, older)| grants.iter().any(|(other, newer)| other == name && newer.covers(older.as_ref())))
}

/// A job with its place in the metrics store, as the conductor runs it.
pub struct Scheduled {
    /// The job.
    pub job: Arc<Job>,
    /// What the metrics store answered to [`Job::to_declare`].
    pub declaration: Declaration,
}

/// Why a job can't be made.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Its file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its plugin is.
    #[error("plugin `{plugin}` {error}")]
    Plugin {
        /// The plugin's name.
        plugin: String,
        /// What is wrong with it.
        error: LoadError,
    },
    /// What its plugin described can't be exposed.
    #[error("plugin `{plugin}`: {message}")]
    Families {
        /// The plugin's name.
        plugin: String,
        /// What is wrong.
        message: String,
    },
}

/// What jobs are made with: the sandbox, and one configuration's capabilities.
#[derive(Clone)]
pub struct Workshop {
    /// Where plugins are compiled and asked.
    pub sandbox: Arc<Sandbox>,
    /// `watchkeeper.toml`.
    pub settings: Arc<Settings>,
    /// Its capabilities.
    pub open: Arc<[Arc<dyn Open>]>,
}

impl Workshop {
    /// Makes a job. The slow part, compiling, happens in a child process and once for each component.
    ///
    /// # Errors
    /// [`JobError`], naming file and key where the operator can mend it.
    pub async fn make(&self, spec: JobSpec, component: &Component) -> Result<Job, JobError> {
        let grants = self.grants(&spec, component)?;
        let plugin = self.sandbox.load(component).await.map_err(|error| of_plugin(&spec, error))?;
        self.finish(spec, grants, plugin).await
    }

    /// The rest of [`Workshop::make`], once the plugin is there: its schema, its families, its limits.
    ///
    /// # Errors
    /// [`JobError`].
    pub(crate) async fn finish(&self, spec: JobSpec, grants: Grants, plugin: Arc<Plugin>) -> Result<Job, JobError> {
        job_config::check(&spec, &plugin.schema.config)?;
        let config: Arc<str> = spec.config.to_string().into();
        let families = self.families(&spec, &plugin, &config).await?;
        let limits = run_limits(&spec.limits);
        Ok(Job { spec, config, plugin, families, grants, limits })
    }

    /// The job's grants, checked by their capabilities, and that they cover what the component asks for.
    ///
    /// # Errors
    /// [`ConfigError`] for an unknown capability, a grant that it refuses, and one that is missing.
    pub(crate) fn grants(&self, spec: &JobSpec, component: &Component) -> Result<Grants, JobError> {
        if let Some(heads) = &spec.heads
            && !self.settings.chains.keys().any(|name| name.as_str() == &*heads.feed.chain)
        {
            let message = format!("there is no chain `{}`", heads.feed.chain);
            return Err(spec.origin.error(&["head"], message, "name it in watchkeeper.toml under `[chains]`").into());
        }
        let grants = self.written_grants(spec)?;
        let granted: BTreeSet<&str> = grants.iter().map(|(name, _)| *name).collect();
        component.check_grants(&granted, self.sandbox.capabilities()).map_err(|refused| match refused {
            Refused::NotGranted { import, capability, example } => spec
                .origin
                .error(
                    &["grants"],
                    format!("plugin `{}` imports `{import}`, but the job grants no `{capability}`", spec.plugin),
                    format!("add `{example}` under `[grants]`"),
                )
                .into(),
            refused => of_plugin(spec, refused.into()),
        })?;
        Ok(grants)
    }

    /// The job's grants, checked by their capabilities.
    ///
    /// # Errors
    /// [`ConfigError`] for an unknown capability or a grant that it refuses.
    pub(crate) fn written_grants(&self, spec: &JobSpec) -> Result<Grants, ConfigError> {
        let mut grants = Vec::new();
        for (name, written) in &spec.grants {
            let Some(open) = self.open.iter().find(|open| open.name() == name) else {
                let known: Vec<&str> = self.open.iter().map(|open| open.name()).collect();
                let hint = format!("grant one of: {}", known.join(", "));
                return Err(spec.origin.error(&["grants", name], "is no capability of this version", hint));
            };
            let grant = open.grant(&spec.name, written).map_err(|error| {
                let mut key = vec!["grants"];
                key.extend(error.key.split('.'));
                spec.origin.error(&key, error.message, error.hint)
            })?;
            grants.push((open.name(), grant));
        }
        Ok(grants)
    }

    async fn families(&self, spec: &JobSpec, plugin: &Plugin, config: &str) -> Result<Vec<FamilySpec>, JobError> {
        let described = self.sandbox.describe(plugin, config).await.map_err(|error| of_plugin(spec, error))?;
        let families = described.map_err(|message| {
            let hint = format!("`watchkeeper plugin inspect` shows what `{}` takes", spec.plugin);
            spec.origin.error(&["config"], watchkeeper_contract::clean(&message, 600), hint)
        })?;
        parse_families(&families).map_err(|error| JobError::Families {
            plugin: spec.plugin.to_string(),
            message: watchkeeper_contract::clean(&error.to_string(), 600),
        })
    }
}

fn of_plugin(spec: &JobSpec, error: LoadError) -> JobError {
    JobError::Plugin { plugin: spec.plugin.to_string(), error }
}
