//! From content to the parts that are stored, on three threads that may block: one hashes and checks the content, one compresses and
//! encrypts it, one hashes what comes of that and cuts it into parts. No piece is copied on the way to the first two; what lies in
//! memory is at most a few pieces and one part.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use bytes::{Bytes, BytesMut};
use futures_util::TryFutureExt;
use object_store::PutPayload;
use sha2::{Digest as _, Sha256};
use tokio::{sync::mpsc, task::spawn_blocking};
use watchkeeper_model::Digest;

use crate::{
    Aborted, ArtifactPath, BLOCK, Check, CheckError, Progress, StoreError, backend::Backend, key::Recipients,
    manifest::MOST_BLOCKS,
};

/// zstd's own default.
const LEVEL: i32 = 3;
/// Bytes of what is stored that are handed on at once.
const PIECE: usize = 256 << 10;
const PART: usize = 2 * BLOCK;
/// A part once there are many: an object store takes 10,000 of them.
const GREAT_PART: usize = 16 * BLOCK;
const SMALL_PARTS: usize = 5_000;

/// What there is to say of content that was pressed.
pub(super) struct Pressed {
    pub(super) content: PressedContent,
    pub(super) stored: PressedStored,
}

pub(super) struct PressedContent {
    pub(super) size: u64,
    pub(super) sha256: Digest,
}

pub(super) struct PressedStored {
    pub(super) size: u64,
    pub(super) sha256: Digest,
    pub(super) blocks: Vec<Digest>,
}

/// A part of what is stored.
pub(super) struct Part {
    pub(super) bytes: PutPayload,
    /// The place of its first byte.
    pub(super) offset: u64,
    /// Nothing comes after it.
    pub(super) last: bool,
}

/// Why content can't be pressed.
pub(super) enum PressError {
    Check(CheckError),
    TooLarge,
    /// zstd's or age's own failure, or a thread's.
    Machine(String),
    /// Nobody takes its parts: whoever doesn't knows why.
    Unread,
}

impl PressError {
    pub(super) fn at(self, backend: &Backend, path: &ArtifactPath) -> StoreError {
        let aborted = |why| StoreError::Aborted { path: path.clone(), why };
        match self {
            Self::Check(why) => aborted(Aborted::Check(why)),
            Self::TooLarge => aborted(Aborted::TooLarge((MOST_BLOCKS * BLOCK) as u64)),
            Self::Machine(why) => backend.unavailable(format!("storing {path}"), why),
            Self::Unread => backend.unavailable(format!("storing {path}"), "nothing more was sent"),
        }
    }
}

/// Begins to press pieces: what comes of it, once all parts were taken, and the parts.
pub(super) fn press(
    pieces: mpsc::Receiver<Bytes>,
    check: Check,
    recipients: Recipients,
    progress: Progress,
) -> (impl Future<Output = Result<Pressed, PressError>>, mpsc::Receiver<Part>) {
    let (seen, to_see) = sync_channel(4);
    let (stored, to_cut) = sync_channel(4);
    // With room for one, a part would wait beside those that are sent: this one is handed over.
    let (parts, taken) = mpsc::channel(1);
    let content = spawn_blocking(move || see(to_see, check));
    let packed = spawn_blocking(move || pack(pieces, &seen, stored, &recipients, &progress));
    let stored = spawn_blocking(move || cut(&to_cut, &parts));
    let lost = |_| PressError::Machine("a thread was lost".to_owned());
    let pressed = async move {
        let (content, packed, stored) = tokio::join!(content.map_err(lost), packed.map_err(lost), stored.map_err(lost));
        match (content.flatten(), packed.flatten(), stored.flatten()) {
            (Ok(content), Ok(()), Ok(stored)) => Ok(Pressed { content, stored }),
            (content, packed, stored) => Err(first_cause([content.err(), packed.err(), stored.err()])),
        }
    };
    (pressed, taken)
}

/// Where one thread fails, the others fail for want of it: the failure that began it.
fn first_cause(failures: [Option<PressError>; 3]) -> PressError {
    let rank = |failure: &PressError| match failure {
        PressError::Machine(_) => 0,
        PressError::TooLarge => 1,
        PressError::Check(_) => 2,
        PressError::Unread => 3,
    };
    failures.into_iter().flatten().min_by_key(rank).unwrap_or(PressError::Unread)
}

/// Hashes and checks the content.
fn see(pieces: Receiver<Bytes>, check: Check) -> Result<PressedContent, PressError> {
    let (mut hash, mut checker, mut size) = (Sha256::new(), check.begin(), 0);
    for piece in pieces {
        hash.update(&piece);
        checker.feed(&piece).map_err(PressError::Check)?;
        size += piece.len() as u64;
    }
    checker.finish().map_err(PressError::Check)?;
    Ok(PressedContent { size, sha256: Digest::new(hash.finalize().into()) })
}

