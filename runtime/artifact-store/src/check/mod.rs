//! Is the content whole, judged by its own format as the bytes go by? A producer can fail and still end its pipe well; these
//! checks are what stands between such a pipe and an artifact that nobody can restore. They take bytes in any pieces, keep
//! little of them, and know neither stores nor compression: they see the producer's plain bytes.

mod pg_custom;
mod pg_plain;
mod tar;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How content is checked before it becomes an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Any bytes will do, also none.
    None,
    /// A tar archive (v7, ustar, pax or GNU): each header's checksum, each size, the two zero blocks at the end.
    Tar,
    /// `pg_dump --format=custom`: every entry of its table of contents that has data is there, to the last byte.
    PgCustom,
    /// SQL of `pg_dump` or `pg_dumpall`: it ends with the comment that says so.
    PgPlain,
}

/// A text that names no [`Check`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a check\nhint: write \"none\", \"tar\", \"pg-custom\" or \"pg-plain\"")]
pub struct UnknownCheck(String);

/// Why content isn't what its check asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {check} check failed at byte {at}: {what}")]
pub struct CheckError {
    /// The check that failed.
    pub check: Check,
    /// The byte, counted from 0, where the content stops making sense; its length where it ended too early.
    pub at: u64,
    /// What is wrong, in words.
    pub what: String,
}

/// A check at work on one content.
#[derive(Debug)]
pub struct Checker {
    check: Check,
    walk: Walk,
    failed: Option<CheckError>,
}

#[derive(Debug)]
enum Walk {
    None,
    Tar(Box<tar::Walk>),
    PgCustom(Box<pg_custom::Walk>),
    PgPlain(pg_plain::Walk),
}

/// What is wrong, and where; the room knows which check it is.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    at: u64,
    what: String,
}

impl Check {
    /// Starts the check of one content.
    #[must_use]
    pub fn begin(self) -> Checker {
        let walk = match self {
            Self::None => Walk::None,
            Self::Tar => Walk::Tar(Box::default()),
            Self::PgCustom => Walk::PgCustom(Box::default()),
            Self::PgPlain => Walk::PgPlain(pg_plain::Walk::default()),
        };
        Checker { check: self, walk, failed: None }
    }

    /// The word that stands for it in manifests and calls: `none`, `tar`, `pg-custom`, `pg-plain`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tar => "tar",
            Self::PgCustom => "pg-custom",
            Self::PgPlain => "pg-plain",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Check {
    type Err = UnknownCheck;

    fn from_str(text: &str) -> Result<Self, UnknownCheck> {
        [Self::None, Self::Tar, Self::PgCustom, Self::PgPlain]
            .into_iter()
            .find(|check| check.as_str() == text)
            .ok_or_else(|| UnknownCheck(text.chars().take(63).collect()))
    }
}

impl Checker {
    /// Takes the next bytes, in pieces of any size.
    ///
    /// # Errors
    /// [`CheckError`] as soon as the content can't be right any more; from then on every call gives the same.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), CheckError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let fed = match &mut self.walk {
            Walk::None => Ok(()),
            Walk::Tar(walk) => walk.feed(bytes),
            Walk::PgCustom(walk) => walk.feed(bytes),
            Walk::PgPlain(walk) => {
                walk.feed(bytes);
                Ok(())
            }
        };
        fed.map_err(|fault| {
            let error = fault.of(self.check);
            self.failed = Some(error.clone());
            error
        })
    }

    /// The content has ended.
    ///
    /// # Errors
    /// [`CheckError`] if it isn't whole, or if a piece of it was refused before.
    pub fn finish(self) -> Result<(), CheckError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let ended = match self.walk {
            Walk::None => Ok(()),
            Walk::Tar(walk) => walk.finish(),
            Walk::PgCustom(walk) => walk.finish(),
            Walk::PgPlain(walk) => walk.finish(),
        };
        ended.map_err(|fault| fault.of(self.check))
    }
}

impl Fault {
    fn new(at: u64, what: impl Into<String>) -> Self {
        Self { at, what: what.into() }
    }

    fn of(self, check: Check) -> CheckError {
        CheckError { check, at: self.at, what: self.what }
    }
}

#[cfg(test)]
mod tests {
    use super::Check;

    #[test]
    fn a_check_is_written_and_read_as_one_word() {
        for (check, word) in
            [(Check::None, "none"), (Check::Tar, "tar"), (Check::PgCustom, "pg-custom"), (Check::PgPlain, "pg-plain")]
        {
            assert_eq!(check.to_string(), word);
            assert_eq!(word.parse(), Ok(check));
            assert_eq!(serde_json::to_string(&check).unwrap(), format!("{word:?}"));
            assert_eq!(serde_json::from_str::<Check>(&format!("{word:?}")).unwrap(), check);
        }
        assert!("pg_custom".parse::<Check>().unwrap_err().to_string().contains("hint: write \"none\""));
    }

    #[test]
    fn without_a_check_any_content_is_good() {
        for content in [&b""[..], b"\0\xff"] {
            let mut checker = Check::None.begin();
            checker.feed(content).unwrap();
            checker.finish().unwrap();
        }
    }

    #[test]
    fn content_that_was_refused_stays_refused() {
        let mut checker = Check::PgCustom.begin();
        let error = checker.feed(b"--\n-- PostgreSQL database dump\n").unwrap_err();
        assert_eq!(checker.feed(b"PGDMP").unwrap_err(), error);
        assert_eq!(checker.finish().unwrap_err(), error);
        assert_eq!(
            error.to_string(),
            "the pg-custom check failed at byte 0: the content doesn't begin with PGDMP\n\
             hint: give pg_dump --format=custom, and let nothing else write to its output"
        );
    }
}
