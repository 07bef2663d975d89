//! Backs up a Prometheus server: has it make a snapshot of all its blocks ([`snapshot`]), stores that as an archive by the shape that
//! all backups share, and has it removed again ([`removal`]), whatever came of it.
//!
//! Nothing here knows where the snapshot lies on disk, or can delete anything: the operator's tree and command do.

mod config;
mod removal;
mod snapshot;
#[cfg(test)]
mod tests;

use watchkeeper_sdk::{
    artifacts::Check,
    backup::{self, Backups},
    prelude::*,
};

use crate::{config::Config, removal::Removal, snapshot::Snapshot};

/// The artifact's name.
const NAME: &str = "prometheus";

#[derive(Metrics)]
struct Metrics {
    #[metric(flatten)]
    backup: backup::Metrics,
    /// Blocks in the newest backup.
    prometheus_backup_blocks: Gauge,
    /// Snapshots older than a day that lie in Prometheus' data folder and that nobody removed.
    prometheus_backup_leftover_snapshots: Gauge,
}

#[plugin]
async fn run(config: Config, metrics: &Metrics) -> Result<String> {
    let settings = backup::Settings { minimum_size: config.minimum_size, read_back: config.read_back };
    let mut backups = Backups::new(settings, &metrics.backup);
    let removal = Removal::new(&config.remove_command);
    let leftovers = removal::leftovers(&config.tree, clock::now()).await?;
    // Before the snapshot is made: what they hold may be the room that it needs.
    let left = removal.clear(leftovers, config.remove_leftovers, &mut backups).await;
    metrics.prometheus_backup_leftover_snapshots.set([], left);

    let mut taken: Option<Snapshot> = None;
    let made = backups.make(NAME, Check::Tar, async || snapshot::produce(&config, &mut taken).await).await;
    if let Some(snapshot) = taken {
        removal.remove(&snapshot.name, &mut backups).await;
        if made.is_some() {
            metrics.prometheus_backup_blocks.set([], snapshot.blocks);
        }
    }
    backups.finish()
}
