//! Trees that the operator named, as a tar stream that the host makes. Symbolic links are recorded, never followed.

use std::fmt;

use crate::{
    host,
    stream::{ByteStream, Later},
};

/// Packs a tree, or the folder in it that `folder` names; empty for the whole.
///
/// # Errors
/// See [`Error`]. What goes wrong while the archive is made is in [`Archive::ended`].
pub async fn pack(tree: &str, folder: &str) -> Result<Archive, Error> {
    host::files_pack(tree.to_owned(), folder.to_owned()).await
}

/// The names in a folder of a tree, sorted; at most 10,000.
///
/// # Errors
/// See [`Error`].
pub async fn entries(tree: &str, folder: &str) -> Result<Vec<String>, Error> {
    host::files_entries(tree.to_owned(), folder.to_owned()).await
}

/// An archive in the making.
pub struct Archive {
    /// The archive.
    pub tar: ByteStream,
    /// What was packed. An error leaves an archive without its end.
    pub ended: Later<Result<Packed, Error>>,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("tar", &self.tar).finish_non_exhaustive()
    }
}

/// What was packed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packed {
    /// Regular files.
    pub files: u64,
    /// Bytes of their contents.
    pub bytes: u64,
    /// Sockets, pipes and devices, which are left out.
    pub skipped: u64,
    /// Files that changed while they were read, the first hundred: what is in the archive of them is no state that they ever had.
    pub changed: Vec<String>,
}

/// Why a tree couldn't be read. `?` in a run keeps the kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No grant for this tree, or a folder that leaves it.
    #[error("denied: {0}")]
    Denied(String),
    /// There is no such tree or folder.
    #[error("not found: {0}")]
    NotFound(String),
    /// A file or folder that can't be read.
    #[error("{0}")]
    Io(String),
    /// More bytes than the operator allows.
    #[error("too large: {0}")]
    TooLarge(String),
    /// A later contract's kind and message.
    #[error("{0}: {1}")]
    Other(String, String),
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(message) => Self::Denied(message),
            other => Self::failed(other),
        }
    }
}
