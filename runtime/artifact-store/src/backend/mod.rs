//! The objects of a store, whatever holds them: named below its prefix, with every request bounded in time and every answer turned into
//! words. What an artifact is, is not known here.

mod fault;
mod folder;
mod open;
mod parts;

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::{GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, path::Path};

pub(crate) use self::parts::{PartDone, Parts, UploadId};
use self::{fault::Faults, folder::Folder};
use crate::{Damage, StoreError};

/// How long a small request may take, all tries together.
const PATIENCE: Duration = Duration::from_secs(60);
/// The least speed that many bytes are waited for at, in bytes each second.
const LEAST_SPEED: u64 = 128 << 10;

/// A store's objects.
pub(crate) struct Backend {
    faults: Faults,
    objects: Arc<dyn ObjectStore>,
    parts: Parts,
    prefix: Path,
    folder: Option<Folder>,
}

/// An object as a store tells of it.
pub(crate) struct Found {
    pub(crate) size: u64,
    /// When it was written, by the store's clock.
    pub(crate) written: Timestamp,
}

impl Backend {
    /// A store of a test's making.
    #[cfg(test)]
    pub(crate) fn over<S: ObjectStore + object_store::multipart::MultipartStore>(store: Arc<S>) -> Self {
        Self::new(Faults::new("main", Vec::new()), store, Path::from("some/where"))
    }

    /// The store's name in the settings.
    pub(crate) fn name(&self) -> &str {
        self.faults.store()
    }

    /// Writes an object whole.
    pub(crate) async fn put(&self, object: &str, bytes: PutPayload, mode: PutMode) -> Result<(), StoreError> {
        let size = bytes.content_length() as u64;
        let doing = || format!("writing {object}");
        self.reachable(&doing).await?;
        let path = self.path(object);
        let put = self.objects.put_opts(&path, bytes, PutOptions::from(mode));
        self.within(patience(size), &doing, put).await.map(drop)
    }

