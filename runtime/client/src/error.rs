//! Why a command didn't do what it was asked. Texts of the server are clean by the time that they stand here.

use std::{io, path::PathBuf};

use watchkeeper_config::{ConfigError, TrustError};
use watchkeeper_model::{Outcome, RunId};
use watchkeeper_web::api::Text;

/// A command that failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The arguments, or the variables of the environment, can't mean anything.
    #[error("{message}\nhint: {hint}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// `watchkeeper.toml` is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// `watchkeeper.toml` can't be read, or others could change it.
    #[error(transparent)]
    Untrusted(#[from] TrustError),
    /// Another file can't be read.
    #[error("{}: can't be read: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Nobody answered.
    #[error("no answer from {server}: {why}\nhint: {hint}")]
    Unreachable {
        /// Who was asked.
        server: String,
        /// What went wrong on the way.
        why: String,
        /// What to do about it.
        hint: String,
    },
    /// The server said no.
    #[error("{detail}{}", hint_line(hint.as_deref()))]
    Refused {
        /// The status code.
        status: u16,
        /// What is wrong.
        detail: Text,
        /// What to do about it.
        hint: Option<Text>,
    },
    /// The answer isn't one of the API's.
    #[error("{server} answers with something else than the API: {why}\nhint: is it a Watchkeeper of this version?")]
    Strange {
        /// Who was asked.
        server: String,
        /// What is strange.
        why: Text,
    },
    /// The run that the command waited for is over, and didn't succeed.
    #[error("run {run} ended with {outcome}: {message}")]
    NotASuccess {
        /// The run.
        run: RunId,
        /// How it ended.
        outcome: Outcome,
        /// One line for people.
        message: String,
    },
    /// The answer can't be shown.
    #[error("can't write: {0}")]
    Output(#[from] io::Error),
    /// Whoever read the answer has seen enough: nothing to tell.
    #[error("the reader has closed its end")]
    Closed,
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(io::Error),
}

impl ClientError {
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }
}

fn hint_line(hint: Option<&str>) -> String {
    hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default()
}
