//! Bytes on their way between the host and a plugin. A stream of the host's that a plugin hands on without reading it never enters
//! the sandbox; what a plugin did read of it is gone from what it hands on.

use std::{fmt, pin::Pin};

use crate::{Error, host};

/// What comes later.
pub type Later<T> = Pin<Box<dyn Future<Output = T>>>;

/// A stream that the host made: a command's output, a tree's archive, an artifact.
#[derive(Debug)]
pub struct ByteStream {
    pub(crate) reader: host::Reader,
}

impl ByteStream {
    /// The next bytes, at most `most` of them; none at the end. Whether that is all there should be isn't said here, but by what
    /// came with the stream.
    pub async fn read(&mut self, most: usize) -> Vec<u8> {
        host::read(&mut self.reader, most.max(1)).await
    }

    /// All the rest, of which the first `most` bytes are kept.
    pub async fn read_to_end(mut self, most: usize) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let piece = self.read(PIECE).await;
            if piece.is_empty() {
                return all;
            }
            let room = most.saturating_sub(all.len()).min(piece.len());
            all.extend_from_slice(piece.get(..room).unwrap_or_default());
        }
    }
}

/// Bytes of one read.
const PIECE: usize = 64 << 10;

/// What a plugin gives to the host: a stream of the host's own, or bytes that the plugin writes.
pub struct Content(pub(crate) Kind);

pub(crate) enum Kind {
    Host(ByteStream),
    Written(Writing),
}

/// What writes a stream, once somebody reads it.
pub(crate) type Writing = Box<dyn FnOnce(Sink) -> Later<Result<(), Error>>>;

impl Content {
    /// Bytes that `write` writes while the host reads them, so that never all of them are in memory. An error means that the content
    /// is not whole: nothing is stored of it, and the error is the one that comes out.
    ///
    /// ```
    /// use watchkeeper_sdk::stream::Content;
    ///
    /// let content = Content::written(async |mut sink| {
    ///     for line in 0..1_000 {
    ///         sink.write(format!("{line}\n")).await?;
    ///     }
    ///     Ok(())
    /// });
    /// ```
    pub fn written(write: impl AsyncFnOnce(Sink) -> Result<(), Error> + 'static) -> Self {
        Self(Kind::Written(Box::new(move |sink| Box::pin(write(sink)))))
    }
}

impl From<ByteStream> for Content {
    fn from(stream: ByteStream) -> Self {
        Self(Kind::Host(stream))
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::written(async move |mut sink: Sink| Ok(sink.write(bytes).await?))
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Host(_) => "Content of the host's",
            Kind::Written(_) => "Content that is written",
        })
    }
}

/// Where a plugin writes what the host reads. The content ends where this is dropped.
#[derive(Debug)]
pub struct Sink {
    pub(crate) writer: host::Writer,
}

impl Sink {
    /// Writes all of it; waits while the host has enough to read.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn write(&mut self, bytes: impl Into<Vec<u8>>) -> Result<(), Unread> {
        host::write(&mut self.writer, bytes.into()).await
    }
}

/// Nobody reads what is written any more: who read it says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody reads the content any more")]
pub struct Unread;

impl From<Unread> for Error {
    fn from(unread: Unread) -> Self {
        Self::failed(unread)
    }
}
