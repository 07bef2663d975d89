//! Backs up trees of files: configuration, contracts, whatever the operator named. The host packs them and never leaves the tree; here is
//! only which ones, and what is made of files that changed meanwhile: an archive of them is no state that they ever had.

mod config;
#[cfg(test)]
mod tests;

use std::{cell::RefCell, rc::Rc};

use watchkeeper_sdk::{
    artifacts::Check,
    backup::{self, Backups, Settings, Source},
    files::Packed,
    metrics::Families,
    prelude::*,
};

use crate::config::{Config, Tree};

/// Changed files that a message names.
const NAMED: usize = 10;

#[derive(Metrics)]
struct Metrics {
    #[metric(flatten)]
    backup: backup::Metrics,
    #[metric(flatten)]
    files: FilesMetrics,
}

/// What archives hold.
#[derive(Metrics)]
#[metric(prefix = "files_backup", labels("backup"))]
struct FilesMetrics {
    /// Regular files in the newest archive.
    files: Gauge<1>,
    /// Sockets, pipes and devices that were left out of it.
    skipped_files: Gauge<1>,
    /// Files that changed while they were read, at most 100. More than 0 only with `allow_changes`.
    changed_files: Gauge<1>,
}

/// What a job shows, once its config is right.
struct Job {
    metrics: Metrics,
}

impl MetricSet<Config> for Job {
    fn declare(config: &Config, families: &mut Families) -> Result<Self, String> {
        check(&config.trees)?;
        Ok(Self { metrics: MetricSet::<Config>::declare(config, families)? })
    }
}

#[plugin]
async fn run(config: Config, job: &Job) -> Result<String> {
    let settings = Settings { minimum_size: config.minimum_size, read_back: config.read_back };
    let mut backups = Backups::new(settings, &job.metrics.backup);
    for tree in &config.trees {
        let seen = Rc::new(RefCell::new(Packed::default()));
        let pack = async || {
            let archive = files::pack(&tree.tree, &tree.folder).await?;
            let (seen, allowed) = (Rc::clone(&seen), config.allow_changes);
            let complete = async move {
                let packed = archive.ended.await?;
                seen.replace(packed.clone());
                if allowed || packed.changed.is_empty() { Ok(()) } else { Err(changed(&packed)) }
            };
            Ok(Source::new(archive.tar, complete).note("tree", &tree.tree).note("folder", &tree.folder))
        };
        if backups.make(tree.name(), Check::Tar, pack).await.is_some() {
            job.metrics.files.show(tree.name(), &seen.borrow());
        }
    }
    backups.finish()
}

impl FilesMetrics {
    fn show(&self, name: &str, packed: &Packed) {
        if !packed.changed.is_empty() {
            warn!(backup = name, "{}", names(packed));
        }
        self.files.set([name], packed.files);
        self.skipped_files.set([name], packed.skipped);
        self.changed_files.set([name], packed.changed.len());
    }
}

fn changed(packed: &Packed) -> Error {
    Error::failed(format!("{}\nhint: stop who writes them meanwhile, or set `allow_changes = true`", names(packed)))
}

fn names(packed: &Packed) -> String {
    let named: Vec<String> = packed.changed.iter().take(NAMED).map(|name| format!("{name:?}")).collect();
    let more = match packed.changed.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("changed while they were read: {}{more}", named.join(", "))
}

/// Every artifact has a name of its own that a store can hold.
fn check(trees: &[Tree]) -> Result<(), String> {
    if trees.is_empty() {
        return Err("key `trees`: no tree".to_owned());
    }
    for (place, tree) in trees.iter().enumerate() {
        let name = tree.name();
        let wrong = |what: &str| format!("key `trees[{place}]`: `{name}` {what}\nhint: give it a `name`");
        if !artifacts::is_name(name) {
            return Err(wrong("can't be an artifact's name: lower-case letters, digits, `.`, `_` and `-`"));
        }
        if trees.iter().take(place).any(|other| other.name() == name) {
            return Err(wrong("is there twice"));
        }
    }
    Ok(())
}
