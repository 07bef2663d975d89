//! What is wrong with a configuration file, and where.

use std::{fmt, path::PathBuf};

/// One mistake in one file. Displays as `FILE:LINE: KEY: MESSAGE`, and a line `hint: …` where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, as it was passed in.
    pub file: PathBuf,
    /// The line, counted from 1, where the text gives one.
    pub line: Option<usize>,
    /// The dotted path of the key, such as `chains.zkfair.endpoints[0].url`.
    pub key: Option<String>,
    /// What is wrong: lower case, no full stop, never a secret's text.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ": {key}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}
