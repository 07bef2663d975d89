//! `upload.json`: an artifact that is being written. It is there before any byte is, and goes after the manifest came, so that what a
//! killed process left can be told from what is on its way, and be thrown away.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use object_store::PutMode;
use serde::{Deserialize, Serialize};

use crate::{
    ArtifactPath, StoreError,
    backend::{Backend, UploadId},
    manifest::{ENCRYPTED_OBJECT, MANIFEST, PLAIN_OBJECT},
};

pub(crate) const UPLOAD: &str = "upload.json";
/// How long an upload counts as running after its last sign of life.
pub(crate) const LEASE: Duration = Duration::from_secs(600);
/// How often it gives one.
const RENEWAL: Duration = Duration::from_secs(120);
/// How much of the lease must be left for the manifest to be written.
const MARGIN: Duration = Duration::from_secs(120);
/// The most bytes of `upload.json`.
const LIMIT: u64 = 64 << 10;

/// What `upload.json` holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UploadRecord {
    pub(crate) started: Timestamp,
    /// By the store's clock. After it, whoever finds no manifest may throw all of it away.
    pub(crate) lease_until: Timestamp,
    pub(crate) multipart: Option<Multipart>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Multipart {
    pub(crate) id: UploadId,
}

impl UploadRecord {
    /// What nobody is writing any more.
    pub(crate) fn over() -> Self {
        Self { started: Timestamp::MIN, lease_until: Timestamp::MIN, multipart: None }
    }
}

/// An upload that this process has begun.
pub(crate) struct Upload {
    path: ArtifactPath,
    object: &'static str,
    record: UploadRecord,
    /// What the store's clock is ahead of this machine's.
    ahead: SignedDuration,
    renewed: Instant,
    tried: Instant,
}

impl Upload {
    /// Tells the store that `object` of an artifact is about to come.
    pub(crate) async fn begin(backend: &Backend, path: ArtifactPath, object: &'static str) -> Result<Self, StoreError> {
        let now = Timestamp::now();
        let record = UploadRecord { started: now, lease_until: now + LEASE, multipart: None };
        let begun = Instant::now();
        let mut upload = Self { path, object, record, ahead: SignedDuration::ZERO, renewed: begun, tried: begun };
        upload.write(backend).await?;
        if let Some(found) = backend.find(&upload.record_object()).await? {
            let ahead = found.written.duration_since(now);
            // A difference that neither the lease nor anybody would notice.
            if ahead.abs() > SignedDuration::from_secs(30) {
                upload.ahead = ahead;
                upload.renew(backend).await?;
            }
        }
        Ok(upload)
    }

    /// The content's object below the store's prefix.
    pub(crate) fn content(&self) -> String {
        self.path.object(self.object)
    }

    /// Begins to write the content in parts.
    pub(crate) async fn begin_parts(&mut self, backend: &Backend) -> Result<UploadId, StoreError> {
        let id = backend.begin_parts(&self.content()).await?;
        self.record.multipart = Some(Multipart { id: id.clone() });
        self.renew(backend).await?;
        Ok(id)
    }

    /// A sign of life.
    pub(crate) async fn renew(&mut self, backend: &Backend) -> Result<(), StoreError> {
        self.tried = Instant::now();
        let renewed = self.tried;
        let now = Timestamp::now();
        self.record.lease_until = now.saturating_add(self.ahead).unwrap_or(now).saturating_add(LEASE).unwrap_or(now);
        self.write(backend).await?;
        self.renewed = renewed;
        Ok(())
    }

    /// Waits for something, with a sign of life now and then. One that fails is tried again, as long as the lease lasts.
    pub(crate) async fn keep_alive<T>(&mut self, backend: &Backend, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = self.renewal_due() => self.try_renew(backend).await,
            }
        }
    }

    /// Resolves when the next sign of life is due.
    pub(crate) fn renewal_due(&self) -> impl Future<Output = ()> + use<> {
        let since = self.tried.elapsed();
        tokio::time::sleep(RENEWAL.saturating_sub(since))
    }

    pub(crate) async fn try_renew(&mut self, backend: &Backend) {
        if let Err(error) = self.renew(backend).await {
            tracing::warn!(artifact = %self.path, %error, "can't tell the store that an upload goes on");
        }
    }

    /// Makes sure that nobody may have thrown it away meanwhile, which somebody may once its lease is over.
    pub(crate) async fn confirm(&mut self, backend: &Backend) -> Result<(), StoreError> {
        if self.renewed.elapsed() + MARGIN > LEASE || backend.find(&self.record_object()).await?.is_none() {
            let doing = format!("storing {}", self.path);
            return Err(backend.unavailable(doing, "it was held up for so long that somebody may have cleaned it away"));
        }
        Ok(())
    }

    /// The artifact is there: it is no upload any more. What can't be removed is removed by a later cleaning.
    pub(crate) async fn finish(&self, backend: &Backend) {
        if let Err(error) = backend.delete(&self.record_object()).await {
            tracing::warn!(artifact = %self.path, %error, "a stored artifact still counts as being written");
        }
    }

    /// Throws away all that came of it.
    pub(crate) async fn undo(&self, backend: &Backend) {
        if let Err(error) = discard(backend, &self.path, &self.record).await {
            tracing::warn!(artifact = %self.path, %error, "what was left of it could not be removed, and is left to a later cleaning");
        }
    }

    async fn write(&self, backend: &Backend) -> Result<(), StoreError> {
        let object = self.record_object();
        let text =
            serde_json::to_vec(&self.record).map_err(|error| backend.unavailable(&*object, error.to_string()))?;
        backend.put(&object, text.into(), PutMode::Overwrite).await
    }

    fn record_object(&self) -> String {
        self.path.object(UPLOAD)
    }
}

/// What `upload.json` of an artifact says; none where there is none. One that can't be read says nothing but that it is over.
pub(crate) async fn read_record(backend: &Backend, path: &ArtifactPath) -> Result<Option<UploadRecord>, StoreError> {
    let bytes = match backend.read(&path.object(UPLOAD), LIMIT).await {
        Err(StoreError::Corrupt { .. }) => Some(bytes::Bytes::new()),
        bytes => bytes?,
    };
    Ok(bytes.map(|bytes| serde_json::from_slice(&bytes).unwrap_or_else(|_| UploadRecord::over())))
}

/// Throws away what there is of an artifact that isn't whole: the record last, so that what fails is tried again.
pub(crate) async fn discard(backend: &Backend, path: &ArtifactPath, record: &UploadRecord) -> Result<(), StoreError> {
    backend.delete(&path.object(MANIFEST)).await?;
    for object in [PLAIN_OBJECT, ENCRYPTED_OBJECT] {
        let object = path.object(object);
        if let Some(multipart) = &record.multipart {
            backend.abort_parts(&object, &multipart.id).await?;
        }
        backend.delete(&object).await?;
    }
    backend.delete(&path.object(UPLOAD)).await?;
    if let Some(folder) = backend.folder() {
        folder.tidy(&path.object(UPLOAD)).await;
    }
    Ok(())
}
