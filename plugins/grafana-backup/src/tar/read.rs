//! Reads an archive as it comes from the store, strictly: what [`Writer`](super::Writer) wouldn't write is a problem, not a guess.

use std::ops::Range;

use watchkeeper_sdk::stream::ByteStream;

use super::{BLOCK, MAGIC, MOST_BYTES, field, padding, sum};

/// What isn't as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("the archive ends before its end")]
    Short,
    #[error("the archive goes on behind its end")]
    Long,
    #[error("byte {0} of the archive begins no header of a regular file")]
    Header(u64),
    #[error("the file at byte {0} of the archive has more than {MOST_BYTES} bytes")]
    Large(u64),
    #[error("the file at byte {0} of the archive isn't followed by zeros")]
    Padding(u64),
}

/// An archive that is read.
pub(crate) struct Reader {
    bytes: ByteStream,
    /// Bytes that were read.
    read: u64,
}

impl Reader {
    pub(crate) fn new(bytes: ByteStream) -> Self {
        Self { bytes, read: 0 }
    }

    /// The next file's name and content; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<(String, Vec<u8>)>, Problem> {
        let at = self.read;
        let header = self.block().await?;
        if header == [0; BLOCK] {
            return self.end().await.map(|()| None);
        }
        let (name, size) = parse(&header).ok_or(Problem::Header(at))?;
        if size > MOST_BYTES {
            return Err(Problem::Large(at));
        }
        let content = self.exactly(size).await?;
        if self.exactly(padding(size)).await?.iter().any(|byte| *byte != 0) {
            return Err(Problem::Padding(at));
        }
        Ok(Some((name, content)))
    }

    /// Reads what is left, so that whoever sends it can say how it ended.
    pub(crate) async fn drain(self) {
        self.bytes.read_to_end(0).await;
    }

    /// The second block of zeros, and nothing behind it.
    async fn end(&mut self) -> Result<(), Problem> {
        if self.block().await? != [0; BLOCK] || !self.bytes.read(1).await.is_empty() {
            return Err(Problem::Long);
        }
        Ok(())
    }

    async fn block(&mut self) -> Result<[u8; BLOCK], Problem> {
        self.exactly(BLOCK).await?.try_into().map_err(|_| Problem::Short)
    }

    async fn exactly(&mut self, count: usize) -> Result<Vec<u8>, Problem> {
        const PIECE: usize = 64 << 10;
        let mut all = Vec::new();
        while all.len() < count {
            let piece = self.bytes.read(PIECE.min(count - all.len())).await;
            if piece.is_empty() {
                return Err(Problem::Short);
            }
            all.extend(piece);
        }
        self.read += all.len() as u64;
        Ok(all)
    }
}

/// The name and size in a header of a regular file.
fn parse(header: &[u8; BLOCK]) -> Option<(String, usize)> {
    let get = |field: Range<usize>| header.get(field).unwrap_or_default();
    let plain =
        get(field::MAGIC) == MAGIC && get(field::KIND) == b"0" && get(field::PREFIX).iter().all(|byte| *byte == 0);
    if !plain || octal(get(field::SUM))? != u64::from(sum(header)) {
        return None;
    }
    let name = get(field::NAME);
    let (name, rest) = name.split_at(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
    if name.is_empty() || rest.iter().any(|byte| *byte != 0) {
        return None;
    }
    let size = usize::try_from(octal(get(field::SIZE))?).ok()?;
    Some((String::from_utf8(name.to_vec()).ok()?, size))
}

/// A number with what ends it.
fn octal(field: &[u8]) -> Option<u64> {
    let text = str::from_utf8(field).ok()?.trim_end_matches(['\0', ' ']);
    let digits = !text.is_empty() && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    digits.then(|| u64::from_str_radix(text, 8).ok())?
}
