//! Paths as operators write them: absolute, or from the file's folder on.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{
    ConfigError,
    source::{KeyPath, Source},
};

/// What a table such as `[store]` says of its path.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PathShape {
    path: Option<PathBuf>,
}

impl PathShape {
    /// The path of `table`, else the default beside the file.
    pub(crate) fn resolve(
        self,
        source: &Source<'_>,
        table: &str,
        folder: &Path,
        default: &str,
    ) -> Result<PathBuf, ConfigError> {
        resolve_path(source, &KeyPath::of(&[table, "path"]), folder, self.path.unwrap_or_else(|| default.into()))
    }

    /// Of `[store]`.
    pub(crate) fn store(self, source: &Source<'_>, folder: &Path) -> Result<PathBuf, ConfigError> {
        self.resolve(source, "store", folder, "watchkeeper.db")
    }
}

/// What paths in a file are relative to.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

/// Joins a path to the folder of the file that names it.
pub(crate) fn resolve_path(
    source: &Source<'_>,
    key: &KeyPath,
    folder: &Path,
    path: PathBuf,
) -> Result<PathBuf, ConfigError> {
    if path.as_os_str().is_empty() || path.starts_with("~") {
        let hint = "write a path from `/` on, or one from this file's folder on";
        return Err(source.error(key, format!("{path:?} is not a path"), hint));
    }
    Ok(folder.join(path))
}
