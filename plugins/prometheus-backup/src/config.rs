//! What an operator writes in `[config]`.

use watchkeeper_sdk::{
    backup::{self, Size},
    prelude::*,
};

/// Which Prometheus, and where its snapshots lie.
#[config]
pub(crate) struct Config {
    /// Prometheus' base URL, such as "http://127.0.0.1:9090": with `--web.enable-admin-api`, and at an origin that the grant `http`
    /// names.
    pub(crate) url: String,
    /// The tree of `watchkeeper.toml` that is the folder `snapshots` in Prometheus' data folder.
    pub(crate) tree: String,
    /// The command of `watchkeeper.toml` that removes a snapshot; its hole `snapshot` is the snapshot's name.
    #[serde(default = "remove_command")]
    pub(crate) remove_command: String,
    /// Whether what isn't in a block on disk yet, the last two to three hours, is left out.
    #[serde(default)]
    pub(crate) skip_head: bool,
    /// Whether snapshots are removed that are older than a day: of runs that were killed, or somebody else's.
    #[serde(default)]
    pub(crate) remove_leftovers: bool,
    /// A smaller backup is a failure.
    #[serde(default = "minimum_size")]
    #[schemars(with = "String")]
    pub(crate) minimum_size: Size,
    /// Whether all that was stored is read back at once.
    #[serde(default = "backup::read_back")]
    pub(crate) read_back: bool,
}

fn remove_command() -> String {
    "remove_prometheus_snapshot".to_owned()
}

fn minimum_size() -> Size {
    Size::bytes(4 << 10)
}
