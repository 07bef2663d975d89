//! Where artifacts lie: the parts of `JOB/NAME/ID`, parsed strictly, since what lies in a store is untrusted.

use std::{fmt, str::FromStr, sync::Arc};

use jiff::{Timestamp, civil, tz::TimeZone};
use watchkeeper_model::JobName;

/// What keeps the lease of a job, so that no artifact may be named so.
pub(crate) const LEASE: &str = "lease";

/// Why a text is no artifact's path, or no part of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}\nhint: {hint}")]
pub struct InvalidPath {
    text: String,
    what: &'static str,
    hint: &'static str,
}

impl InvalidPath {
    fn new(text: &str, what: &'static str, hint: &'static str) -> Self {
        let text = text.chars().filter(|c| !c.is_control()).take(160).collect();
        Self { text, what, hint }
    }
}

/// What an artifact of a job is called, such as `main`: several of a name follow one another.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArtifactName(Arc<str>);

impl ArtifactName {
    /// Checks a name: 1 to 64 of `a-z 0-9 . _ -`, the first a letter or digit; not `lease`.
    ///
    /// # Errors
    /// [`InvalidPath`].
    pub fn new(text: &str) -> Result<Self, InvalidPath> {
        let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let inner = |c: char| first(c) || matches!(c, '.' | '_' | '-');
        if text.len() <= 64 && text.starts_with(first) && text.chars().all(inner) && text != LEASE {
            Ok(Self(text.into()))
        } else {
            let hint = "use 1 to 64 lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or digit; not `lease`";
            Err(InvalidPath::new(text, "an artifact's name", hint))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which of the artifacts of a name: `YYYYMMDDTHHMMSSZ-xxxxxxxx`, when it was begun (UTC) and eight random hexadecimal digits.
/// Sorts by time.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArtifactId(Arc<str>);

impl ArtifactId {
    /// A fresh one.
    pub(crate) fn fresh(now: Timestamp) -> Self {
        let stamp = now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
        Self(format!("{stamp}-{:08x}", fastrand::u32(..)).into())
    }

    /// When the artifact was begun, to the second.
    pub fn created(&self) -> Timestamp {
        parse_created(&self.0).unwrap_or_default()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ArtifactId {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        match parse_created(text) {
            Some(_) => Ok(Self(text.into())),
            None => Err(InvalidPath::new(text, "an artifact's id", "ids look like `20260131T020000Z-0a1b2c3d`")),
        }
    }
}

fn parse_created(text: &str) -> Option<Timestamp> {
    let (stamp, random) = text.split_once('-')?;
    let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let (date, time) = stamp.strip_suffix('Z')?.split_once('T')?;
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if random.len() != 8
        || !random.chars().all(hex)
        || date.len() != 8
        || time.len() != 6
        || !digits(date)
        || !digits(time)
    {
        return None;
    }
    let number = |text: &str, range: std::ops::Range<usize>| text.get(range)?.parse::<i8>().ok();
    let date = civil::Date::new(date.get(..4)?.parse().ok()?, number(date, 4..6)?, number(date, 6..8)?).ok()?;
    let time = civil::Time::new(number(time, 0..2)?, number(time, 2..4)?, number(time, 4..6)?, 0).ok()?;
    Some(date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// One artifact: `JOB/NAME/ID`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArtifactPath {
    /// Whose it is.
    pub job: JobName,
    /// What it is called.
    pub name: ArtifactName,
    /// Which of them it is.
    pub id: ArtifactId,
}

impl ArtifactPath {
    /// When the artifact was begun, to the second.
    pub fn created(&self) -> Timestamp {
        self.id.created()
    }

    /// The path and the object's name below it, as operators see it.
    pub(crate) fn object(&self, name: &str) -> String {
        format!("{self}/{name}")
    }
}

impl FromStr for ArtifactPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let wrong = || InvalidPath::new(text, "an artifact's path", "write JOB/NAME/ID, as `backup list` prints it");
        let mut parts = text.split('/');
        let (Some(job), Some(name), Some(id), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        Ok(Self {
            job: JobName::new(job).map_err(|_| wrong())?,
            name: ArtifactName::new(name).map_err(|_| wrong())?,
            id: id.parse().map_err(|_| wrong())?,
        })
    }
}

/// Which artifacts are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prefix {
    /// All of the store.
    All,
    /// All of a job: `JOB`.
    Job(JobName),
    /// All of a job's name: `JOB/NAME`.
    Name(Scope),
}

impl Prefix {
    /// The job whose artifacts are meant, unless all are.
    pub fn job(&self) -> Option<&JobName> {
        match self {
            Self::All => None,
            Self::Job(job) => Some(job),
            Self::Name(scope) => Some(&scope.job),
        }
    }
}

impl FromStr for Prefix {
    type Err = InvalidPath;

    /// Reads ``, `JOB`, `JOB/`, `JOB/NAME` or `JOB/NAME/`.
    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let wrong = || InvalidPath::new(text, "where artifacts lie", "write JOB/ or JOB/NAME/");
        let job = |text: &str| JobName::new(text).map_err(|_| wrong());
        let inner = text.strip_suffix('/').unwrap_or(text);
        match inner.split_once('/') {
            None if text.is_empty() => Ok(Self::All),
            None => Ok(Self::Job(job(inner)?)),
            Some((first, name)) => {
                let name = ArtifactName::new(name).map_err(|_| wrong())?;
                Ok(Self::Name(Scope { job: job(first)?, name }))
            }
        }
    }
}

/// What a policy applies to: a job's artifacts of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Whose they are.
    pub job: JobName,
    /// What they are called.
    pub name: ArtifactName,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.job, self.name)
    }
}

