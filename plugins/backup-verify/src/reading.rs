//! Reads a part of every artifact of a target back. Which part is decided by the day alone, so that a missed day is a part that
//! `catch_up` makes up for, and a try again reads the same.

use std::time::Duration;

use watchkeeper_sdk::{
    artifacts::{Artifact, Error as StoreError, Mark},
    backup::{Report, show_bytes},
    context::Trigger,
    prelude::*,
};

const DAY: u64 = 86_400;

/// What reading back shows.
#[derive(Metrics)]
#[metric(prefix = "backup_verify", labels("target"))]
pub(crate) struct Metrics {
    /// Artifacts of which a part was read back.
    artifacts: Gauge<1>,
    /// Artifacts that were never read back whole.
    unverified_artifacts: Gauge<1>,
    /// Bytes that were read back, as they are stored.
    #[metric(unit = "bytes")]
    read_bytes: Gauge<1>,
    /// In how many days all is read once.
    parts: Gauge<1>,
    /// When that artifact was last read back whole for which it is longest ago. Absent while there is one that never was.
    #[metric(unit = "seconds")]
    oldest_verified_timestamp_seconds: Gauge<1>,
}

/// Which part of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    number: u32,
    of: u32,
}

impl Part {
    /// That of the day that the schedule's due time is on, or of today where no schedule started the run.
    pub(crate) fn of_run(parts: u32) -> Self {
        let now = match context::trigger() {
            Trigger::Schedule(nominal) => nominal,
            _ => clock::now(),
        };
        let number = (now.as_secs() / DAY) % u64::from(parts.max(1));
        Self { number: u32::try_from(number).unwrap_or(0), of: parts.max(1) }
    }
}

/// What was found of a target.
#[derive(Default)]
struct Found {
    artifacts: u64,
    bytes: u64,
    unverified: u64,
    /// Each one's last whole reading.
    oldest: Option<Duration>,
}

/// Reads the part of each artifact. What is wrong with one of them is in the report, and leaves the others be.
///
/// # Errors
/// There is no artifact, or the store doesn't answer.
pub(crate) async fn read_back(target: &str, part: Part, metrics: &Metrics, report: &mut Report) -> Result<()> {
    let artifacts = artifacts::entries(&format!("{target}/"), u32::MAX).await?;
    if artifacts.is_empty() {
        return Err(Error::failed("there is no artifact"));
    }
    let mut found = Found::default();
    for (done, artifact) in (0_u64..).zip(&artifacts) {
        context::progress(&format!("reading {target}"), done, Some(artifacts.len() as u64));
        match artifacts::verify(&artifact.path, part.number, part.of).await {
            Ok(reading) => found.add(artifact, reading.bytes, reading.verified),
            Err(error @ StoreError::Unavailable(_)) => return Err(error.into()),
            Err(error) => {
                let gone = matches!(error, StoreError::NotFound(_)) && is_gone(artifact).await?;
                if !gone {
                    report.problem(artifact.path.clone(), error);
                }
            }
        }
    }
    found.show(target, part, metrics);
    report.done(format!(
        "read part {} of {} of {} artifacts of {target}, {}",
        part.number + 1,
        part.of,
        found.artifacts,
        show_bytes(found.bytes)
    ));
    Ok(())
}

/// Whether an artifact was deleted since it was listed. One that is still listed and can't be found isn't.
async fn is_gone(artifact: &Artifact) -> Result<bool> {
    let Some((name, _)) = artifact.path.rsplit_once('/') else { return Ok(false) };
    let now = artifacts::entries(&format!("{name}/"), u32::MAX).await?;
    Ok(now.iter().all(|other| other.path != artifact.path))
}

impl Found {
    fn add(&mut self, artifact: &Artifact, bytes: u64, verified: bool) {
        self.artifacts += 1;
        self.bytes += bytes;
        let at = if verified { Some(clock::now()) } else { artifact.marked(Mark::VERIFIED) };
        match (at, self.oldest) {
            (Some(at), Some(oldest)) => self.oldest = Some(oldest.min(at)),
            (Some(at), None) => self.oldest = Some(at),
            (None, _) => self.unverified += 1,
        }
    }

    fn show(&self, target: &str, part: Part, metrics: &Metrics) {
        metrics.artifacts.set([target], self.artifacts);
        metrics.unverified_artifacts.set([target], self.unverified);
        metrics.read_bytes.set([target], self.bytes);
        metrics.parts.set([target], part.of);
        if let (0, Some(oldest)) = (self.unverified, self.oldest) {
            metrics.oldest_verified_timestamp_seconds.set([target], oldest);
        }
    }
}
