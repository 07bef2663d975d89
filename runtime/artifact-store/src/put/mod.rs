//! Storing an artifact: content comes in, and either all of it lies in the store with a manifest, or nothing does.
//!
//! The caller's future only hands pieces on. The work is a task of its own, so that a caller who goes away can't leave half an artifact
//! behind; what is hashed, checked, compressed and encrypted is on threads that may block (`press`); what goes to the store is in `send`.

mod press;
mod send;

use std::{collections::BTreeMap, future::Future};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use watchkeeper_model::JobName;

use self::{
    press::{Pressed, press},
    send::{Sent, complete, send},
};
use crate::{
    Aborted, ArtifactId, ArtifactName, ArtifactPath, Check, Manifest, Progress, Store, StoreError,
    manifest::{Blocks, Content, ENCRYPTED_OBJECT, MANIFEST, PLAIN_OBJECT, Stored},
    upload::Upload,
};

/// Pieces that wait between who makes them and who presses them.
const DEPTH: usize = 4;
/// The most bytes of metadata, and of a run's name.
const METADATA_LIMIT: usize = 64 << 10;

/// What is to be stored, and under which name.
#[derive(Debug, Clone)]
pub struct PutOrder {
    /// Whose it is.
    pub job: JobName,
    /// What it is called.
    pub name: ArtifactName,
    /// The run that makes it, where one does.
    pub run: Option<String>,
    /// What the content must be.
    pub check: Check,
    /// The least bytes that it must have.
    pub minimum_size: u64,
    /// What is to be said of it, at most 64 KiB in all.
    pub metadata: BTreeMap<String, String>,
    /// When it was begun.
    pub now: Timestamp,
}

/// What a put's caller says of the content once it ended.
type Verdict = Result<(), String>;

impl Store {
    /// Stores what `content` gives. The artifact is there once this gives its manifest: the content ended, `complete` said that its
    /// producer ended well, the check passed, and its size is enough. On any error nothing of it is left, and dropping the future is
    /// one too; what can't be removed then, [`Store::clean`] removes later.
    ///
    /// `progress` is told of bytes of the content.
    ///
    /// # Errors
    /// [`StoreError::Aborted`] where the content isn't what it should be, [`StoreError::Unavailable`] or [`StoreError::Denied`]
    /// where the store isn't, [`StoreError::Invalid`] where the order makes no sense.
    pub async fn put(
        &self,
        order: PutOrder,
        content: impl Stream<Item = Bytes> + Send + Unpin + 'static,
        complete: impl Future<Output = Verdict> + Send,
        progress: Progress,
    ) -> Result<Manifest, StoreError> {
        check_order(&order)?;
        let path = ArtifactPath { job: order.job.clone(), name: order.name.clone(), id: ArtifactId::fresh(order.now) };
        let (pieces, taken) = mpsc::channel(DEPTH);
        let (verdict, told) = oneshot::channel();
        let mut work = tokio::spawn(store(self.clone(), order, path.clone(), taken, told, progress));
        let feed = async move {
            if feed(content, pieces).await {
                let _ended = verdict.send(complete.await);
            }
        };
        let outcome = tokio::select! {
            biased;
            outcome = &mut work => outcome,
            () = feed => work.await,
        };
        let interrupted = |_| Err(self.backend.unavailable(format!("storing {path}"), "it was interrupted"));
        outcome.unwrap_or_else(interrupted)
    }
}

fn check_order(order: &PutOrder) -> Result<(), StoreError> {
    let size: usize = order.metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size + order.run.as_deref().unwrap_or_default().len() > METADATA_LIMIT {
        return Err(StoreError::Invalid(format!("metadata of {size} bytes is more than {METADATA_LIMIT}")));
    }
    Ok(())
}

/// Hands all pieces on; false where nobody takes them any more.
async fn feed(mut content: impl Stream<Item = Bytes> + Unpin, pieces: mpsc::Sender<Bytes>) -> bool {
    while let Some(piece) = content.next().await {
        if !piece.is_empty() && pieces.send(piece).await.is_err() {
            return false;
        }
    }
    true
}

/// From pieces to an artifact, or to nothing.
async fn store(
    store: Store,
    order: PutOrder,
    path: ArtifactPath,
    pieces: mpsc::Receiver<Bytes>,
    verdict: oneshot::Receiver<Verdict>,
    progress: Progress,
) -> Result<Manifest, StoreError> {
    let backend = &store.backend;
    let object = if store.encrypts() { ENCRYPTED_OBJECT } else { PLAIN_OBJECT };
    let mut upload = Upload::begin(backend, path.clone(), object).await?;
    let stored = async {
        let (pressed, parts) = press(pieces, order.check, store.recipients.clone(), progress);
        let verdict = verdict.map(Result::ok).shared();
        let sent = tokio::select! {
            sent = send(backend, &mut upload, parts) => sent?,
            () = spoilt(verdict.clone()) => Sent::Short,
        };
        let pressed = pressed.await.map_err(|error| error.at(backend, &path));
        let verdict = upload.keep_alive(backend, verdict).await;
        let pressed = judge(&path, order.minimum_size, pressed, verdict)?;
        complete(backend, &upload, sent, pressed.stored.size).await?;
        let manifest = describe(&store, order, path, pressed);
        upload.confirm(backend).await?;
        write_manifest(&store, &manifest).await?;
        Ok(manifest)
    };
    let stored = stored.await;
    match &stored {
        Ok(_) => upload.finish(backend).await,
        Err(_) => upload.undo(backend).await,
    }
    stored
}

/// Resolves once it is known that nothing will come of it, however much is still to be sent.
async fn spoilt(verdict: impl Future<Output = Option<Verdict>>) {
    if verdict.await == Some(Ok(())) {
        std::future::pending::<()>().await;
    }
}

/// Whether what was pressed is worth keeping. A producer's own words go before what follows from its failure.
fn judge(
    path: &ArtifactPath,
    minimum: u64,
    pressed: Result<Pressed, StoreError>,
    verdict: Option<Verdict>,
) -> Result<Pressed, StoreError> {
    let aborted = |why| Err(StoreError::Aborted { path: path.clone(), why });
    match (verdict, pressed) {
        (Some(Err(why)), _) => aborted(Aborted::Producer(why)),
        (_, Err(error)) => Err(error),
        (None, Ok(_)) => aborted(Aborted::GivenUp),
        (Some(Ok(())), Ok(Pressed { content, .. })) if content.size < minimum => {
            aborted(Aborted::TooSmall { size: content.size, minimum })
        }
        (Some(Ok(())), Ok(pressed)) => Ok(pressed),
    }
}

fn describe(store: &Store, order: PutOrder, path: ArtifactPath, pressed: Pressed) -> Manifest {
    let Pressed { content, stored } = pressed;
    Manifest {
        created: path.created(),
        path,
        run: order.run,
        content: Content { size: content.size, sha256: content.sha256, check: order.check },
        stored: Stored { size: stored.size, sha256: stored.sha256, recipients: store.recipients.texts() },
        blocks: Blocks { sha256: stored.blocks },
        metadata: order.metadata,
    }
}

async fn write_manifest(store: &Store, manifest: &Manifest) -> Result<(), StoreError> {
    let object = manifest.path.object(MANIFEST);
    let failed = |why: String| store.backend.unavailable(format!("writing {object}"), why);
    let bytes = manifest.to_bytes().map_err(|error| failed(error.to_string()))?;
    match store.backend.create(&object, bytes.into()).await? {
        true => Ok(()),
        false => Err(failed("another one is there already".to_owned())),
    }
}
