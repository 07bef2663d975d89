//! What an operator writes in `[config]`.

use std::collections::BTreeMap;

use watchkeeper_sdk::{
    backup::{self, Size},
    prelude::*,
};

/// Which databases to back up.
#[config]
pub(crate) struct Config {
    /// The databases to dump, by their names in the server. Each is an artifact of its name.
    #[schemars(length(min = 1))]
    pub(crate) databases: Vec<String>,
    /// Other names for artifacts, by database: for those whose own name doesn't do, such as `{ Shop = "shop" }`.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, String>,
    /// The command that dumps a database in the custom format; its hole `database` is filled with the name.
    #[serde(default = "command")]
    pub(crate) command: String,
    /// Whether roles and tablespaces are backed up too, as the artifact `roles`. A dump has none of them, and can't be restored without.
    #[serde(default = "yes")]
    pub(crate) roles: bool,
    /// The command that dumps them. It has no holes.
    #[serde(default = "roles_command")]
    pub(crate) roles_command: String,
    /// A smaller dump of a database is a failure. Make it what your smallest database can't be below.
    #[serde(default = "minimum_size")]
    #[schemars(with = "String")]
    pub(crate) minimum_size: Size,
    /// Whether all that was stored is read back at once, and compared.
    #[serde(default = "backup::read_back")]
    pub(crate) read_back: bool,
}

fn command() -> String {
    "pg_dump".to_owned()
}

fn roles_command() -> String {
    "pg_dumpall".to_owned()
}

/// An empty database's dump has about as much.
fn minimum_size() -> Size {
    Size::bytes(1 << 10)
}

fn yes() -> bool {
    true
}
