//! What a plugin is told when a tree can't be read. Texts name the tree and what lies in it, never what is in a file.

/// Why not; the kinds of the contract, and two ways in which nobody wants the rest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilesFault {
    /// The grant doesn't allow it.
    #[error("{0}")]
    Denied(String),
    /// There is no such folder.
    #[error("{0}")]
    NotFound(String),
    /// A file or folder that can't be read: which, and why.
    #[error("{0}")]
    Io(String),
    /// More than the operator, or the host, allows.
    #[error("{0}")]
    TooLarge(String),
    /// The archive was not read to its end.
    #[error("nobody reads the archive any more")]
    Unread,
    /// The run ended first.
    #[error("the run ended before the archive did")]
    Stopped,
}

impl FilesFault {
    /// The value of the label `result`.
    pub(crate) const fn result(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::NotFound(_) => "not_found",
            Self::Io(_) => "io",
            Self::TooLarge(_) => "too_large",
            Self::Unread => "unread",
            Self::Stopped => "stopped",
        }
    }
}
