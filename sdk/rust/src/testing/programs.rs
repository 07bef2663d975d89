//! Commands and trees that a test plays.

use crate::{
    command::{self, Exit},
    files::{Error, Packed},
};

/// How a command ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// What it prints.
    pub stdout: Vec<u8>,
    /// How it ends.
    pub exit: Exit,
    /// The end of its standard error.
    pub stderr: String,
}

impl Ran {
    /// It prints and ends well.
    pub fn well(stdout: impl Into<Vec<u8>>) -> Self {
        Self { stdout: stdout.into(), exit: Exit::Code(0), stderr: String::new() }
    }

    /// It prints and then ends otherwise.
    pub fn badly(stdout: impl Into<Vec<u8>>, exit: Exit, stderr: &str) -> Self {
        Self { stdout: stdout.into(), exit, stderr: stderr.to_owned() }
    }
}

/// A command: its holes, and what it read.
pub(crate) type Program = Box<dyn Fn(&[(String, String)], Vec<u8>) -> Result<Ran, command::Error>>;

/// Answers for a folder.
type Answer<T> = Box<dyn Fn(&str) -> Result<T, Error>>;

/// A tree, by functions of the folder in it.
pub struct Tree {
    pack: Answer<Packing>,
    entries: Answer<Vec<String>>,
}

/// What comes of a tree that is packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packing {
    /// The archive.
    pub tar: Vec<u8>,
    /// What was packed, or why it has no end.
    pub ended: Result<Packed, Error>,
}

impl Tree {
    /// A tree that is packed.
    pub fn new(pack: impl Fn(&str) -> Result<Packing, Error> + 'static) -> Self {
        Self { pack: Box::new(pack), entries: Box::new(|folder| Err(Error::NotFound(format!("folder {folder:?}")))) }
    }

    /// What is in its folders.
    #[must_use]
    pub fn lists(self, entries: impl Fn(&str) -> Result<Vec<String>, Error> + 'static) -> Self {
        Self { entries: Box::new(entries), ..self }
    }

    pub(crate) fn pack(&self, folder: &str) -> Result<Packing, Error> {
        (self.pack)(folder)
    }

    pub(crate) fn entries(&self, folder: &str) -> Result<Vec<String>, Error> {
        (self.entries)(folder)
    }
}
