//! The content of an artifact as it is restored: compared piece by piece, until it ends, is found wrong, or somebody gives up. Who has
//! begun to write something can then take it away again.

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use watchkeeper_artifact_store::StoreError;

use super::failure;
use crate::failure::Failure;

pub(super) struct Content {
    pieces: BoxStream<'static, Result<Bytes, StoreError>>,
    interrupt: Signal,
    terminate: Signal,
}

impl Content {
    /// From here on, SIGINT and SIGTERM end the content and not the process.
    ///
    /// # Errors
    /// Signals can't be received.
    pub(super) fn new(pieces: impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static) -> Result<Self, Failure> {
        let receive = |kind| signal(kind).map_err(Failure::failed);
        let (interrupt, terminate) = (receive(SignalKind::interrupt())?, receive(SignalKind::terminate())?);
        Ok(Self { pieces: pieces.boxed(), interrupt, terminate })
    }

    /// The next piece; none where all of it came and is what was put in.
    ///
    /// # Errors
    /// It is damaged, the store can't be used, or somebody gave up.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Err(Failure::failed("interrupted")),
            _ = self.terminate.recv() => Err(Failure::failed("terminated")),
            piece = self.pieces.try_next() => piece.map_err(|error| failure(&error)),
        }
    }
}
