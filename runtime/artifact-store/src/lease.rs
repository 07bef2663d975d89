//! The lease for deleting artifacts of a job: files with rising numbers, each written only where there is none yet. Whoever wrote the
//! highest holds it, until it is over by the store's clock; whoever finds a higher one than its own has lost it. So it can't be held
//! for ever by who died, and who was held up for too long can't go on deleting.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use jiff::Timestamp;
use object_store::PutMode;
use serde::{Deserialize, Serialize};
use watchkeeper_model::JobName;

use crate::{StoreError, backend::Backend, path};

/// How long a lease lasts.
const TERM: Duration = Duration::from_secs(600);
/// It is renewed once it has less left than this.
const MARGIN: Duration = Duration::from_secs(180);
/// Numbers of leases that are over are kept for this long: lists that lag less than this still show one of the last.
const KEPT: Duration = Duration::from_secs(3600);
const LIMIT: u64 = 64 << 10;
/// How often a number is lost to somebody else before that is an answer.
const TRIES: usize = 8;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    holder: String,
    until: Timestamp,
}

/// A lease that is held.
pub(crate) struct Lease<'a> {
    backend: &'a Backend,
    job: JobName,
    holder: String,
    epoch: u64,
    taken: Instant,
    /// The store's time when it was taken.
    now: Timestamp,
}

impl<'a> Lease<'a> {
    /// Takes the lease of a job.
    ///
    /// # Errors
    /// [`StoreError::Leased`] while somebody else holds it; the store's own.
    pub(crate) async fn take(backend: &'a Backend, job: &JobName, holder: &str) -> Result<Self, StoreError> {
        let mut last = last_listed(backend, job).await?;
        for _ in 0..TRIES {
            let (highest, held) = walk(backend, job, last).await?;
            let others = held.filter(|(record, _)| record.holder != holder);
            if let Some((record, written)) = &others {
                refuse_while_held(job, record, *written, Timestamp::now())?;
            }
            let epoch = highest + 1;
            let taken = Instant::now();
            let Some(now) = write(backend, job, epoch, holder).await? else {
                last = epoch;
                continue;
            };
            let lease = Self { backend, job: job.clone(), holder: holder.to_owned(), epoch, taken, now };
            // By the store's clock it may be somebody's yet, where this machine's is ahead.
            if let Some((record, written)) = &others
                && let Err(held) = refuse_while_held(job, record, *written, now)
            {
                backend.delete(&object(job, epoch)).await?;
                return Err(held);
            }
            lease.forget_old(last).await?;
            return Ok(lease);
        }
        Err(StoreError::Fenced { job: job.clone(), why: "others take it all the time".to_owned() })
    }

    /// The store's time when it was taken.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Makes sure that it is held, and for long enough to delete one artifact.
    ///
    /// # Errors
    /// [`StoreError::Fenced`].
    pub(crate) async fn confirm(&mut self) -> Result<(), StoreError> {
        let fenced = |why: &str| StoreError::Fenced { job: self.job.clone(), why: why.to_owned() };
        let left = TERM.saturating_sub(self.taken.elapsed());
        if left.is_zero() {
            return Err(fenced("it ended"));
        }
        if self.backend.find(&object(&self.job, self.epoch + 1)).await?.is_some() {
            return Err(fenced("somebody else took it"));
        }
        if left < MARGIN {
            let taken = Instant::now();
            let Some(now) = write(self.backend, &self.job, self.epoch + 1, &self.holder).await? else {
                return Err(fenced("somebody else took it"));
            };
            (self.epoch, self.taken, self.now) = (self.epoch + 1, taken, now);
        }
        Ok(())
    }

    /// Ends it at once, so that nobody waits for it. Where that fails it ends by itself.
    pub(crate) async fn release(self) {
        let record = Record { holder: self.holder, until: self.now };
        let object = object(&self.job, self.epoch);
        if let Ok(bytes) = serde_json::to_vec(&record)
            && let Err(error) = self.backend.put(&object, bytes.into(), PutMode::Overwrite).await
        {
            tracing::warn!(job = %self.job, %error, "the lease for deleting ends later than it could");
        }
    }

    /// Removes numbers below the last that was listed, once no list can need them.
    async fn forget_old(&self, last: u64) -> Result<(), StoreError> {
        let mut listed = std::pin::pin!(self.backend.list(&folder(&self.job)));
        while let Some((name, found)) = listed.try_next().await? {
            let old = self.now.duration_since(found.written).unsigned_abs() > KEPT && found.written < self.now;
            if old && epoch_of(&name).is_some_and(|epoch| epoch < last) {
                self.backend.delete(&name).await?;
            }
        }
        Ok(())
    }
}

/// The highest number that a list shows; 0 where it shows none.
async fn last_listed(backend: &Backend, job: &JobName) -> Result<u64, StoreError> {
    let mut last = 0;
    let mut listed = std::pin::pin!(backend.list(&folder(job)));
    while let Some((name, _)) = listed.try_next().await? {
        last = last.max(epoch_of(&name).unwrap_or_default());
    }
    Ok(last)
}

/// Goes on from a number to the highest that there is, and says what stands there and when it was written.
async fn walk(backend: &Backend, job: &JobName, from: u64) -> Result<(u64, Option<(Record, Timestamp)>), StoreError> {
    let (mut epoch, mut held) = (from, read(backend, job, from).await?);
    while let Some(next) = read(backend, job, epoch + 1).await? {
        (epoch, held) = (epoch + 1, Some(next));
    }
    Ok((epoch, held))
}

async fn read(backend: &Backend, job: &JobName, epoch: u64) -> Result<Option<(Record, Timestamp)>, StoreError> {
    let object = object(job, epoch);
    let Some(found) = backend.find(&object).await? else { return Ok(None) };
    let bytes = backend.read(&object, LIMIT).await?.unwrap_or_default();
    // What can't be read is held until its term is over.
    let unknown = Record { holder: "somebody unknown".to_owned(), until: Timestamp::MAX };
    Ok(Some((serde_json::from_slice(&bytes).unwrap_or(unknown), found.written)))
}

/// Writes a number, and gives the store's time. None where somebody else has it.
async fn write(backend: &Backend, job: &JobName, epoch: u64, holder: &str) -> Result<Option<Timestamp>, StoreError> {
    let object = object(job, epoch);
    let failed = |why: String| backend.unavailable(format!("writing {object}"), why);
    let record = Record { holder: holder.to_owned(), until: Timestamp::now() + TERM };
    let bytes = serde_json::to_vec(&record).map_err(|error| failed(error.to_string()))?;
    if !backend.create(&object, bytes.into()).await? {
        return Ok(None);
    }
    match backend.find(&object).await? {
        Some(found) => Ok(Some(found.written)),
        None => Err(failed("the store took it, and doesn't have it".to_owned())),
    }
}

/// A lease lasts as it says, but no longer than a term from when the store has it.
fn refuse_while_held(job: &JobName, record: &Record, written: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let until = record.until.min(written.saturating_add(TERM).unwrap_or(written));
    if until <= now {
        return Ok(());
    }
    let holder = record.holder.chars().filter(|c| !c.is_control()).take(80).collect();
    Err(StoreError::Leased { job: job.clone(), holder, until })
}

fn folder(job: &JobName) -> String {
    format!("{job}/{}", path::LEASE)
}

fn object(job: &JobName, epoch: u64) -> String {
    format!("{}/{epoch:010}.json", folder(job))
}

fn epoch_of(object: &str) -> Option<u64> {
    let (_, file) = object.rsplit_once('/')?;
    let digits = file.strip_suffix(".json")?;
    (digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}
