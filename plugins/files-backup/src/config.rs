//! What an operator writes in `[config]`.

use watchkeeper_sdk::{
    backup::{self, Size},
    prelude::*,
};

/// Which trees to back up.
#[config]
pub(crate) struct Config {
    /// The trees to pack, each an artifact.
    #[schemars(length(min = 1))]
    pub(crate) trees: Vec<Tree>,
    /// Whether an archive is kept in which files changed while they were read. They are named in a warning then; otherwise the run fails.
    #[serde(default)]
    pub(crate) allow_changes: bool,
    /// A smaller archive is a failure. Left out, it is what an archive with one small file has.
    #[serde(default = "minimum_size")]
    #[schemars(with = "String")]
    pub(crate) minimum_size: Size,
    /// Whether all that was stored is read back at once, and compared.
    #[serde(default = "backup::read_back")]
    pub(crate) read_back: bool,
}

/// A tree, or a folder in it.
#[config]
pub(crate) struct Tree {
    /// The tree, by its name in `watchkeeper.toml`.
    pub(crate) tree: String,
    /// The folder in it that is packed, such as "contracts/mainnet"; the whole tree, if left out.
    #[serde(default)]
    pub(crate) folder: String,
    /// The artifact's name; the tree's, if left out.
    #[serde(default)]
    pub(crate) name: Option<String>,
}

impl Tree {
    /// The artifact's name.
    pub(crate) fn name(&self) -> &str {
        self.name.as_ref().unwrap_or(&self.tree)
    }
}

/// Two headers, a block of content and the end mark have more.
fn minimum_size() -> Size {
    Size::bytes(2 << 10)
}
