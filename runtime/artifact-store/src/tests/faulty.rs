//! A store in memory whose requests fail, hang, lie or lag as a test says, and that notes what was asked of it.

use std::{
    ops::Range,
    sync::{Arc, Mutex, atomic::AtomicI64, atomic::Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartId, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    memory::InMemory,
    multipart::{MultipartStore, PartId},
    path::Path,
};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Writing an object whose name ends so fails, and nothing is written.
    Put(&'static str),
    /// Writing an object whose name ends so succeeds, and its answer is lost.
    PutAnswer(&'static str),
    /// Part of this number, from 0, fails.
    Part(usize),
    /// All parts hang.
    PartsHang,
    Complete,
    /// Completing succeeds, and its answer is lost.
    CompleteAnswer,
    /// An object whose name ends so has a byte more than it has.
    Size(&'static str),
    /// Lists don't show objects whose name has this in it.
    Unlisted(&'static str),
}

#[derive(Debug, Default)]
pub(super) struct Faulty {
    pub(super) memory: Arc<InMemory>,
    faults: Mutex<Vec<Fault>>,
    /// `put …`, `complete …`, `delete …` and the object's name, in order.
    pub(super) log: Mutex<Vec<String>>,
    /// The ranges of objects that were read.
    pub(super) ranges: Mutex<Vec<Range<u64>>>,
    /// Uploads in parts that were begun, and neither completed nor aborted.
    pub(super) open: AtomicI64,
}

impl Faulty {
    pub(super) fn set(&self, fault: Fault) {
        self.faults.lock().unwrap().push(fault);
    }

    pub(super) fn heal(&self) {
        self.faults.lock().unwrap().clear();
    }

    fn has(&self, is: impl Fn(&Fault) -> bool) -> bool {
        self.faults.lock().unwrap().iter().any(is)
    }

    fn note(&self, what: &str, path: &Path) {
        let name = path.filename().unwrap_or_default();
        self.log.lock().unwrap().push(format!("{what} {name}"));
    }
}

impl std::fmt::Display for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("faulty")
    }
}

fn fault() -> Error {
    Error::Generic { store: "faulty", source: "as the test wants it".into() }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if self.has(|fault| matches!(fault, Fault::Put(end) if path.as_ref().ends_with(end))) {
            return Err(fault());
        }
        let put = self.memory.put_opts(path, payload, options).await?;
        self.note("put", path);
        if self.has(|fault| matches!(fault, Fault::PutAnswer(end) if path.as_ref().ends_with(end))) {
            return Err(fault());
        }
        Ok(put)
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.memory.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        let mut result = self.memory.get_opts(path, options).await?;
        if self.has(|fault| matches!(fault, Fault::Size(end) if path.as_ref().ends_with(end))) {
            result.meta.size += 1;
        }
        if !head {
            self.ranges.lock().unwrap().push(result.range.clone());
        }
        Ok(result)
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.memory.get_ranges(path, ranges).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        // One path, which is at hand: a stream that outlives `self` could note nothing.
        let paths: Vec<Result<Path>> = futures_util::FutureExt::now_or_never(paths.collect()).unwrap();
        for path in paths.iter().flatten() {
            self.note("delete", path);
        }
        self.memory.delete_stream(futures_util::stream::iter(paths).boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let faults = self.faults.lock().unwrap().clone();
        let shown = move |path: &Path| {
            !faults.iter().any(|fault| matches!(fault, Fault::Unlisted(part) if path.as_ref().contains(part)))
        };
        let listed = self.memory.list(prefix);
        listed.filter(move |meta| std::future::ready(meta.as_ref().is_ok_and(|meta| shown(&meta.location)))).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.memory.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.memory.copy_opts(from, to, options).await
    }
}

#[async_trait]
impl MultipartStore for Faulty {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        self.open.fetch_add(1, Ordering::SeqCst);
        self.memory.create_multipart(path).await
    }

    async fn put_part(&self, path: &Path, id: &MultipartId, index: usize, bytes: PutPayload) -> Result<PartId> {
        if self.has(|fault| *fault == Fault::PartsHang) {
            std::future::pending::<()>().await;
        }
        if self.has(|fault| *fault == Fault::Part(index)) {
            return Err(fault());
        }
        self.memory.put_part(path, id, index, bytes).await
    }

    async fn complete_multipart(&self, path: &Path, id: &MultipartId, parts: Vec<PartId>) -> Result<PutResult> {
        if self.has(|fault| *fault == Fault::Complete) {
            return Err(fault());
        }
        let completed = self.memory.complete_multipart(path, id, parts).await?;
        self.open.fetch_sub(1, Ordering::SeqCst);
        self.note("complete", path);
        if self.has(|fault| *fault == Fault::CompleteAnswer) { Err(fault()) } else { Ok(completed) }
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        // As S3 says of an upload that isn't there.
        let gone = |_| Error::NotFound { path: path.to_string(), source: "no such upload".into() };
        self.memory.abort_multipart(path, id).await.map_err(gone)?;
        self.open.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
}

impl Faulty {
    /// Deletes an object, past faults and log.
    pub(super) async fn memory_delete(&self, object: &str) {
        object_store::ObjectStoreExt::delete(&*self.memory, &super::at(object)).await.unwrap();
    }
}
