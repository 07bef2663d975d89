//! A case's folder: `job.toml` as an operator writes it, `expected.toml`, and for components that no compiler makes
//! `case.wat` (put into the frame) or `component.wat` (whole).

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use serde::Deserialize;

/// A hostile job.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) job: String,
    pub(super) expected: Expected,
}

/// What comes of it: a run that ends, or a refusal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    /// How the component is made, if by code.
    pub(super) made: Option<Made>,
    /// Fragments of what is said to be wrong with the job's or the plugin's file, which never runs.
    #[serde(default)]
    pub(super) refused: Vec<String>,
    /// The outcome of each run.
    pub(super) outcome: Option<String>,
    /// Fragments of the run's message.
    #[serde(default)]
    pub(super) message: Vec<String>,
    /// Fragments of the host's log.
    #[serde(default)]
    pub(super) logged: Vec<String>,
    /// What the host's log must not hold.
    pub(super) unsaid: Option<String>,
    /// Series that the job has.
    pub(super) series: Option<f64>,
    /// Samples dropped by the first run, by reason.
    #[serde(default)]
    pub(super) dropped: BTreeMap<String, f64>,
}

/// Components that no file holds.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Made {
    /// Costs far more to compile than its size lets one think.
    Explosive,
    /// The first half of a good one.
    Truncated,
}

impl Case {
    /// All cases, by name.
    pub(super) fn all() -> Vec<Self> {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/hostile"));
        let entries = fs::read_dir(&folder).expect("the folder of cases").map(|entry| entry.expect("an entry").path());
        let mut cases: Vec<Self> = entries.filter(|path| path.is_dir()).map(Self::read).collect();
        assert!(!cases.is_empty(), "no case in {}", folder.display());
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        cases
    }

    fn read(folder: PathBuf) -> Self {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let text = |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_else(|e| panic!("{name}/{file}: {e}"));
        let expected = toml::from_str(&text("expected.toml")).unwrap_or_else(|e| panic!("{name}/expected.toml: {e}"));
        Self { job: text("job.toml"), expected, name, folder }
    }

    /// The plugin that the job names.
    pub(super) fn plugin(&self) -> String {
        self.key("plugin")
    }

    /// The job's timeout.
    pub(super) fn timeout(&self) -> Duration {
        let seconds = self.key("timeout");
        let seconds = seconds.strip_suffix('s').and_then(|number| number.parse().ok());
        Duration::from_secs(seconds.unwrap_or_else(|| panic!("{}: write the timeout in seconds", self.name)))
    }

    fn key(&self, key: &str) -> String {
        let job: toml::Table = self.job.parse().unwrap_or_else(|error| panic!("{}/job.toml: {error}", self.name));
        job[key].as_str().expect("a text").to_owned()
    }
}
