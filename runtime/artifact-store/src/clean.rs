//! What killed processes left: uploads that nobody is writing any more, and bytes that no manifest names. What is on its way is not
//! touched, and neither is anything whole. Lists may lag: what is deleted was looked for by its name first.

use watchkeeper_model::JobName;

use crate::{
    ArtifactPath, Prefix, Store, StoreError,
    backend::Backend,
    lease::Lease,
    list::entries,
    manifest::MANIFEST,
    upload::{self, UPLOAD, UploadRecord, discard, read_record},
};

impl Store {
    /// Removes what was left of a job's artifacts that never became whole, and says which those were. Parts of an upload that a process
    /// began without being able to note it down are beyond reach: a rule of the bucket for unfinished uploads removes them.
    ///
    /// # Errors
    /// As [`Store::retain`].
    pub async fn clean(&self, job: &JobName, holder: &str) -> Result<Vec<ArtifactPath>, StoreError> {
        let mut lease = Lease::take(&self.backend, job, holder).await?;
        let cleaned = clean_all(&self.backend, &mut lease, job).await;
        if !matches!(cleaned, Err(StoreError::Fenced { .. })) {
            lease.release().await;
        }
        cleaned
    }
}

async fn clean_all(backend: &Backend, lease: &mut Lease<'_>, job: &JobName) -> Result<Vec<ArtifactPath>, StoreError> {
    let mut cleaned = Vec::new();
    let listed = entries(backend, &Prefix::Job(job.clone())).await?;
    for (path, entry) in listed.into_iter().filter(|(_, entry)| !entry.is_settled()) {
        if let Some(record) = leftover(backend, &path, lease).await? {
            lease.confirm().await?;
            for mark in entry.all_marks() {
                backend.delete(&path.object(&mark.name())).await?;
            }
            discard(backend, &path, &record).await?;
            cleaned.push(path);
        }
    }
    if let Some(folder) = backend.folder() {
        folder.sweep(job.as_str(), upload::LEASE).await;
    }
    Ok(cleaned)
}

/// The record of what was left of an artifact; none where it is whole, or on its way.
///
/// An upload's record goes only after its manifest came. So where first there is no record and then no manifest, nobody is at it.
async fn leftover(
    backend: &Backend,
    path: &ArtifactPath,
    lease: &Lease<'_>,
) -> Result<Option<UploadRecord>, StoreError> {
    let record = read_record(backend, path).await?;
    if record.as_ref().is_some_and(|record| record.lease_until > lease.now()) {
        return Ok(None);
    }
    if backend.find(&path.object(MANIFEST)).await?.is_none() {
        return Ok(Some(record.unwrap_or_else(UploadRecord::over)));
    }
    if record.is_some() {
        backend.delete(&path.object(UPLOAD)).await?;
    }
    Ok(None)
}
