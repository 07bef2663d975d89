//! Retention as artifacts pile up: deciding alone, and with the names read from a store.

use std::{fs, time::Duration};

use anyhow::Result;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use tempfile::TempDir;
use watchkeeper_artifact_store::{ArtifactPath, Candidate, Policy, Scope, Store, plan};
use watchkeeper_config::ArtifactStoreSettings;

use crate::report::{Peer, Ratio, Report, Row};

const FEW: usize = 10_000;
const MANY: usize = 100_000;

/// # Errors
/// The disk takes no 200,000 small files.
pub(crate) fn measure(report: &mut Report) -> Result<()> {
    let policy: Policy =
        toml::from_str("keep_last = 10\nkeep_daily = 30\nkeep_weekly = 20\nkeep_monthly = 24\nkeep_yearly = 5")?;
    let now = Timestamp::UNIX_EPOCH + 60 * 365 * 24.hours();
    let each = |count: usize| -> Result<f64> {
        let candidates = candidates(count, now)?;
        let best = (0..5).map(|_| time(|| plan(&candidates, &policy, now)).1).min().unwrap_or_default();
        Ok(best.as_secs_f64() * 1e6 / count as f64)
    };
    let few = each(FEW)?;
    report.add(Row {
        name: "retention_plan_100k".into(),
        what: "deciding what to keep among 100,000 artifacts, for each".into(),
        value: each(MANY)?,
        unit: "µs",
        peer: Some(Peer { name: "among 10,000".into(), value: few, ratio: Ratio::OursOverTheirs }),
        how: "best of 5; n log n would make it 1.25 of theirs".into(),
    });

    let folder = TempDir::new()?;
    let candidates = candidates(MANY, now)?;
    for Candidate { path, .. } in &candidates {
        let place = folder.path().join(path.to_string());
        fs::create_dir_all(&place)?;
        fs::write(place.join("manifest.json"), "")?;
        fs::write(place.join("content.zst"), "")?;
    }
    let url = url::Url::parse(&format!("file://{}", folder.path().display()))?;
    let settings =
        ArtifactStoreSettings { url, options: Default::default(), recipients: Vec::new(), identity_file: None };
    let store = Store::open("bench", &settings)?;
    let path: &ArtifactPath =
        &candidates.first().map(|first| first.path.clone()).ok_or_else(|| anyhow::anyhow!("no artifact"))?;
    let scope = Scope { job: path.job.clone(), name: path.name.clone() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (_warm, _) = time(|| count_files(folder.path()));
    let (listed, theirs) = time(|| count_files(folder.path()));
    let (planned, ours) = time(|| runtime.block_on(store.retain(&scope, &policy, true, "bench")));
    let planned = planned?;
    report.add(Row {
        name: "retention_dry_run_100k".into(),
        what: format!("the whole of it: listing {listed} objects and deciding; {} would go", planned.delete.len()),
        value: ours.as_secs_f64() * 1e3,
        unit: "ms",
        peer: Some(Peer {
            name: "walking the folder".into(),
            value: theirs.as_secs_f64() * 1e3,
            ratio: Ratio::OursOverTheirs,
        }),
        how: "once, the folder in memory".into(),
    });
    Ok(())
}

/// One an hour, the oldest first; each tenth verified.
fn candidates(count: usize, now: Timestamp) -> Result<Vec<Candidate>> {
    let path = |hours: usize| -> Result<ArtifactPath> {
        let at = now - i64::try_from(hours)?.hours();
        let stamp = at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
        Ok(format!("db/main/{stamp}-{hours:08x}").parse()?)
    };
    (0..count)
        .rev()
        .map(|hours| {
            let path = path(hours)?;
            Ok(Candidate { created: path.created(), path, verified: hours % 10 == 0 })
        })
        .collect()
}

fn time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = std::time::Instant::now();
    let done = work();
    (done, begun.elapsed())
}

fn count_files(folder: &std::path::Path) -> usize {
    let mut folders = vec![folder.to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(_) => files += 1,
                Err(_) => {}
            }
        }
    }
    files
}
