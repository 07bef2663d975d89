//! `MANIFEST.json`: what a backup holds and what it doesn't, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::entry::Kind;

const FORMAT: &str = "watchkeeper-grafana-backup";
const VERSION: u32 = 1;

/// Longest name of Grafana's in what isn't exported.
const MOST_LETTERS: usize = 100;

/// The last file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: String,
    version: u32,
    /// Grafana's version, if it tells.
    pub(crate) grafana: Option<String>,
    /// How many there are of each kind.
    pub(crate) counts: BTreeMap<Kind, u64>,
    /// What there is in Grafana and not in the backup.
    pub(crate) not_exported: Vec<NotExported>,
}

/// Something that a backup lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NotExported {
    pub(crate) what: String,
    pub(crate) why: String,
}

/// What no backup of this plugin holds.
const NEVER: [(&str, &str); 3] = [
    ("passwords of users, API keys and tokens of service accounts", "grafana gives them to nobody"),
    ("users, teams, permissions and roles", "out of scope"),
    (
        "library panels, playlists, snapshots, annotations, dashboards' earlier versions and public links, correlations, preferences, \
         mute timings, notification templates, plugins and their settings, other organisations",
        "out of scope",
    ),
];

impl Manifest {
    pub(crate) fn new(grafana: Option<String>) -> Self {
        let (format, counts) = (FORMAT.to_owned(), BTreeMap::new());
        let not_exported = NEVER.map(|(what, why)| NotExported { what: what.to_owned(), why: why.to_owned() }).to_vec();
        Self { format, version: VERSION, grafana, counts, not_exported }
    }

    pub(crate) fn count(&mut self, kind: Kind, more: u64) {
        *self.counts.entry(kind).or_default() += more;
    }

    /// Notes something of this Grafana's that isn't exported.
    pub(crate) fn lacks(&mut self, what: String, why: &str) {
        self.not_exported.push(NotExported { what, why: why.to_owned() });
    }

    /// What of this very Grafana isn't exported.
    pub(crate) fn lacking(&self) -> &[NotExported] {
        self.not_exported.get(NEVER.len()..).unwrap_or_default()
    }

    /// `2 folders, 1 dashboard`.
    pub(crate) fn summary(&self) -> String {
        let counts = self.counts.iter().map(|(kind, count)| format!("{count} {}", kind.words(*count)));
        counts.collect::<Vec<_>>().join(", ")
    }

    /// What of it this plugin can't read.
    pub(crate) fn strange(&self) -> Option<String> {
        let Self { format, version, .. } = self;
        match (format.as_str(), version) {
            (FORMAT, &VERSION) => None,
            (FORMAT, newer) => {
                Some(format!("the backup has version {newer} of its format, and this plugin reads {VERSION}"))
            }
            _ => Some("it is no backup of this plugin's".to_owned()),
        }
    }
}

/// A name of Grafana's for people: on one line, and not too long.
pub(crate) fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(MOST_LETTERS).collect()
}
