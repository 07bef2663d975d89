//! The three pipes of a process. What each holds is bounded, and each can be left at any point and taken up again: nothing is lost or
//! sent twice.

use std::{collections::VecDeque, convert::Infallible, future::pending, io, os::fd::OwnedFd};

use bytes::{Buf, Bytes, BytesMut};
use prometheus::IntCounter;
use rustix::pipe::fcntl_setpipe_size;
use tokio::net::unix::pipe::{Receiver, Sender};
use watchkeeper_contract::{ByteSink, ByteStream, CHUNK, clean};

/// What the kernel keeps between a process and the host: the most that a user may ask for unless told otherwise.
const PIPE: usize = 1 << 20;
/// What is kept of standard error.
pub(crate) const STDERR_BYTES: usize = 16 << 10;

/// Why output doesn't flow on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dam {
    /// Nobody reads it any more.
    Unread,
    /// It is more than the operator allows.
    TooMuch,
}

/// Standard output, on its way to who reads it.
pub(crate) struct Outlet {
    output: Output,
    sink: ByteSink,
    /// Read, and not handed on yet.
    piece: Bytes,
    /// How much of the operator's limit is left.
    left: u64,
}

impl Outlet {
    pub(crate) fn new(pipe: OwnedFd, sink: ByteSink, limit: u64, counter: IntCounter) -> io::Result<Self> {
        widen(&pipe);
        let output = Output { pipe: Receiver::from_owned_fd(pipe)?, buffer: BytesMut::new(), counter };
        Ok(Self { output, sink, piece: Bytes::new(), left: limit })
    }

    /// Hands on what the process writes, as long as that goes on.
    pub(crate) async fn flow(&mut self) -> Dam {
        loop {
            if let Err(dam) = self.hand_on().await {
                return dam;
            }
            let read = tokio::select! {
                read = self.output.read() => read,
                () = self.sink.unread() => return Dam::Unread,
            };
            match read {
                Ok(piece) if !piece.is_empty() => self.piece = piece,
                Ok(_) | Err(_) => {
                    // The process closed it and may go on; so may who waits for its end.
                    self.sink.unread().await;
                    return Dam::Unread;
                }
            }
        }
    }

    /// Hands on what is in the pipe now. Whoever else may hold its other end has no more say.
    pub(crate) async fn drain(&mut self) -> Result<(), Dam> {
        let mut waiting = waiting(&self.output.pipe);
        self.hand_on().await?;
        while waiting > 0 {
            match self.output.read().await {
                Ok(piece) if !piece.is_empty() => self.piece = piece,
                Ok(_) | Err(_) => break,
            }
            waiting = waiting.saturating_sub(self.piece.len() as u64);
            self.hand_on().await?;
        }
        Ok(())
    }

    /// Whether what was written is more than the operator allows, with what is in the pipe.
    pub(crate) fn is_over(&self) -> bool {
        self.piece.len() as u64 + waiting(&self.output.pipe) > self.left
    }

    /// Ends the stream.
    pub(crate) fn finish(self, verdict: Result<(), String>) {
        self.sink.finish(verdict);
    }

    async fn hand_on(&mut self) -> Result<(), Dam> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let length = self.piece.len() as u64;
        self.left.checked_sub(length).ok_or(Dam::TooMuch)?;
        self.sink.send(self.piece.clone()).await.map_err(|_unread| Dam::Unread)?;
        self.left -= length;
        self.piece = Bytes::new();
        Ok(())
    }
}

/// The pipe of standard output, and what pieces are made of.
struct Output {
    pipe: Receiver,
    buffer: BytesMut,
    counter: IntCounter,
}

impl Output {
    /// Waits for bytes and takes as many as a piece has room for; none at the end.
    async fn read(&mut self) -> io::Result<Bytes> {
        if self.buffer.capacity() < CHUNK / 4 {
            self.buffer.reserve(CHUNK);
        }
        loop {
            self.pipe.readable().await?;
            let is_end = loop {
                if self.buffer.len() == self.buffer.capacity() {
                    break false;
                }
                match self.pipe.try_read_buf(&mut self.buffer) {
                    Ok(0) => break true,
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break false,
                    Err(error) => return Err(error),
                }
            };
            if is_end || !self.buffer.is_empty() {
                let piece = self.buffer.split().freeze();
                self.counter.inc_by(piece.len() as u64);
                return Ok(piece);
            }
        }
    }
}

