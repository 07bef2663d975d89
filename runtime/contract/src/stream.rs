//! Bytes that cross the contract: a stream of the host's that a plugin may read or hand on, and a plugin's that the host reads.
//!
//! A host's stream that comes back is taken out of the sandbox again: what the plugin did not read goes on from host to host
//! without entering it, and nothing is lost between what it read and the rest. Beside its bytes a stream carries its *verdict*: whether
//! its source ended well. A stream that just stops is not whole.

use std::{
    any::{Any, TypeId},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_util::sync::PollSender;
use wasmtime::{
    AsContextMut, StoreContextMut,
    component::{
        Destination, FutureConsumer, FutureReader, Lift, Source, StreamConsumer, StreamProducer, StreamReader,
        StreamResult,
    },
};

use crate::{LimitExceeded, Run};

/// The most bytes of one piece.
pub const CHUNK: usize = 256 << 10;
/// How many pieces wait between who writes and who reads.
const DEPTH: usize = 4;

/// The reading end. Dropping it tells the writer that nobody reads any more.
#[derive(Debug)]
pub struct ByteStream {
    rest: Bytes,
    pieces: mpsc::Receiver<Bytes>,
    verdict: Arc<Mutex<Option<Verdict>>>,
    /// What its buffer takes of the run's budget.
    held: Option<OwnedSemaphorePermit>,
}

/// The writing end. Dropped without [`ByteSink::finish`], the stream counts as cut short.
#[derive(Debug)]
pub struct ByteSink {
    pieces: mpsc::Sender<Bytes>,
    verdict: Arc<Mutex<Option<Verdict>>>,
}

/// Whether a stream's source ended well; the error says why not.
pub type Verdict = Result<(), String>;

/// Nobody reads the stream any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody reads the stream any more")]
pub struct Unread;

/// A stream and what feeds it; at most a few pieces wait between them.
pub fn byte_stream() -> (ByteSink, ByteStream) {
    let (sender, pieces) = mpsc::channel(DEPTH);
    let verdict = Arc::default();
    let stream = ByteStream { rest: Bytes::new(), pieces, verdict: Arc::clone(&verdict), held: None };
    (ByteSink { pieces: sender, verdict }, stream)
}

impl ByteSink {
    /// Hands on a piece; waits while enough others wait to be read. Pieces of about [`CHUNK`] bytes cost least.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn send(&self, piece: Bytes) -> Result<(), Unread> {
        self.pieces.send(piece).await.map_err(|_| Unread)
    }

    /// The same from a thread that may block.
    ///
    /// # Errors
    /// [`Unread`].
    pub fn blocking_send(&self, piece: Bytes) -> Result<(), Unread> {
        self.pieces.blocking_send(piece).map_err(|_| Unread)
    }

    /// Resolves once nobody reads any more.
    pub async fn unread(&self) {
        self.pieces.closed().await;
    }

    /// Ends the stream and says whether its source ended well.
    pub fn finish(self, verdict: Verdict) {
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
    }
}

impl ByteStream {
    /// The next piece, never empty; none at the end.
    pub async fn next(&mut self) -> Option<Bytes> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// The same from a thread that may block.
    pub fn blocking_next(&mut self) -> Option<Bytes> {
        if !self.rest.is_empty() {
            return Some(std::mem::take(&mut self.rest));
        }
        loop {
            let piece = self.pieces.blocking_recv()?;
            if !piece.is_empty() {
                return Some(piece);
            }
        }
    }

    /// The same for who is polled.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(std::mem::take(&mut self.rest)));
        }
        loop {
            match ready!(self.pieces.poll_recv(context)) {
                Some(piece) if piece.is_empty() => {}
                piece => return Poll::Ready(piece),
            }
        }
    }

    /// Whether the source ended well, once there is no next piece.
    ///
    /// # Errors
    /// Why it didn't, in words.
    pub fn verdict(&self) -> Verdict {
        let verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone();
        verdict.unwrap_or_else(|| Err("the stream was cut short".to_owned()))
    }
}

/// Lends a stream to the run's plugin. Its buffer counts against the run's `host_bytes` until it is dropped.
///
/// # Errors
/// [`LimitExceeded`]: the plugin holds too many streams; ends the run.
pub fn lend_stream(
    mut store: impl AsContextMut<Data = Run>,
    mut stream: ByteStream,
) -> wasmtime::Result<StreamReader<u8>> {
    stream.held = Some(hold_buffer(store.as_context_mut())?);
    StreamReader::new(store, Lent(stream))
}