/// Compresses the content, and encrypts it where there are recipients.
fn pack(
    mut pieces: mpsc::Receiver<Bytes>,
    seen: &SyncSender<Bytes>,
    stored: SyncSender<Bytes>,
    recipients: &Recipients,
    progress: &Progress,
) -> Result<(), PressError> {
    let out = Out { pieces: stored, filling: BytesMut::with_capacity(PIECE) };
    let next = || pieces.blocking_recv();
    if recipients.is_empty() {
        compress(next, seen, out, progress)?.finish()
    } else {
        let encryptor = age::Encryptor::with_recipients(recipients.iter());
        let encryptor = encryptor.map_err(|error| PressError::Machine(error.to_string()))?;
        let out = encryptor.wrap_output(out).map_err(machine)?;
        compress(next, seen, out, progress)?.finish().map_err(machine)?.finish()
    }
}

fn compress<W: Write>(
    mut next: impl FnMut() -> Option<Bytes>,
    seen: &SyncSender<Bytes>,
    out: W,
    progress: &Progress,
) -> Result<W, PressError> {
    let mut encoder = zstd::stream::write::Encoder::new(out, LEVEL).map_err(machine)?;
    encoder.include_checksum(true).map_err(machine)?;
    let mut size = 0;
    while let Some(piece) = next() {
        size += piece.len() as u64;
        seen.send(Bytes::clone(&piece)).map_err(|_| PressError::Unread)?;
        encoder.write_all(&piece).map_err(machine)?;
        progress(size, 0);
    }
    encoder.finish().map_err(machine)
}

/// Hashes what is stored, and cuts it into parts.
fn cut(pieces: &Receiver<Bytes>, parts: &mpsc::Sender<Part>) -> Result<PressedStored, PressError> {
    let mut stored = Hashes::default();
    let (mut filling, mut filled, mut offset, mut count) = (Vec::new(), 0, 0, 0);
    while let Ok(mut piece) = pieces.recv() {
        stored.update(&piece)?;
        loop {
            let part = if count < SMALL_PARTS { PART } else { GREAT_PART };
            let taken = piece.split_to((part - filled).min(piece.len()));
            filled += taken.len();
            filling.push(taken);
            // The next part begins with a byte: no last part is empty but that of an empty content.
            if piece.is_empty() {
                break;
            }
            let bytes = std::mem::take(&mut filling).into_iter().collect();
            parts.blocking_send(Part { bytes, offset, last: false }).map_err(|_| PressError::Unread)?;
            (offset, count, filled) = (offset + filled as u64, count + 1, 0);
        }
    }
    let bytes = filling.into_iter().collect();
    parts.blocking_send(Part { bytes, offset, last: true }).map_err(|_| PressError::Unread)?;
    Ok(stored.finish())
}

#[derive(Default)]
struct Hashes {
    size: u64,
    whole: Sha256,
    block: Sha256,
    in_block: usize,
    blocks: Vec<Digest>,
}

impl Hashes {
    fn update(&mut self, mut bytes: &[u8]) -> Result<(), PressError> {
        self.size += bytes.len() as u64;
        self.whole.update(bytes);
        while !bytes.is_empty() {
            let (taken, rest) = bytes.split_at_checked(BLOCK - self.in_block).unwrap_or((bytes, &[]));
            self.block.update(taken);
            self.in_block += taken.len();
            if self.in_block == BLOCK {
                self.end_block();
            }
            bytes = rest;
        }
        if self.blocks.len() < MOST_BLOCKS { Ok(()) } else { Err(PressError::TooLarge) }
    }

    fn end_block(&mut self) {
        self.blocks.push(Digest::new(self.block.finalize_reset().into()));
        self.in_block = 0;
    }

    fn finish(mut self) -> PressedStored {
        if self.in_block > 0 {
            self.end_block();
        }
        PressedStored { size: self.size, sha256: Digest::new(self.whole.finalize().into()), blocks: self.blocks }
    }
}

/// Gathers what is written into pieces.
struct Out {
    pieces: SyncSender<Bytes>,
    filling: BytesMut,
}

impl Out {
    fn hand_on(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.filling, BytesMut::with_capacity(PIECE)).freeze();
        self.pieces.send(piece).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }

    fn finish(mut self) -> Result<(), PressError> {
        self.hand_on().map_err(machine)
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.get(..PIECE - self.filling.len()).unwrap_or(bytes);
        self.filling.extend_from_slice(taken);
        if self.filling.len() == PIECE {
            self.hand_on()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn machine(error: io::Error) -> PressError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => PressError::Unread,
        _ => PressError::Machine(error.to_string()),
    }
}
