//! What an operator writes in `[config]`.

use watchkeeper_sdk::{
    backup::{self, Size},
    prelude::*,
};

/// Which Grafana, and which way.
#[config]
pub(crate) struct Config {
    /// Grafana's base URL, such as "https://grafana.example.com" or "https://example.com/grafana", at an origin that the grant `http`
    /// names.
    pub(crate) url: String,
    /// "export" makes a backup, "import" brings one back.
    #[serde(default)]
    pub(crate) mode: Mode,
    /// The backup to import: "JOB/NAME/ID", or "JOB/NAME" for the newest. Only with `mode = "import"`.
    #[serde(default)]
    pub(crate) artifact: Option<String>,
    /// Whether an import replaces dashboards and alert rules that are there; they are left as they are otherwise. Folders and data
    /// sources always are.
    #[serde(default)]
    pub(crate) overwrite: bool,
    /// A smaller backup is a failure.
    #[serde(default = "minimum_size")]
    #[schemars(with = "String")]
    pub(crate) minimum_size: Size,
    /// Whether all that was stored is read back at once.
    #[serde(default = "backup::read_back")]
    pub(crate) read_back: bool,
}

/// Which way.
#[config]
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// From Grafana into the store.
    #[default]
    Export,
    /// From the store into Grafana.
    Import,
}

fn minimum_size() -> Size {
    Size::bytes(2 << 10)
}

/// What a job is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Task {
    /// To make a backup.
    Export,
    /// To import this one.
    Import(Which),
}

/// A backup in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one at `JOB/NAME/ID`.
    Path(String),
    /// The newest below `JOB/NAME/`.
    Newest(String),
}

impl Task {
    pub(crate) fn of(config: &Config) -> Result<Self, String> {
        let artifact = match (config.mode, &config.artifact) {
            (Mode::Export, None) if config.overwrite => {
                return Err("key `overwrite`: only with `mode = \"import\"`".to_owned());
            }
            (Mode::Export, None) => return Ok(Self::Export),
            (Mode::Export, Some(_)) => return Err("key `artifact`: only with `mode = \"import\"`".to_owned()),
            (Mode::Import, None) => return Err("key `artifact`: `mode = \"import\"` needs it".to_owned()),
            (Mode::Import, Some(artifact)) => artifact,
        };
        let parts: Vec<&str> = artifact.split('/').collect();
        let plain = |part: &&str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        match parts.len() {
            3 if parts.iter().all(plain) => Ok(Self::Import(Which::Path(artifact.clone()))),
            2 if parts.iter().all(plain) => Ok(Self::Import(Which::Newest(format!("{artifact}/")))),
            _ => Err(format!("key `artifact`: {artifact:?} is neither \"JOB/NAME/ID\" nor \"JOB/NAME\"")),
        }
    }
}
