//! Where the bytes of a backup come from, and how their producer tells that they are all there.

use std::fmt;

use super::Size;
use crate::{
    Error, Result, artifacts,
    command::{self, Process},
    files, http, state,
    stream::{Content, Later},
};

/// What a backup is made of.
pub struct Source {
    pub(super) content: Content,
    pub(super) complete: Later<Result<()>>,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) minimum_size: Option<Size>,
}

impl Source {
    /// `complete` resolves once the content's producer ended; an error leaves no backup, and keeps its kind.
    pub fn new(content: impl Into<Content>, complete: impl Future<Output = Result<()>> + 'static) -> Self {
        Self { content: content.into(), complete: Box::pin(complete), metadata: Vec::new(), minimum_size: None }
    }

    /// Notes a name and a value with the backup.
    #[must_use]
    pub fn note(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.metadata.push((name.to_owned(), value.to_string()));
        self
    }

    /// Its least size, in place of what the operator says of all backups of the job.
    #[must_use]
    pub fn at_least(self, size: Size) -> Self {
        Self { minimum_size: Some(size), ..self }
    }
}

/// What a command prints, if it ends with code 0.
impl From<Process> for Source {
    fn from(process: Process) -> Self {
        let (stdout, ended) = process.into_parts();
        Self::new(stdout, async { Ok(ended.await?) })
    }
}

/// What the plugin itself writes: its own error tells that it isn't whole.
impl From<Content> for Source {
    fn from(content: Content) -> Self {
        Self::new(content, async { Ok(()) })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("content", &self.content)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

/// Why there is no backup. `?` makes one of every capability's error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Would have made one.
    DryRun(String),
    /// Something is wrong: the run fails once the others were made.
    Failed(Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<command::Error> for Problem {
    fn from(error: command::Error) -> Self {
        match error {
            command::Error::DryRun(would) => Self::DryRun(would),
            other => Self::Failed(other.into()),
        }
    }
}

impl From<artifacts::Error> for Problem {
    fn from(error: artifacts::Error) -> Self {
        match error {
            artifacts::Error::DryRun(would) => Self::DryRun(would),
            other => Self::Failed(other.into()),
        }
    }
}

impl From<files::Error> for Problem {
    fn from(error: files::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<http::Error> for Problem {
    fn from(error: http::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<state::Error> for Problem {
    fn from(error: state::Error) -> Self {
        Self::Failed(error.into())
    }
}