impl fmt::Display for ArtifactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.job, self.name, self.id)
    }
}

macro_rules! text {
    ($type:ident) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(ArtifactName);
text!(ArtifactId);

impl fmt::Debug for ArtifactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_it_is_written_and_ids_sort_by_time() {
        let path: ArtifactPath = "db/main/20260131T020000Z-0a1b2c3d".parse().unwrap();
        assert_eq!(path.to_string(), "db/main/20260131T020000Z-0a1b2c3d");
        assert_eq!(path.created(), "2026-01-31T02:00:00Z".parse().unwrap());
        let earlier = ArtifactId::fresh("2026-01-31T01:59:59.9Z".parse().unwrap());
        assert!(earlier < path.id);
        assert_eq!(earlier.created(), "2026-01-31T01:59:59Z".parse().unwrap());
        assert_eq!(earlier.to_string().parse::<ArtifactId>().unwrap(), earlier);
    }

    #[test]
    fn nothing_else_is_a_path() {
        for bad in [
            "",
            "db",
            "db/main",
            "db/main/20260131T020000Z-0a1b2c3d/",
            "/db/main/20260131T020000Z-0a1b2c3d",
            "db/../20260131T020000Z-0a1b2c3d",
            "db/lease/20260131T020000Z-0a1b2c3d",
            "db/.main/20260131T020000Z-0a1b2c3d",
            "DB/main/20260131T020000Z-0a1b2c3d",
            "db/main/20260131T020000Z-0A1b2c3d",
            "db/main/20260131T020000Z-0a1b2c3",
            "db/main/20261331T020000Z-0a1b2c3d",
            "db/main/20260131T250000Z-0a1b2c3d",
            "db/main/+0260131T020000Z-0a1b2c3d",
            "db/main/2026013１T020000Z-0a1b2c3d",
        ] {
            assert!(bad.parse::<ArtifactPath>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_prefix_is_a_job_or_a_name() {
        let scope = Scope { job: JobName::new("db").unwrap(), name: ArtifactName::new("main").unwrap() };
        assert_eq!("db/main/".parse(), Ok(Prefix::Name(scope)));
        assert_eq!("db/".parse(), Ok(Prefix::Job(JobName::new("db").unwrap())));
        assert_eq!("".parse(), Ok(Prefix::All));
        for bad in ["/", "db//", "db/main/x", "../", "db/lease"] {
            assert!(bad.parse::<Prefix>().is_err(), "{bad}");
        }
    }
}
