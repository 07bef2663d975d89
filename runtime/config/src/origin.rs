//! Where a configuration came from, for mistakes that only a later room can see.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    ConfigError,
    source::{KeyPath, Source},
};

/// A file and its text. All origins compare equal: where a job is written doesn't change the job, nor does a comment.
#[derive(Debug, Clone)]
pub struct Origin {
    file: PathBuf,
    text: Arc<str>,
}

impl Origin {
    pub(crate) fn new(file: &Path, text: &str) -> Self {
        Self { file: file.to_owned(), text: text.into() }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A mistake at a key, such as `["grants", "chain", "methods"]`: with the line of the key, or of the nearest table
    /// around it that is there.
    pub fn error(&self, key: &[&str], message: impl Into<String>, hint: impl Into<String>) -> ConfigError {
        let path = KeyPath::of(key);
        match Source::parse(&self.file, &self.text) {
            Ok(source) => source.error(&path, message, hint),
            Err(error) => error,
        }
    }
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}
