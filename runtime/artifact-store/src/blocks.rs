//! Stored bytes, block by block, each compared before anybody sees it.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::task::spawn_blocking;

use crate::{BLOCK, Damage, Manifest, StoreError, backend::Backend, manifest::digest};

/// Blocks that are read at the same time.
const AT_ONCE: usize = 2;

/// The stored bytes of an artifact.
#[derive(Clone)]
pub(crate) struct StoredBytes {
    backend: Arc<Backend>,
    manifest: Arc<Manifest>,
    object: Arc<str>,
}

impl StoredBytes {
    pub(crate) fn new(backend: &Arc<Backend>, manifest: Arc<Manifest>) -> Self {
        let object = manifest.path.object(manifest.stored.object()).into();
        Self { backend: Arc::clone(backend), manifest, object }
    }

    /// The object below the store's prefix.
    pub(crate) fn object(&self) -> &str {
        &self.object
    }

    pub(crate) fn corrupt(&self, damage: Damage) -> StoreError {
        StoreError::Corrupt { object: self.object.to_string(), damage }
    }

    /// Asks the store whether there are as many as there should be.
    pub(crate) async fn check_size(&self) -> Result<(), StoreError> {
        let size = self.manifest.stored.size;
        match self.backend.find(&self.object).await?.map(|found| found.size) {
            None => Err(self.corrupt(Damage::Gone)),
            Some(found) if found < size => Err(self.corrupt(Damage::Missing { from: found, to: size - 1 })),
            Some(found) if found > size => Err(self.corrupt(Damage::Added { from: size, to: found - 1 })),
            Some(_) => Ok(()),
        }
    }

    /// Reads blocks in order, a few ahead.
    pub(crate) fn read(self, blocks: Range<usize>) -> impl Stream<Item = Result<Bytes, StoreError>> + Send {
        let read = move |index| {
            let bytes = self.clone();
            async move { bytes.block(index).await }
        };
        futures_util::stream::iter(blocks).map(read).buffered(AT_ONCE)
    }

    /// How many bytes are in these blocks.
    pub(crate) fn size(&self, blocks: Range<usize>) -> u64 {
        let border = |index: usize| (index as u64 * BLOCK as u64).min(self.manifest.stored.size);
        border(blocks.end) - border(blocks.start)
    }

    async fn block(&self, index: usize) -> Result<Bytes, StoreError> {
        let from = index as u64 * BLOCK as u64;
        let end = from + self.size(index..index + 1);
        let bytes = self.backend.range(&self.object, from..end).await?;
        let expected = self.manifest.blocks.sha256.get(index).copied();
        let hashed = bytes.clone();
        let interrupted = |_| self.backend.unavailable(format!("reading {}", self.object), "it was interrupted");
        let found = spawn_blocking(move || digest(&hashed)).await.map_err(interrupted)?;
        if Some(found) == expected {
            Ok(bytes)
        } else {
            Err(self.corrupt(Damage::Bytes { from, to: end.saturating_sub(1) }))
        }
    }
}
