//! How a process ended.

use std::{fmt, os::unix::process::ExitStatusExt, process::ExitStatus};

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// By itself; 0 where all went well. Where the program couldn't be begun it is as with a shell: 127 if it isn't there, 126 for
    /// everything else, and standard error says why.
    Code(i32),
    /// By a signal that wasn't the host's.
    Signal(i32),
    /// It took longer than the operator allows, and was ended.
    TimedOut,
    /// It wrote more than the operator allows, and was ended.
    TooMuchOutput,
    /// The host ended it for another reason.
    Cut(String),
}

/// A process that is gone, with its whole group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub exit: Exit,
    /// The end of what it wrote to standard error, in lines; at most 16 KiB.
    pub stderr: String,
}

impl Exit {
    pub(crate) fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Cut(format!("it ended in a way that isn't known ({status})")),
        }
    }

    /// The word for metrics.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Code(0) => "success",
            Self::Code(_) => "failure",
            Self::Signal(_) => "signal",
            Self::TimedOut => "timeout",
            Self::TooMuchOutput => "output_limit",
            Self::Cut(_) => "cut_short",
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
            Self::TimedOut => f.write_str("took longer than its `timeout`, and was ended"),
            Self::TooMuchOutput => f.write_str("wrote more than its `max_output`, and was ended"),
            Self::Cut(why) => write!(f, "was ended: {why}"),
        }
    }
}
