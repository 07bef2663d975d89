//! Writes an archive while it is stored.

use std::ops::Range;

use watchkeeper_sdk::{fail, prelude::*, stream::Sink};

use super::{BLOCK, MAGIC, MOST_BYTES, MOST_NAME, field, padding, sum};

/// An archive in the making.
pub(crate) struct Writer {
    sink: Sink,
}

impl Writer {
    pub(crate) fn new(sink: Sink) -> Self {
        Self { sink }
    }

    /// Adds a file.
    pub(crate) async fn file(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let Some(header) = header(name, content.len()) else {
            fail!("{name} has {} bytes, more than {MOST_BYTES}, or too long a name", content.len());
        };
        let mut bytes = Vec::with_capacity(BLOCK + content.len() + padding(content.len()));
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len() + padding(content.len()), 0);
        Ok(self.sink.write(bytes).await?)
    }

    /// Ends the archive.
    pub(crate) async fn end(mut self) -> Result<()> {
        Ok(self.sink.write(vec![0; 2 * BLOCK]).await?)
    }
}

/// The same for the same file: of no time, and nobody's.
fn header(name: &str, size: usize) -> Option<[u8; BLOCK]> {
    if name.len() > MOST_NAME || size > MOST_BYTES {
        return None;
    }
    let mut header = [0; BLOCK];
    let mut put = |field: Range<usize>, text: &[u8]| {
        for (byte, letter) in header.iter_mut().skip(field.start).zip(text) {
            *byte = *letter;
        }
    };
    put(field::NAME, name.as_bytes());
    put(field::MODE, b"0000644");
    put(field::USER, b"0000000");
    put(field::GROUP, b"0000000");
    put(field::SIZE, format!("{size:011o}").as_bytes());
    put(field::TIME, b"00000000000");
    put(field::KIND, b"0");
    put(field::MAGIC, MAGIC);
    let sum = format!("{:06o}\0 ", sum(&header));
    for (byte, letter) in header.iter_mut().skip(field::SUM.start).zip(sum.bytes()) {
        *byte = letter;
    }
    Some(header)
}
