//! What is declared, and why it may be refused.

use std::{fmt, sync::Arc, time::Duration};

use watchkeeper_model::{JobName, PluginName};

use crate::{rules::FamilyError, spec::FamilySpec};

/// A job's families as its plugin described them for the job's configuration.
#[derive(Debug, Clone)]
pub struct JobFamilies {
    /// The job; its series carry it as `job_name`.
    pub job: JobName,
    /// The plugin; its series carry it as `plugin`.
    pub plugin: PluginName,
    /// The families, in the order that the samples' indices count.
    pub families: Vec<FamilySpec>,
    /// How long after a commit the job's gauges stay.
    pub max_age: Duration,
    /// The most series that the job may have, those of all its families together.
    pub series: usize,
}

/// A job's declared families, for the commits of the runs that began under them. A run that outlives its
/// declaration still commits: samples of families that the job still has are taken, the others dropped.
#[derive(Debug, Clone)]
pub struct Declaration {
    pub(crate) job: JobName,
    pub(crate) families: Arc<[Arc<FamilySpec>]>,
}

/// Who uses a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The host.
    Host,
    /// A job's plugin.
    Job(JobName),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("the host"),
            Self::Job(job) => write!(f, "job `{job}`"),
        }
    }
}

/// Why a job's families can't be declared. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeclareError {
    /// One of them breaks a rule.
    #[error("job `{job}`: {error}")]
    Family {
        /// The job.
        job: JobName,
        /// The rule.
        error: FamilyError,
    },
    /// Over one of [`crate::Limits`].
    #[error(
        "job `{job}`: {found} {what}, more than the limit of {limit}\nhint: let the plugin's `describe` return fewer"
    )]
    Limit {
        /// The job.
        job: JobName,
        /// What there is too much of.
        what: &'static str,
        /// How much.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A job given twice at once.
    #[error("job `{0}` is declared twice at once")]
    JobTwice(JobName),
    /// A family that a job names twice.
    #[error("job `{job}`: metric family `{family}` is there twice\nhint: let the plugin's `describe` return it once")]
    FamilyTwice {
        /// The job.
        job: JobName,
        /// The family.
        family: String,
    },
    /// One name, two meanings.
    #[error(
        "job `{job}`: metric family `{family}` has another {difference} than in {other}\nhint: families of one name are \
         shared and must be equal; rename it in the plugin, or use one version of the plugin for both jobs"
    )]
    Clash {
        /// The newcomer.
        job: JobName,
        /// The family.
        family: String,
        /// What differs.
        difference: &'static str,
        /// Who had it before.
        other: Owner,
    },
    /// Two families whose series would have one name.
    #[error(
        "job `{job}`: metric family `{family}` and `{other_family}` of {other} both take the name `{name}`\nhint: rename \
         one of them in the plugin; a counter takes its name without `_total`, a histogram takes `_bucket`, `_sum` and \
         `_count`"
    )]
    Name {
        /// The newcomer.
        job: JobName,
        /// Its family.
        family: String,
        /// The name that both take.
        name: String,
        /// The family that had it before.
        other_family: String,
        /// Who had it before.
        other: Owner,
    },
}
