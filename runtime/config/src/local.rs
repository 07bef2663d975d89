//! What a command on the same machine has to know of `watchkeeper.toml` to find the server. Reads no other table: neither
//! the environment of the server nor a mistake elsewhere may come between it and the server.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    ConfigError,
    paths::{PathShape, folder_of},
    server::ServerShape,
    source::Source,
};

/// Where a server of this machine listens, and where it keeps its store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalServer {
    /// As [`crate::ServerSettings::listen`].
    pub listen: SocketAddr,
    /// As [`crate::Settings::store`].
    pub store: PathBuf,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Shape {
    server: ServerShape,
    store: PathShape,
}

impl LocalServer {
    /// Reads `[server]` and `[store]` of the text of `watchkeeper.toml`. Touches no disk.
    ///
    /// # Errors
    /// Text that is no TOML, and mistakes in these two tables.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let source = Source::parse(path, text)?;
        let shape: Shape = source.read()?;
        let folder = folder_of(path);
        let server = shape.server.resolve(&source, folder)?;
        Ok(Self { listen: server.listen, store: shape.store.store(&source, folder)? })
    }
}
