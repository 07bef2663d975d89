//! Text that is kept rendered and deflated, and how a body is put together from it. Each piece is deflated on
//! its own, up to a byte boundary (RFC 1951, 3.2.4: an empty stored block), so that any sequence of pieces is
//! one valid stream; the checksum of the whole is combined from theirs. So a body costs one reference for
//! each large piece, and a copy of the small ones.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::DeflateEncoder};

use crate::Encoding;

/// A gzip member's header without name and time (RFC 1952, 2.3): deflate, no flags, unknown system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// An empty last block with fixed codes: ends a deflate stream.
const DEFLATE_END: [u8; 2] = [0x03, 0x00];
/// Pieces up to this many bytes are copied together instead of being sent one by one.
const SMALL: usize = 16 * 1_024;

/// A rendered text.
#[derive(Debug)]
pub(crate) struct Piece {
    text: Bytes,
    deflated: Bytes,
    crc: crc32fast::Hasher,
}

impl Piece {
    pub(crate) fn new(text: String) -> Self {
        let mut crc = crc32fast::Hasher::new();
        crc.update(text.as_bytes());
        Self { deflated: deflate(text.as_bytes()), text: text.into(), crc }
    }
}

#[expect(clippy::expect_used, reason = "writing to a vector does not fail")]
fn deflate(text: &[u8]) -> Bytes {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(text.len() / 4 + 64), Compression::fast());
    encoder.write_all(text).and_then(|()| encoder.flush()).expect("a vector takes all bytes");
    let mut deflated = std::mem::take(encoder.get_mut());
    deflated.shrink_to_fit();
    deflated.into()
}

/// A body in the making.
pub(crate) struct Body {
    encoding: Encoding,
    parts: Vec<Bytes>,
    small: Vec<u8>,
    crc: crc32fast::Hasher,
    length: usize,
}

impl Body {
    pub(crate) fn new(encoding: Encoding) -> Self {
        let small = match encoding {
            Encoding::Identity => Vec::new(),
            Encoding::Gzip => GZIP_HEADER.to_vec(),
        };
        Self { encoding, parts: Vec::new(), small, crc: crc32fast::Hasher::new(), length: 0 }
    }

    pub(crate) fn push(&mut self, piece: &Piece) {
        let bytes = match self.encoding {
            Encoding::Identity => &piece.text,
            Encoding::Gzip => {
                self.crc.combine(&piece.crc);
                self.length = self.length.wrapping_add(piece.text.len());
                &piece.deflated
            }
        };
        if bytes.len() <= SMALL {
            self.small.extend_from_slice(bytes);
        } else {
            self.flush();
            self.parts.push(bytes.clone());
        }
    }

    pub(crate) fn finish(mut self) -> Vec<Bytes> {
        if self.encoding == Encoding::Gzip {
            #[expect(clippy::cast_possible_truncation, reason = "RFC 1952: the length modulo 2^32")]
            let length = self.length as u32;
            self.small.extend_from_slice(&DEFLATE_END);
            self.small.extend_from_slice(&self.crc.clone().finalize().to_le_bytes());
            self.small.extend_from_slice(&length.to_le_bytes());
        }
        self.flush();
        self.parts
    }

    fn flush(&mut self) {
        if !self.small.is_empty() {
            self.parts.push(std::mem::take(&mut self.small).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::{Body, Piece};
    use crate::Encoding;

    fn body(encoding: Encoding, texts: &[String]) -> Vec<u8> {
        let mut body = Body::new(encoding);
        texts.iter().for_each(|text| body.push(&Piece::new(text.clone())));
        body.finish().concat()
    }

    #[test]
    fn pieces_of_any_size_make_one_gzip_member_of_the_same_text() {
        let line = "a_metric{label=\"value\"} 1\n";
        let sizes = [0, 1, 3, 40, 1_000, 100_000, 0, 7];
        let mut texts: Vec<String> = sizes.iter().map(|lines| line.repeat(*lines)).collect();
        let mut seed = 1u64;
        let noise = std::iter::from_fn(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from_u32(32 + (seed >> 33) as u32 % 5_000)
        });
        texts.push(noise.take(300_000).collect());
        for used in 0..=texts.len() {
            let texts = &texts[..used];
            let plain = body(Encoding::Identity, texts);
            assert_eq!(plain, texts.concat().into_bytes());
            let packed = body(Encoding::Gzip, texts);
            let (mut read, mut decoder) = (Vec::new(), GzDecoder::new(packed.as_slice()));
            decoder.read_to_end(&mut read).unwrap();
            assert_eq!(read, plain);
            assert!(decoder.into_inner().is_empty(), "nothing follows the one member");
        }
    }
}
