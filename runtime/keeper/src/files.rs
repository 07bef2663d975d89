//! Which files changed, and whether they rest: a file counts once its fingerprint has stayed the same for a while, so that
//! a slow writer is never read half-way. Reads no content.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use watchkeeper_config::{Fingerprint, fingerprint};

/// How long a file must stay as it is.
pub(crate) const REST: Duration = Duration::from_millis(500);

/// What is known of each file that was looked at.
#[derive(Default)]
pub(crate) struct Files {
    seen: BTreeMap<PathBuf, Seen>,
}

struct Seen {
    /// None: there is no such file.
    fingerprint: Option<Fingerprint>,
    since: Instant,
    /// What was last acted upon.
    handled: Option<Option<Fingerprint>>,
}

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// As it was when it was last handled.
    Unchanged,
    /// Changed, and still so for this long before it counts.
    Resting(Duration),
    /// Changed, and at rest: there is such a file.
    Changed,
    /// At rest, and gone.
    Gone,
}

impl Files {
    /// Looks at a file. One that is first seen and whose last change is old enough rests already.
    pub(crate) fn look(&mut self, path: &Path) -> Look {
        let now = Instant::now();
        let found = fingerprint(path).ok();
        let seen = self.seen.entry(path.to_owned()).or_insert_with(|| Seen {
            fingerprint: found,
            since: if is_old(found) { now.checked_sub(REST).unwrap_or(now) } else { now },
            handled: None,
        });
        if seen.fingerprint != found {
            seen.fingerprint = found;
            seen.since = now;
        }
        let rested = now.duration_since(seen.since);
        match (seen.handled == Some(found), found) {
            (true, _) => Look::Unchanged,
            (false, _) if rested < REST => Look::Resting(REST.saturating_sub(rested)),
            (false, Some(_)) => Look::Changed,
            (false, None) => Look::Gone,
        }
    }

    /// Whether what was read is what came to rest: else the file changed in between.
    pub(crate) fn rested_as(&self, path: &Path, read: Fingerprint) -> bool {
        self.seen.get(path).is_some_and(|seen| seen.fingerprint == Some(read))
    }

    /// The file was acted upon as it was last looked at.
    pub(crate) fn handled(&mut self, path: &Path) {
        if let Some(seen) = self.seen.get_mut(path) {
            seen.handled = Some(seen.fingerprint);
        }
    }

    /// The file was read with this fingerprint.
    pub(crate) fn handled_as(&mut self, path: &Path, read: Fingerprint) {
        if let Some(seen) = self.seen.get_mut(path) {
            seen.handled = Some(Some(read));
        }
    }

    /// Looks at the file afresh next time, as if it had changed.
    pub(crate) fn again(&mut self, path: &Path) {
        if let Some(seen) = self.seen.get_mut(path) {
            seen.handled = None;
        }
    }

    /// Drops what is known of files that matter no more.
    pub(crate) fn keep(&mut self, matter: &BTreeSet<PathBuf>) {
        self.seen.retain(|path, _| matter.contains(path));
    }
}

fn is_old(fingerprint: Option<Fingerprint>) -> bool {
    let Some(fingerprint) = fingerprint else { return true };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    i128::try_from(now).is_ok_and(|now| now - fingerprint.mtime_ns > REST.as_nanos() as i128)
}

#[cfg(test)]
mod tests {
    use std::{fs, fs::FileTimes};

    use super::*;

    fn old_file(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        let times = FileTimes::new().set_modified(SystemTime::now() - Duration::from_secs(10));
        fs::File::options().write(true).open(path).unwrap().set_times(times).unwrap();
    }

    #[test]
    fn an_old_file_counts_at_once_and_a_fresh_one_rests_first() {
        let folder = tempfile::tempdir().unwrap();
        let (old, fresh) = (folder.path().join("old"), folder.path().join("fresh"));
        old_file(&old, "a");
        fs::write(&fresh, "b").unwrap();
        let mut files = Files::default();
        assert_eq!(files.look(&old), Look::Changed);
        assert!(matches!(files.look(&fresh), Look::Resting(_)));
        files.handled(&old);
        assert_eq!(files.look(&old), Look::Unchanged);
    }

    #[test]
    fn every_change_starts_the_rest_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job");
        old_file(&path, "a");
        let mut files = Files::default();
        files.look(&path);
        files.handled(&path);
        fs::write(&path, "ab").unwrap();
        assert!(matches!(files.look(&path), Look::Resting(_)));
        fs::remove_file(&path).unwrap();
        assert!(matches!(files.look(&path), Look::Resting(_)));
    }

    #[test]
    fn what_changes_between_the_look_and_the_reading_has_not_rested() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job");
        old_file(&path, "a");
        let mut files = Files::default();
        assert_eq!(files.look(&path), Look::Changed);
        assert!(files.rested_as(&path, fingerprint(&path).unwrap()));
        fs::write(&path, "half of a longer te").unwrap();
        assert!(!files.rested_as(&path, fingerprint(&path).unwrap()));
    }

    #[test]
    fn a_file_that_was_put_back_is_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let (path, aside) = (folder.path().join("job"), folder.path().join("aside"));
        old_file(&path, "a");
        let mut files = Files::default();
        files.look(&path);
        files.handled(&path);
        fs::rename(&path, &aside).unwrap();
        assert!(matches!(files.look(&path), Look::Resting(_)));
        fs::rename(&aside, &path).unwrap();
        assert_eq!(files.look(&path), Look::Unchanged);
    }
}
