//! Files that changed while they were read, by name.

use rustix::fs::Stat;

/// How many are named.
const NAMED: usize = 100;

/// The first of them.
#[derive(Debug, Default)]
pub(crate) struct Changed(Vec<String>);

impl Changed {
    /// One more, by its path for people.
    pub(crate) fn note(&mut self, path: impl FnOnce() -> String) {
        if self.0.len() < NAMED {
            self.0.push(path());
        }
    }

    pub(crate) fn into_names(self) -> Vec<String> {
        self.0
    }
}

/// What moves when a file is written: its size and its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    size: i128,
    modified: (i128, i128),
    changed: (i128, i128),
}

impl From<&Stat> for Version {
    fn from(stat: &Stat) -> Self {
        Self {
            size: stat.st_size.into(),
            modified: (stat.st_mtime.into(), stat.st_mtime_nsec.into()),
            changed: (stat.st_ctime.into(), stat.st_ctime_nsec.into()),
        }
    }
}