/// Standard input. Until its source ended well it stays open, whatever happens: the process must not take a part for the whole.
pub(crate) struct Inlet {
    pipe: Option<Sender>,
    source: Option<ByteStream>,
    piece: Bytes,
}

impl Inlet {
    pub(crate) fn new(pipe: OwnedFd, source: Option<ByteStream>) -> io::Result<Self> {
        widen(&pipe);
        Ok(Self { pipe: Some(Sender::from_owned_fd(pipe)?), source, piece: Bytes::new() })
    }

    /// Gives the launcher its word; with no source that is all there is.
    ///
    /// # Errors
    /// The launcher is gone.
    pub(crate) async fn go(&mut self) -> io::Result<()> {
        self.piece = Bytes::from_static(b"\n");
        let written = self.write().await;
        if self.source.is_none() {
            self.pipe = None;
        }
        written
    }

    /// Feeds the process. Resolves only if its source was cut short, with the reason.
    pub(crate) async fn feed(&mut self) -> String {
        while let Some(source) = &mut self.source {
            if self.piece.is_empty() {
                match source.next().await {
                    Some(piece) => self.piece = piece,
                    None => match source.verdict() {
                        Ok(()) => self.close(),
                        Err(why) => return why,
                    },
                }
            } else if self.write().await.is_err() {
                // It reads no more, which is its own affair.
                self.close();
            }
        }
        pending().await
    }

    async fn write(&mut self) -> io::Result<()> {
        let Some(pipe) = &self.pipe else { return Ok(()) };
        while !self.piece.is_empty() {
            pipe.writable().await?;
            match pipe.try_write(&self.piece) {
                Ok(written) => self.piece.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        (self.pipe, self.source, self.piece) = (None, None, Bytes::new());
    }
}

/// The end of standard error.
pub(crate) struct Tail {
    pipe: Receiver,
    kept: VecDeque<u8>,
    cut: bool,
}

impl Tail {
    pub(crate) fn new(pipe: OwnedFd) -> io::Result<Self> {
        Ok(Self { pipe: Receiver::from_owned_fd(pipe)?, kept: VecDeque::new(), cut: false })
    }

    /// Listens for ever.
    pub(crate) async fn listen(&mut self) -> Infallible {
        while self.hear().await.is_ok_and(|heard| heard > 0) {}
        pending().await
    }

    /// Takes what is in the pipe now, and gives the end of all that was heard, in clean lines.
    pub(crate) async fn finish(mut self) -> String {
        let mut waiting = waiting(&self.pipe);
        while waiting > 0 {
            match self.hear().await {
                Ok(0) | Err(_) => break,
                Ok(heard) => waiting = waiting.saturating_sub(heard as u64),
            }
        }
        let bytes: Vec<u8> = self.kept.into();
        let text = String::from_utf8_lossy(&bytes);
        // A line whose beginning is gone is none, unless it is all there is.
        let whole = text.split_once('\n').map_or("", |(_, rest)| rest);
        let text = if self.cut && !whole.trim().is_empty() { whole } else { &*text };
        let lines = text.lines().map(|line| clean(line.trim_end(), STDERR_BYTES)).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    }

    async fn hear(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 8 << 10];
        loop {
            self.pipe.readable().await?;
            match self.pipe.try_read(&mut buffer) {
                Ok(heard) => {
                    self.kept.extend(buffer.get(..heard).unwrap_or_default());
                    let surplus = self.kept.len().saturating_sub(STDERR_BYTES);
                    self.kept.drain(..surplus);
                    self.cut |= surplus > 0;
                    return Ok(heard);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// How many bytes are in the pipe.
fn waiting(pipe: &Receiver) -> u64 {
    rustix::io::ioctl_fionread(pipe).unwrap_or(0)
}

/// A user who has many wide pipes already gets a narrow one, which is slower and no more.
fn widen(pipe: &OwnedFd) {
    let _as_wide_as_it_is = fcntl_setpipe_size(pipe, PIPE);
}
