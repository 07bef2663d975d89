//! Programs that the operator allowed, by name. Their arguments are the operator's but for named holes. A process belongs to its run:
//! what is still there when the run ends is ended.

use std::fmt;

use crate::{
    host,
    stream::{ByteStream, Later},
};

/// Bytes that [`Process::output`] keeps.
const MOST_OUTPUT: usize = 64 << 10;

/// Starts a program of the operator's. `holes` are names and values; `stdin` is what it reads, if anything. Who lets go of its output
/// before the end ends it: use [`Process::output`] where the output doesn't matter.
///
/// # Errors
/// See [`Error`].
pub async fn run(name: &str, holes: &[(&str, &str)], stdin: Option<ByteStream>) -> Result<Process, Error> {
    let holes = holes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (stdout, ended) = host::command_run(name.to_owned(), holes, stdin).await?;
    Ok(Process { name: name.to_owned(), stdout, ended })
}

/// A program that runs.
pub struct Process {
    name: String,
    /// What it prints.
    pub stdout: ByteStream,
    ended: Later<Ended>,
}

impl Process {
    /// Its output, and what waits for its end.
    pub fn into_parts(self) -> (ByteStream, impl Future<Output = Result<(), Error>> + 'static) {
        let Self { name, stdout, ended } = self;
        (stdout, async move { ended.await.into_result(name) })
    }

    /// Waits for its end; the first 64 KiB of what it printed.
    ///
    /// # Errors
    /// [`Error::Ended`].
    pub async fn output(self) -> Result<Vec<u8>, Error> {
        let (stdout, ended) = self.into_parts();
        let output = stdout.read_to_end(MOST_OUTPUT).await;
        ended.await?;
        Ok(output)
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// By itself; 0 where all went well.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It took longer than the operator allows.
    TimedOut,
    /// It printed more than the operator allows.
    TooMuchOutput,
    /// A later contract's kind.
    Other(String),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
            Self::TimedOut => f.write_str("took longer than it may"),
            Self::TooMuchOutput => f.write_str("printed more than it may"),
            Self::Other(kind) => write!(f, "ended: {kind}"),
        }
    }
}

/// A process that is gone, with its whole group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    /// The end of its standard error.
    pub(crate) stderr: String,
}

impl Ended {
    fn into_result(self, command: String) -> Result<(), Error> {
        match self {
            Self { exit: Exit::Code(0), .. } => Ok(()),
            Self { exit, stderr } => Err(Error::Ended { command, exit, stderr }),
        }
    }
}

/// Why a command didn't run well. `?` in a run keeps the kind: a program that failed is `unavailable`, since what it asks may answer
/// the next time; one that took or printed more than it may has failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No grant for this command, or a hole that is missing, unknown or filled with what its type doesn't allow.
    #[error("denied: {0}")]
    Denied(String),
    /// The program can't be started.
    #[error("can't be started: {0}")]
    Spawn(String),
    /// Would have run.
    #[error("dry run: {0}")]
    DryRun(String),
    /// It ran and didn't end well.
    #[error("command `{command}` {exit}{}", told(.stderr))]
    Ended {
        /// The operator's name for it.
        command: String,
        /// How it ended.
        exit: Exit,
        /// The end of its standard error.
        stderr: String,
    },
    /// A later contract's kind and message.
    #[error("{0}: {1}")]
    Other(String, String),
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(message) => Self::Denied(message),
            Error::Ended { exit: Exit::Code(_) | Exit::Signal(_), .. } => Self::Unavailable(error.to_string()),
            other => Self::failed(other),
        }
    }
}

/// The last words of a program that are worth a line.
fn told(stderr: &str) -> String {
    const MOST: usize = 1_000;
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = lines.join(" / ");
    let begin = text.len().saturating_sub(MOST);
    let begin = (begin..=text.len()).find(|place| text.is_char_boundary(*place)).unwrap_or(text.len());
    match text.get(begin..).unwrap_or_default() {
        "" => String::new(),
        end if begin == 0 => format!(": {end}"),
        end => format!(": … {end}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_last_words_of_the_program() {
        let error = |stderr: &str| {
            Error::Ended { command: "pg_dump".into(), exit: Exit::Code(1), stderr: stderr.into() }.to_string()
        };
        assert_eq!(error(""), "command `pg_dump` exited with code 1");
        assert_eq!(
            error("pg_dump: error:\n  no such database \n"),
            "command `pg_dump` exited with code 1: pg_dump: error: / no such database"
        );
        let long = error(&format!("é{}last words", "ä".repeat(2_000)));
        assert!(long.len() < 1_100 && long.ends_with("last words") && long.contains(": … "), "{long}");
    }
}