/// Takes a stream from the run's plugin: the host's own where it is one, else the plugin's, whose verdict is good where it ends.
///
/// # Errors
/// As [`lend_stream`].
pub fn take_stream(mut store: impl AsContextMut<Data = Run>, reader: StreamReader<u8>) -> wasmtime::Result<ByteStream> {
    match reader.try_into::<ByteStream>(&mut store) {
        Ok(stream) => Ok(stream),
        Err(reader) => {
            let (sink, mut stream) = byte_stream();
            stream.held = Some(hold_buffer(store.as_context_mut())?);
            let ByteSink { pieces, verdict } = sink;
            reader.pipe(store, Taken { pieces: PollSender::new(pieces), verdict })?;
            Ok(stream)
        }
    }
}

/// Takes a future from the run's plugin. It answers nothing where the plugin drops it unwritten.
///
/// # Errors
/// It was taken before.
pub fn take_future<T: Lift + Send + Sync + 'static>(
    store: impl AsContextMut<Data = Run>,
    reader: FutureReader<T>,
) -> wasmtime::Result<oneshot::Receiver<T>> {
    let (sender, receiver) = oneshot::channel();
    reader.pipe(store, Awaited(Some(sender)))?;
    Ok(receiver)
}

fn hold_buffer(mut store: StoreContextMut<'_, Run>) -> Result<OwnedSemaphorePermit, LimitExceeded> {
    store.data_mut().budget.lend(DEPTH * CHUNK)
}

/// What feeds a plugin that reads. It buffers nothing in the sandbox's runtime, so that nothing is lost when it is taken back.
struct Lent(ByteStream);

impl StreamProducer<Run> for Lent {
    type Item = u8;
    type Buffer = Option<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'a, Run>,
        destination: Destination<'a, u8, Option<u8>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if destination.remaining(&mut store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.0.poll_next(context) {
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Ready(Some(mut piece)) => {
                let mut direct = destination.as_direct(store, piece.len());
                let room = direct.remaining();
                let length = room.len().min(piece.len());
                if let (Some(room), Some(bytes)) = (room.get_mut(..length), piece.get(..length)) {
                    room.copy_from_slice(bytes);
                }
                direct.mark_written(length);
                piece.advance(length);
                self.0.rest = piece;
                Poll::Ready(Ok(StreamResult::Completed))
            }
        }
    }

    fn try_into(me: Pin<Box<Self>>, wanted: TypeId) -> Result<Box<dyn Any>, Pin<Box<Self>>> {
        if wanted == TypeId::of::<ByteStream>() { Ok(Box::new(Pin::into_inner(me).0)) } else { Err(me) }
    }
}

/// What takes the bytes of a plugin that writes.
struct Taken {
    pieces: PollSender<Bytes>,
    verdict: Arc<Mutex<Option<Verdict>>>,
}

impl StreamConsumer<Run> for Taken {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'_, Run>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        match self.pieces.poll_reserve(context) {
            Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(_unread)) => return Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Ready(Ok(())) => {}
        }
        let mut direct = source.as_direct(store);
        let written = direct.remaining();
        let length = written.len().min(CHUNK);
        let piece = Bytes::copy_from_slice(written.get(..length).unwrap_or_default());
        direct.mark_read(length);
        let sent = self.pieces.send_item(piece);
        Poll::Ready(Ok(if sent.is_ok() { StreamResult::Completed } else { StreamResult::Dropped }))
    }
}

impl Drop for Taken {
    /// The plugin closed its end: all that it wrote is here. Whether that is all there is, is the plugin's to say.
    fn drop(&mut self) {
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(Ok(()));
    }
}

/// Waits for a plugin's answer.
struct Awaited<T>(Option<oneshot::Sender<T>>);

impl<T: Lift + Send + Sync + 'static> FutureConsumer<Run> for Awaited<T> {
    type Item = T;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        store: StoreContextMut<'_, Run>,
        mut source: Source<'_, T>,
        _finish: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut answer: Option<T> = None;
        source.read(store, &mut answer)?;
        if let (Some(answer), Some(sender)) = (answer, self.0.take()) {
            let _gone = sender.send(answer);
        }
        Poll::Ready(Ok(()))
    }
}
