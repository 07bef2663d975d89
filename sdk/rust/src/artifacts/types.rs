//! Artifacts, and what is said of them.

use std::{fmt, time::Duration};

use crate::{
    artifacts::Error,
    stream::{ByteStream, Later},
};

/// An artifact, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// `JOB/NAME/ID`; ids sort by time.
    pub path: String,
    /// When it was begun, since the Unix epoch.
    pub created: Duration,
    /// Bytes of the content.
    pub size: u64,
    /// Bytes as they are stored: compressed, and encrypted where the store is.
    pub stored_size: u64,
    /// Of the content.
    pub sha256: [u8; 32],
    /// What was proved of it.
    pub marks: Vec<Mark>,
    /// What its maker noted.
    pub metadata: Vec<(String, String)>,
}

impl Artifact {
    /// When something was last proved of it, since the Unix epoch.
    pub fn marked(&self, what: &str) -> Option<Duration> {
        self.marks.iter().filter(|mark| mark.what == what).map(|mark| mark.at).max()
    }
}

/// Something that was proved of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What.
    pub what: String,
    /// When, since the Unix epoch.
    pub at: Duration,
}

impl Mark {
    /// All that is stored was read back and compared.
    pub const VERIFIED: &str = "verified";
    /// A job made something that works of it.
    pub const RESTORED: &str = "restored";
}

/// How the host checks a content as it passes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Check {
    /// Not at all.
    #[default]
    None,
    /// A tar archive: every header, up to its end mark.
    Tar,
    /// `pg_dump --format=custom`: every data block, up to the exact end.
    PgCustom,
    /// A plain dump of `pg_dump` or `pg_dumpall`: its last line.
    PgPlain,
}

impl Check {
    /// The contract's word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tar => "tar",
            Self::PgCustom => "pg-custom",
            Self::PgPlain => "pg-plain",
        }
    }
}

/// What a content has to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Its format.
    pub check: Check,
    /// Its least size in bytes.
    pub minimum_size: u64,
    /// Names and values to note with it.
    pub metadata: Vec<(String, String)>,
}

/// An artifact that is read back.
pub struct Stored {
    /// Its content.
    pub bytes: ByteStream,
    /// Whether all of it came, unchanged. What was read before an error is only the beginning.
    pub ended: Later<Result<(), Error>>,
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// What a reading of stored bytes found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Stored bytes that were read.
    pub bytes: u64,
    /// Whether every part of the artifact has been read by now.
    pub verified: bool,
}

/// What there is of a name once the policy was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// How many there are.
    pub kept: u64,
    /// When the oldest of them was begun, since the Unix epoch.
    pub oldest: Option<Duration>,
    /// The paths of what was deleted.
    pub deleted: Vec<String>,
}

/// Whether an artifact can have this name: 1 to 64 lower-case letters, digits, `.`, `_` and `-`, of which the first is a letter or digit;
/// `lease` is the store's own.
pub fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut bytes = name.bytes();
    bytes.next().is_some_and(letter)
        && bytes.all(|byte| letter(byte) || b"._-".contains(&byte))
        && name.len() <= 64
        && name != "lease"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_a_store_can_hold() {
        for name in ["a", "0", "app", "shop-eu.v2_x", &"a".repeat(64)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "App", "-a", ".a", "_a", "a/b", "a b", "é", "lease", &"a".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
