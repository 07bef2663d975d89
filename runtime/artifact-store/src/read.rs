//! Reading an artifact back: each block is compared, then decrypted, then decompressed, and the whole is held against the manifest.
//! Opening what was packed is on a thread that may block; what a forged manifest or stream can make it use is bounded.

use std::{
    io::{self, BufRead, BufReader, Read},
    sync::Arc,
};

use age::DecryptError;
use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use sha2::{Digest as _, Sha256};
use tokio::{sync::mpsc, task::spawn_blocking};
use watchkeeper_model::Digest;

use crate::{Damage, Identities, Manifest, Progress, Store, StoreError, blocks::StoredBytes};

/// The most bytes of a piece of content.
const PIECE: usize = 256 << 10;
/// The greatest window of zstd that is unpacked, as a power of two: what is stored needs 21.
const WINDOW: u32 = 23;

type Piece = Result<Bytes, StoreError>;

impl Store {
    /// Reads an artifact's content back. What comes before an error is the beginning of what was stored, and no more than that; all of it
    /// came only if the stream ends without an error.
    ///
    /// `progress` is told of bytes of the content.
    pub fn read(&self, manifest: Manifest, progress: Progress) -> impl Stream<Item = Piece> + Send + Unpin + use<> {
        let stored = StoredBytes::new(&self.backend, Arc::new(manifest.clone()));
        let identities = self.identities.clone();
        let begin = async move {
            let (blocks, to_unpack) = mpsc::channel(1);
            let (pieces, unpacked) = mpsc::channel(2);
            tokio::spawn(fetch(stored.clone(), manifest.blocks.sha256.len(), blocks));
            spawn_blocking(move || {
                let unpack = Unpack { stored: &stored, manifest: &manifest, pieces: &pieces, progress: &progress };
                if let Err(error) = unpack.run(to_unpack, &identities) {
                    let _unread = pieces.blocking_send(Err(error));
                }
            });
            futures_util::stream::unfold(unpacked, |mut unpacked| async { Some((unpacked.recv().await?, unpacked)) })
        };
        futures_util::stream::once(begin).flatten().boxed()
    }
}

/// Hands blocks on until one is wrong, or nobody takes them.
async fn fetch(stored: StoredBytes, count: usize, blocks: mpsc::Sender<Piece>) {
    if let Err(error) = stored.check_size().await {
        let _unread = blocks.send(Err(error)).await;
        return;
    }
    let mut read = std::pin::pin!(stored.read(0..count));
    while let Some(block) = read.next().await {
        let wrong = block.is_err();
        if blocks.send(block).await.is_err() || wrong {
            return;
        }
    }
}

struct Unpack<'a> {
    stored: &'a StoredBytes,
    manifest: &'a Manifest,
    pieces: &'a mpsc::Sender<Piece>,
    progress: &'a Progress,
}

impl Unpack<'_> {
    fn run(&self, blocks: mpsc::Receiver<Piece>, identities: &Identities) -> Result<(), StoreError> {
        let blocks = Blocks { blocks, rest: Bytes::new() };
        if self.manifest.stored.recipients.is_empty() {
            return self.decompress(blocks);
        }
        let decryptor = age::Decryptor::new_buffered(blocks).map_err(|error| self.locked(error, identities))?;
        let decrypted = decryptor.decrypt(identities.iter()).map_err(|error| self.locked(error, identities))?;
        self.decompress(BufReader::with_capacity(PIECE, decrypted))
    }

    fn decompress(&self, packed: impl BufRead) -> Result<(), StoreError> {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(|error| self.fault(error))?;
        decoder.window_log_max(WINDOW).map_err(|error| self.fault(error))?;
        let (mut hash, mut size, expected) = (Sha256::new(), 0, &self.manifest.content);
        loop {
            let piece = read_piece(&mut decoder).map_err(|error| self.fault(error))?;
            if piece.is_empty() {
                break;
            }
            size += piece.len() as u64;
            if size > expected.size {
                return Err(
                    self.content(format!("it unpacks to more than the {} bytes that were put in", expected.size))
                );
            }
            hash.update(&piece);
            (self.progress)(size, expected.size);
            if self.pieces.blocking_send(Ok(piece)).is_err() {
                return Ok(());
            }
        }
        if size < expected.size {
            return Err(self.content(format!("it unpacks to {size} bytes, and {} were put in", expected.size)));
        }
        if Digest::new(hash.finalize().into()) != expected.sha256 {
            return Err(self.content("its content has another SHA-256 than what was put in".to_owned()));
        }
        Ok(())
    }

    fn locked(&self, error: DecryptError, identities: &Identities) -> StoreError {
        match error {
            DecryptError::Io(error) => self.fault(error),
            DecryptError::NoMatchingKeys => StoreError::Locked {
                object: self.stored.object().to_owned(),
                identities: identities.len(),
                recipients: self.manifest.stored.recipients.clone(),
            },
            error => self.content(format!("it can't be decrypted: {error}")),
        }
    }

    /// An error of reading: the store's own where it comes from there, else what was stored makes no sense.
    fn fault(&self, error: io::Error) -> StoreError {
        match error.downcast::<StoreError>() {
            Ok(error) => error,
            Err(error) => self.content(format!("it can't be unpacked: {error}")),
        }
    }

    fn content(&self, why: String) -> StoreError {
        self.stored.corrupt(Damage::Content(why))
    }
}

/// A full piece, or what there is before the end.
fn read_piece(reader: &mut impl Read) -> io::Result<Bytes> {
    let mut piece = Vec::with_capacity(PIECE);
    reader.take(PIECE as u64).read_to_end(&mut piece)?;
    Ok(piece.into())
}

/// Blocks as one stream of bytes.
struct Blocks {
    blocks: mpsc::Receiver<Piece>,
    rest: Bytes,
}

impl BufRead for Blocks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.rest.is_empty() {
            match self.blocks.blocking_recv() {
                Some(Ok(block)) => self.rest = block,
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => break,
            }
        }
        Ok(&self.rest)
    }

    fn consume(&mut self, amount: usize) {
        self.rest.advance(amount);
    }
}

impl Read for Blocks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self.fill_buf()?;
        let read = bytes.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
