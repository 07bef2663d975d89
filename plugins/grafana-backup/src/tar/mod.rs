//! Archives as this plugin writes them: regular files with short names in ustar format, nothing else, the same bytes for the same files.

mod read;
mod write;

pub(crate) use self::{read::Reader, write::Writer};

/// What an archive is made of.
const BLOCK: usize = 512;

/// The most bytes of one file: what is larger is neither written nor read.
pub(crate) const MOST_BYTES: usize = 32 << 20;

/// Longest name of a file.
const MOST_NAME: usize = 100;

/// Where a header's fields are.
mod field {
    use std::ops::Range;

    pub(super) const NAME: Range<usize> = 0..100;
    pub(super) const MODE: Range<usize> = 100..108;
    pub(super) const USER: Range<usize> = 108..116;
    pub(super) const GROUP: Range<usize> = 116..124;
    pub(super) const SIZE: Range<usize> = 124..136;
    pub(super) const TIME: Range<usize> = 136..148;
    pub(super) const SUM: Range<usize> = 148..156;
    pub(super) const KIND: Range<usize> = 156..157;
    pub(super) const MAGIC: Range<usize> = 257..265;
    pub(super) const PREFIX: Range<usize> = 345..500;
}

/// Of ustar, with its version.
const MAGIC: &[u8; 8] = b"ustar\x0000";

/// The sum of a header's bytes, its own field taken for blanks.
fn sum(header: &[u8; BLOCK]) -> u32 {
    let byte =
        |(place, byte): (usize, &u8)| if field::SUM.contains(&place) { u32::from(b' ') } else { u32::from(*byte) };
    header.iter().enumerate().map(byte).sum()
}

/// Bytes from a file's end to the next block.
fn padding(size: usize) -> usize {
    size.next_multiple_of(BLOCK) - size
}
