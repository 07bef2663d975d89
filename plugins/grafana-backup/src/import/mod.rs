//! From the store into Grafana. A backup is read whole and held against its manifest before anything is touched; then it is read again,
//! and each object is brought back by itself: one that can't be is said, and the others are brought back.

mod objects;
mod reading;
mod report;

use watchkeeper_sdk::{artifacts::Artifact, fail, prelude::*};

use self::{objects::Import, reading::Reading};
use crate::{Metrics, api::Grafana, config::Which};

pub(crate) async fn run(
    grafana: &Grafana,
    which: &Which,
    overwrite: bool,
    dry_run: bool,
    metrics: &Metrics,
) -> Result<String> {
    let path = match which {
        Which::Path(path) => path.clone(),
        Which::Newest(prefix) => newest(prefix).await?,
    };
    context::progress(&format!("checking {path}"), 0, None);
    let manifest = reading::check(&path).await?;
    context::progress(&format!("importing {path}"), 0, None);
    let mut import = Import::new(grafana, &path, overwrite, dry_run);
    let mut reading = Reading::open(&path).await?;
    while let Some((entry, content)) = reading.next().await? {
        import.take(&entry, content).await?;
    }
    let whole = import.is_whole();
    let done = import.finish(&manifest, metrics)?;
    if whole && let Err(error) = artifacts::mark_restored(&path).await {
        warn!("{path} can't be marked as restored: {error}");
    }
    Ok(done)
}

async fn newest(prefix: &str) -> Result<String> {
    match artifacts::entries(prefix, 1).await?.pop() {
        Some(Artifact { path, .. }) => Ok(path),
        None => fail!("there is no backup below {prefix}"),
    }
}
