//! Parts to the store: what fits in one goes as one object, more as an upload in parts, of which two are on their way at a time.

use std::sync::Arc;

use object_store::{PutMode, PutPayload};
use tokio::{sync::mpsc, task::JoinSet};

use super::press::Part;
use crate::{
    StoreError,
    backend::{Backend, PartDone, UploadId},
    upload::Upload,
};

/// Bytes of parts that may be on their way, unless a single one is greater.
const ON_THE_WAY: u64 = 16 << 20;

/// What was sent, and isn't an object yet.
pub(super) enum Sent {
    /// All of it in one part, which is still here.
    Small(PutPayload),
    /// All parts of an upload.
    Parts(UploadId, Vec<PartDone>),
    /// Not all: no last part came.
    Short,
}

/// Sends parts as they come.
pub(super) async fn send(
    backend: &Arc<Backend>,
    upload: &mut Upload,
    mut parts: mpsc::Receiver<Part>,
) -> Result<Sent, StoreError> {
    let mut sending =
        Sending { backend, object: upload.content(), id: None, done: Vec::new(), bytes: 0, tasks: JoinSet::new() };
    let mut ended = false;
    while !ended || !sending.tasks.is_empty() {
        tokio::select! {
            part = parts.recv(), if !ended && sending.bytes < ON_THE_WAY => {
                let Some(part) = part else { return Ok(Sent::Short) };
                ended = part.last;
                match &sending.id {
                    None if part.last => return Ok(Sent::Small(part.bytes)),
                    None => sending.id = Some(upload.begin_parts(backend).await?),
                    Some(_) => {}
                }
                sending.begin(part);
            }
            Some(sent) = sending.tasks.join_next() => {
                let interrupted = |_| Err(backend.unavailable(format!("writing {}", upload.content()), "it was interrupted"));
                let (index, size, part) = sent.unwrap_or_else(interrupted)?;
                sending.bytes -= size;
                if let Some(place) = sending.done.get_mut(index) {
                    *place = part;
                }
            }
            () = upload.renewal_due() => upload.try_renew(backend).await,
        }
    }
    Ok(sending.id.map_or(Sent::Short, |id| Sent::Parts(id, sending.done)))
}

/// Parts on their way. Dropped, they are on it no more.
struct Sending<'a> {
    backend: &'a Arc<Backend>,
    object: String,
    id: Option<UploadId>,
    done: Vec<PartDone>,
    /// Of the parts that are on their way.
    bytes: u64,
    tasks: JoinSet<Result<(usize, u64, PartDone), StoreError>>,
}

impl Sending<'_> {
    fn begin(&mut self, part: Part) {
        let (size, index) = (part.bytes.content_length() as u64, self.done.len());
        let (backend, object, id) =
            (Arc::clone(self.backend), self.object.clone(), self.id.clone().unwrap_or_default());
        self.tasks.spawn(async move {
            let done = backend.put_part(&object, &id, index, part.offset, part.bytes).await?;
            Ok((index, size, done))
        });
        self.bytes += size;
        self.done.push(None);
    }
}

/// Makes one object of what was sent, and asks the store for its size.
pub(super) async fn complete(backend: &Backend, upload: &Upload, sent: Sent, size: u64) -> Result<(), StoreError> {
    let object = upload.content();
    let doing = || format!("writing {object}");
    let completed = match sent {
        Sent::Small(bytes) => backend.put(&object, bytes, PutMode::Overwrite).await,
        Sent::Parts(id, parts) => backend.complete_parts(&object, &id, size, parts).await,
        Sent::Short => Err(backend.unavailable(doing(), "it was cut short")),
    };
    // Where an answer was lost, the object tells.
    let found = match (backend.find(&object).await?, completed) {
        (Some(found), Ok(())) => found.size,
        (Some(found), Err(error)) => {
            if found.size == size {
                size
            } else {
                return Err(error);
            }
        }
        (None, Ok(())) => return Err(backend.unavailable(doing(), "the store took it, and doesn't have it")),
        (None, Err(error)) => return Err(error),
    };
    if found == size {
        Ok(())
    } else {
        Err(backend.unavailable(doing(), format!("the store has {found} bytes of it, {size} were sent")))
    }
}
