//! How snapshots go away: by the operator's command. And which ones were left behind.

use std::time::Duration;

use jiff::{civil::DateTime, tz::TimeZone};
use watchkeeper_sdk::{backup::Backups, prelude::*};

/// A snapshot that is older was left behind.
const DAY: Duration = Duration::from_secs(86_400);

/// The snapshots in a tree that are older than a day by their names, the oldest first.
pub(crate) async fn leftovers(tree: &str, now: Duration) -> Result<Vec<String>> {
    let mut entries = match files::entries(tree, "").await {
        // Prometheus makes the folder with its first snapshot.
        Err(files::Error::NotFound(_)) => return Ok(Vec::new()),
        entries => entries?,
    };
    entries.retain(|name| made_at(name).is_some_and(|at| now.saturating_sub(at) > DAY));
    entries.sort_unstable();
    Ok(entries)
}

/// When a snapshot was made, by its name: `20260727T101500Z-4ddb8b1ab1b7de7e`.
fn made_at(name: &str) -> Option<Duration> {
    let (time, random) = name.split_once('-')?;
    if !(1..=16).contains(&random.len()) || !random.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?;
    let seconds = time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// The operator's command.
pub(crate) struct Removal<'a> {
    command: &'a str,
}

impl<'a> Removal<'a> {
    pub(crate) fn new(command: &'a str) -> Self {
        Self { command }
    }

    /// Says what was left behind, and removes it where the operator wants that; how many are left.
    pub(crate) async fn clear(&self, leftovers: Vec<String>, remove: bool, backups: &mut Backups<'_>) -> usize {
        if !leftovers.is_empty() && !remove {
            let names = leftovers.join(", ");
            warn!("snapshots older than a day: {names}\nhint: remove them, or set `remove_leftovers = true`");
            backups.note(format!("{} snapshots left behind", leftovers.len()));
            return leftovers.len();
        }
        let mut left = 0;
        for snapshot in &leftovers {
            match self.remove(snapshot, backups).await {
                true => info!(snapshot = snapshot, "removed: it was older than a day"),
                false => left += 1,
            }
        }
        left
    }

    /// Removes a snapshot; whether it is gone. One that isn't fails the run: they pile up and fill the disk.
    pub(crate) async fn remove(&self, snapshot: &str, backups: &mut Backups<'_>) -> bool {
        match self.try_remove(snapshot).await {
            Ok(()) => true,
            Err(command::Error::DryRun(_)) => {
                backups.note(format!("would remove snapshot {snapshot}"));
                false
            }
            Err(error) => {
                backups.problem(format!("snapshot {snapshot} isn't removed"), error);
                false
            }
        }
    }

    async fn try_remove(&self, snapshot: &str) -> Result<(), command::Error> {
        command::run(self.command, &[("snapshot", snapshot)], None).await?.output().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshots_name_tells_when_it_was_made() {
        let at = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(made_at("20231114T221320Z-4ddb8b1ab1b7de7e"), at(1_700_000_000));
        assert_eq!(made_at("20240229T000000Z-1"), at(1_709_164_800));
        for other in [
            "20231114T221320Z",
            "20231114T221320Z-",
            "20231314T221320Z-1",
            "20231114T221320Z-xyz",
            "2023-11",
            "keep-me",
        ] {
            assert_eq!(made_at(other), None, "{other}");
        }
    }
}
