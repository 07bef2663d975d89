//! A tree of files of `watchkeeper.toml` that jobs can be granted. Walking it is not done here.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{
    ConfigError,
    paths::resolve_path,
    source::{KeyPath, Source},
    values::{Size, in_range, show_size},
};

/// A folder with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeSettings {
    /// The folder.
    pub path: PathBuf,
    /// The most bytes of its files together. 10 GiB unless told.
    pub max_size: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TreeShape {
    path: PathBuf,
    max_size: Option<Size>,
}

impl TreeShape {
    /// `folder` is what paths are relative to.
    pub(crate) fn resolve(
        self,
        source: &Source<'_>,
        key: &KeyPath,
        folder: &Path,
    ) -> Result<TreeSettings, ConfigError> {
        Ok(TreeSettings {
            path: resolve_path(source, &key.with("path"), folder, self.path)?,
            max_size: in_range(
                source,
                &key.with("max_size"),
                self.max_size.map_or(10 << 30, |size| size.0),
                1 << 10..=1 << 50,
                show_size,
            )?,
        })
    }
}
