//! Why a program doesn't run, in words for the plugin and for people. None repeats a secret.

/// Why a command isn't run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Not granted, or a hole is missing, unknown or filled with what it doesn't admit.
    #[error("{0}")]
    Denied(String),
    /// The program can't be started.
    #[error("{0}")]
    Spawn(String),
    /// The command line that would have run.
    #[error("{0}")]
    DryRun(String),
}
