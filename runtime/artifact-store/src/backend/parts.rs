//! A great object, written in parts that become one at the end: an object store's multipart upload, or a file written aside.

use std::{io, sync::Arc};

use object_store::{
    PutPayload,
    multipart::{MultipartStore, PartId},
};

use super::{Backend, Folder, patience};
use crate::StoreError;

/// Where parts go.
#[derive(Clone)]
pub(crate) enum Parts {
    /// An object store.
    Uploads(Arc<dyn MultipartStore>),
    /// A folder.
    Files(Folder),
}

/// An upload that was begun: what the store calls it.
pub(crate) type UploadId = String;

/// What the store calls a part that it has; nothing in a folder.
pub(crate) type PartDone = Option<PartId>;

impl Backend {
    pub(crate) async fn begin_parts(&self, object: &str) -> Result<UploadId, StoreError> {
        let doing = || format!("beginning {object}");
        self.reachable(&doing).await?;
        let begin = async {
            match &self.parts {
                Parts::Uploads(store) => store.create_multipart(&self.path(object)).await,
                Parts::Files(folder) => folder.begin(object).await.map(|()| String::new()).map_err(local),
            }
        };
        self.within(patience(0), &doing, begin).await
    }

    /// Writes part `index`, whose first byte is the object's byte `offset`.
    pub(crate) async fn put_part(
        &self,
        object: &str,
        id: &UploadId,
        index: usize,
        offset: u64,
        bytes: PutPayload,
    ) -> Result<PartDone, StoreError> {
        let size = bytes.content_length() as u64;
        let doing = || format!("writing part {} of {object}", index + 1);
        let put = async {
            match &self.parts {
                Parts::Uploads(store) => store.put_part(&self.path(object), id, index, bytes).await.map(Some),
                Parts::Files(folder) => folder.write(object, offset, bytes).await.map(|()| None).map_err(local),
            }
        };
        self.within(patience(size), &doing, put).await
    }

    /// Makes one object of all parts, in their order.
    pub(crate) async fn complete_parts(
        &self,
        object: &str,
        id: &UploadId,
        size: u64,
        parts: Vec<PartDone>,
    ) -> Result<(), StoreError> {
        let doing = || format!("completing {object}");
        let complete = async {
            match &self.parts {
                Parts::Uploads(store) => {
                    let parts = parts.into_iter().flatten().collect();
                    store.complete_multipart(&self.path(object), id, parts).await.map(drop)
                }
                Parts::Files(folder) => folder.complete(object).await.map_err(local),
            }
        };
        self.within(patience(size / 64), &doing, complete).await
    }

    /// Throws away what was written of it. It may be gone already.
    pub(crate) async fn abort_parts(&self, object: &str, id: &UploadId) -> Result<(), StoreError> {
        let abort = async {
            match &self.parts {
                Parts::Uploads(store) => match store.abort_multipart(&self.path(object), id).await {
                    Err(object_store::Error::NotFound { .. }) => Ok(()),
                    outcome => outcome,
                },
                Parts::Files(folder) => folder.abort(object).await.map_err(local),
            }
        };
        self.within(patience(0), &|| format!("aborting {object}"), abort).await
    }
}

fn local(error: io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "folder", source: error.into() }
}