    /// Writes an object that must not be there yet. False where it is: then nothing was written.
    pub(crate) async fn create(&self, object: &str, bytes: Bytes) -> Result<bool, StoreError> {
        let size = bytes.len() as u64;
        let doing = || format!("writing {object}");
        self.reachable(&doing).await?;
        let path = self.path(object);
        let put = self.objects.put_opts(&path, bytes.clone().into(), PutOptions::from(PutMode::Create));
        let put = async {
            match put.await {
                Ok(_) => Ok(true),
                Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        };
        match self.within(patience(size), &doing, put).await {
            Ok(true) => Ok(true),
            // An answer that was lost leaves open who wrote it.
            outcome => match self.read(object, size + 1).await {
                Ok(Some(found)) if found == bytes => Ok(true),
                Ok(Some(_)) => Ok(false),
                Ok(None) | Err(_) => outcome,
            },
        }
    }

    /// Looks for an object.
    pub(crate) async fn find(&self, object: &str) -> Result<Option<Found>, StoreError> {
        let path = self.path(object);
        let head = async {
            match self.objects.head(&path).await {
                Ok(meta) => Ok(Some(Found { size: meta.size, written: written(&meta) })),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        self.within(PATIENCE, &|| format!("looking for {object}"), head).await
    }

    /// Reads an object whole. One of more than `limit` bytes is corrupt.
    pub(crate) async fn read(&self, object: &str, limit: u64) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(object);
        let doing = || format!("reading {object}");
        let get = async {
            let result = match self.objects.get_opts(&path, GetOptions::default()).await {
                Err(object_store::Error::NotFound { .. }) => return Ok(None),
                result => result?,
            };
            let size = result.meta.size;
            if size > limit {
                return Ok(Some(Err(size)));
            }
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
            let mut stream = result.into_stream();
            while let Some(piece) = stream.try_next().await? {
                bytes.extend_from_slice(&piece);
                if bytes.len() as u64 > limit {
                    return Ok(Some(Err(bytes.len() as u64)));
                }
            }
            Ok(Some(Ok(Bytes::from(bytes))))
        };
        match self.within(patience(limit), &doing, get).await? {
            None => Ok(None),
            Some(Ok(bytes)) => Ok(Some(bytes)),
            Some(Err(size)) => {
                let damage = Damage::Added { from: limit, to: size - 1 };
                Err(StoreError::Corrupt { object: object.to_owned(), damage })
            }
        }
    }

    /// Reads some of an object's bytes.
    pub(crate) async fn range(&self, object: &str, range: std::ops::Range<u64>) -> Result<Bytes, StoreError> {
        let path = self.path(object);
        let doing = || format!("reading bytes {} to {} of {object}", range.start, range.end.saturating_sub(1));
        let get = self.objects.get_range(&path, range.clone());
        self.within(patience(range.end.saturating_sub(range.start)), &doing, get).await
    }

    /// Deletes an object, if it is there.
    pub(crate) async fn delete(&self, object: &str) -> Result<(), StoreError> {
        let path = self.path(object);
        let delete = async {
            match self.objects.delete(&path).await {
                Err(object_store::Error::NotFound { .. }) => Ok(()),
                outcome => outcome,
            }
        };
        self.within(PATIENCE, &|| format!("deleting {object}"), delete).await
    }

    /// All objects below `prefix`, in no order, by their names below the store's prefix. An object whose name isn't text that can
    /// stand there is passed over.
    pub(crate) fn list<'a>(
        &'a self,
        prefix: &str,
    ) -> impl Stream<Item = Result<(String, Found), StoreError>> + Send + use<'a> {
        let path = self.path(prefix);
        let prefix = prefix.to_owned();
        let objects = self.objects.list(Some(&path));
        let listed = futures_util::stream::unfold(Some(objects), move |objects| {
            let prefix = prefix.clone();
            async move {
                let mut objects = objects?;
                let doing = || format!("listing {}", if prefix.is_empty() { "all" } else { &*prefix });
                let next = async { objects.next().await.transpose() };
                match self.within(PATIENCE, &doing, next).await {
                    Ok(Some(meta)) => Some((Ok(meta), Some(objects))),
                    Ok(None) => None,
                    Err(error) => Some((Err(error), None)),
                }
            }
        });
        listed.try_filter_map(move |meta| async move { Ok(self.below(&meta)) })
    }

    /// The folder that the store is, if it is one.
    pub(crate) fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }

    pub(crate) fn path(&self, object: &str) -> Path {
        object.split('/').filter(|part| !part.is_empty()).fold(self.prefix.clone(), |path, part| path.join(part))
    }

    /// Runs a request for as long as it may take, and puts its failure into words.
    pub(crate) async fn within<T>(
        &self,
        patience: Duration,
        doing: &(dyn Fn() -> String + Sync),
        request: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(patience, request).await {
            Ok(outcome) => outcome.map_err(|error| self.faults.explain(doing(), &error)),
            Err(_) => Err(self.faults.unavailable(doing(), format!("no answer within {}s", patience.as_secs()))),
        }
    }

    pub(crate) fn unavailable(&self, doing: impl Into<String>, why: impl Into<String>) -> StoreError {
        self.faults.unavailable(doing.into(), why.into())
    }

    async fn reachable(&self, doing: &(dyn Fn() -> String + Sync)) -> Result<(), StoreError> {
        match &self.folder {
            Some(folder) => folder.present().await.map_err(|why| self.faults.unavailable(doing(), why)),
            None => Ok(()),
        }
    }

    fn below(&self, meta: &ObjectMeta) -> Option<(String, Found)> {
        let parts = meta.location.prefix_match(&self.prefix)?;
        let name = parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/");
        Some((name, Found { size: meta.size, written: written(meta) }))
    }
}

/// How long a request of this many bytes may take.
pub(crate) fn patience(bytes: u64) -> Duration {
    PATIENCE + Duration::from_secs(bytes / LEAST_SPEED)
}

fn written(meta: &ObjectMeta) -> Timestamp {
    let nanoseconds = i32::try_from(meta.last_modified.timestamp_subsec_nanos()).unwrap_or_default();
    Timestamp::new(meta.last_modified.timestamp(), nanoseconds).unwrap_or_default()
}
