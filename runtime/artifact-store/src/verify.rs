//! Checking what is stored, all at once or a part each time, without any key.

use std::sync::Arc;

use futures_util::TryStreamExt;

use crate::{ArtifactPath, Mark, Part, Progress, Store, StoreError, blocks::StoredBytes, list::entry};

/// What a reading of stored bytes found: nothing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Stored bytes that were read.
    pub bytes: u64,
    /// Whether all that is stored has been read by now, be it on other days.
    pub verified: bool,
}

impl Store {
    /// Reads a part of what is stored of an artifact, and compares it with its manifest. Records that it was read; once all parts
    /// of as many have been, the artifact is marked as verified. `by` says who reads.
    ///
    /// `progress` is told of stored bytes.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the object and the bytes; then the errors of [`Store::manifest`].
    pub async fn verify(
        &self,
        path: &ArtifactPath,
        part: Part,
        by: &str,
        progress: Progress,
    ) -> Result<Reading, StoreError> {
        let manifest = Arc::new(self.manifest(path).await?);
        let stored = StoredBytes::new(&self.backend, Arc::clone(&manifest));
        stored.check_size().await?;
        let blocks = part.blocks(manifest.blocks.sha256.len());
        let total = stored.size(blocks.clone());
        let mut read = std::pin::pin!(stored.read(blocks));
        let mut bytes = 0;
        while let Some(block) = read.try_next().await? {
            bytes += block.len() as u64;
            progress(bytes, total);
        }
        let verified = self.record_reading(path, part, by).await?;
        Ok(Reading { bytes, verified })
    }

    async fn record_reading(&self, path: &ArtifactPath, part: Part, by: &str) -> Result<bool, StoreError> {
        if part != Part::WHOLE {
            self.write_mark(path, &part.object(), by).await?;
        }
        let entry = entry(&self.backend, path).await?;
        let read: Vec<Part> = entry.read_parts().collect();
        if !self.all_read(path, part, &read).await? {
            return Ok(entry.is_verified() || self.backend.find(&path.object(Mark::Verified.object())).await?.is_some());
        }
        self.write_mark(path, Mark::Verified.object(), by).await?;
        let of_these = parts_of(part).filter(|_| part != Part::WHOLE);
        for part in read.iter().copied().chain(of_these.filter(|part| !read.contains(part))) {
            self.backend.delete(&path.object(&part.object())).await?;
        }
        Ok(true)
    }

    /// Whether every part of as many as `part` is one of was read. What the list doesn't show is looked for.
    async fn all_read(&self, path: &ArtifactPath, part: Part, listed: &[Part]) -> Result<bool, StoreError> {
        for other in parts_of(part).filter(|other| *other != part && !listed.contains(other)) {
            if self.backend.find(&path.object(&other.object())).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The parts that a part is one of.
fn parts_of(part: Part) -> impl Iterator<Item = Part> {
    (0..part.of()).filter_map(move |index| Part::new(index, part.of()))
}
