//! Plugins, and what they may do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchkeeper_model::{Digest, JobName, PluginName};

use super::{Text, words};

/// One plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginInfo {
    /// Its name.
    #[schema(value_type = words::PluginName)]
    pub name: PluginName,
    /// As its schema says; none while it isn't loaded.
    pub version: Option<Text>,
    /// What it is for, as its schema says.
    pub summary: Option<Text>,
    /// Its bytes; none while it isn't loaded.
    #[schema(value_type = Option<words::Digest>)]
    pub digest: Option<Digest>,
    /// Its file.
    pub file: Text,
    /// Why it isn't loaded, or an older one than its file is.
    pub problem: Option<Text>,
    /// The interfaces that it asks for, as it names them.
    pub imports: Vec<Text>,
    /// What it asks for, in plain words.
    pub powers: Vec<Power>,
    /// The jobs that run it, each with what it was granted.
    pub jobs: Vec<PluginJob>,
}

/// Something that a plugin may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Power {
    /// The capability, as grants name it: `chain`.
    pub capability: Text,
    /// In plain words: `reads the chain zkfair`.
    pub words: Text,
}

/// A job with what its grants let the plugin do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginJob {
    /// The job.
    #[schema(value_type = words::JobName)]
    pub name: JobName,
    /// What it was granted.
    pub powers: Vec<Power>,
}
