//! How a command fails: an exit code that scripts can rely on, and a text that says what to do.

use std::{fmt, process::ExitCode};

use clap::error::ErrorKind;

/// A command that didn't do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 1: it was tried.
    Failed(String),
    /// 64: the arguments can't mean anything.
    Usage(String),
    /// 78: the configuration is wrong.
    Config(String),
    /// Already told, or not for people.
    Silent(ExitCode),
}

impl Failure {
    /// Anything that went wrong while it was tried.
    pub(crate) fn failed(error: impl fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// Passes a process's exit code on.
    pub(crate) fn silent(code: ExitCode) -> Result<(), Self> {
        if code == ExitCode::SUCCESS { Ok(()) } else { Err(Self::Silent(code)) }
    }

    /// Tells people, and gives the code.
    pub(crate) fn report(&self) -> ExitCode {
        let (code, text) = match self {
            Self::Failed(text) => (1, text),
            Self::Usage(text) => (64, text),
            Self::Config(text) => (78, text),
            Self::Silent(code) => return *code,
        };
        eprintln!("error: {text}");
        ExitCode::from(code)
    }
}

/// What clap has to say: help and version are no errors, the rest is wrong usage.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A reader that closed its end early is no reason to fail.
    let _closed = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(64),
    }
}
