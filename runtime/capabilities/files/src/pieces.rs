//! The way from a thread that may block into a stream: bytes gather to pieces, and who stops the thread stops it here
//! too.

use std::{
    io::{self, Write},
    os::fd::AsFd,
};

use bytes::BytesMut;
use rustix::io::Errno;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use watchkeeper_contract::{ByteSink, CHUNK, Unread, Verdict};

use crate::FilesFault;

/// Writes into a stream, a piece at a time. To be used on a thread that may block.
pub(crate) struct Pieces {
    sink: ByteSink,
    /// Always of one piece's length; what is in it comes first.
    piece: BytesMut,
    filled: usize,
    runtime: Handle,
    stop: CancellationToken,
    /// Why nothing more gets through.
    over: Option<FilesFault>,
}

impl Pieces {
    pub(crate) fn new(sink: ByteSink, runtime: Handle, stop: CancellationToken) -> Self {
        Self { sink, piece: BytesMut::zeroed(CHUNK), filled: 0, runtime, stop, over: None }
    }

    /// Takes at most so many bytes from where a file is read; tells how many. None at the file's end.
    ///
    /// # Errors
    /// The inner one: the file can't be read. The outer one: as [`Write::write`].
    pub(crate) fn take(&mut self, file: impl AsFd, most: u64) -> io::Result<Result<usize, Errno>> {
        let end = usize::try_from(most).unwrap_or(CHUNK).saturating_add(self.filled).min(CHUNK);
        let room = self.piece.get_mut(self.filled..end).unwrap_or_default();
        let read = loop {
            match rustix::io::read(&file, &mut *room) {
                Err(Errno::INTR) => {}
                other => break other,
            }
        };
        if let Ok(length) = read {
            self.filled += length;
            self.hand_on_if_full()?;
        }
        Ok(read)
    }

    /// Why nothing more gets through, if that is so.
    pub(crate) fn over(&self) -> Option<FilesFault> {
        self.over.clone()
    }

    /// Ends the stream. What is left goes on first where the end is good.
    ///
    /// # Errors
    /// Nobody took what was left.
    pub(crate) fn finish(mut self, verdict: Verdict) -> Result<(), FilesFault> {
        if verdict.is_ok() && self.hand_on().is_err() {
            return Err(self.over.unwrap_or(FilesFault::Unread));
        }
        self.sink.finish(verdict);
        Ok(())
    }

    fn hand_on_if_full(&mut self) -> io::Result<()> {
        if self.filled == CHUNK { self.hand_on() } else { Ok(()) }
    }

    fn hand_on(&mut self) -> io::Result<()> {
        let mut piece = std::mem::replace(&mut self.piece, BytesMut::zeroed(CHUNK));
        piece.truncate(std::mem::take(&mut self.filled));
        let Self { sink, runtime, stop, .. } = self;
        let sent = runtime.block_on(async {
            tokio::select! {
                biased;
                () = stop.cancelled() => Err(FilesFault::Stopped),
                sent = sink.send(piece.freeze()) => sent.map_err(|Unread| FilesFault::Unread),
            }
        });
        sent.map_err(|fault| {
            self.over = Some(fault);
            io::ErrorKind::BrokenPipe.into()
        })
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(CHUNK - self.filled);
        let room = self.piece.get_mut(self.filled..self.filled + length);
        if let (Some(room), Some(bytes)) = (room, bytes.get(..length)) {
            room.copy_from_slice(bytes);
        }
        self.filled += length;
        self.hand_on_if_full()?;
        Ok(length)
    }

    /// Pieces go on when they are full, or at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
