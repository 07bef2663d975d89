//! Tar archives: v7, ustar, pax and GNU. Headers and sizes are followed to the two zero blocks at the end; names and contents
//! are the reader's business.

use std::mem;

use super::Fault;

const BLOCK: usize = 512;

/// A pax header is kept while it comes, for the size that it may give its file; no tool writes one near this.
const LONGEST_PAX: u64 = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Walk {
    at: u64,
    block: Vec<u8>,
    part: Part,
    /// The size that a pax header gave the file that comes next.
    pax_size: Option<u64>,
}

#[derive(Debug)]
enum Part {
    Header,
    /// Bytes of an entry's content and then of its padding.
    Content {
        left: u64,
        padding: u64,
        pax: Option<Vec<u8>>,
    },
    /// More of a GNU sparse file's map, which comes before its content of this size.
    SparseMap {
        size: u64,
    },
    /// One zero block came: the next must be zeros too.
    Ending,
    Ended,
}

impl Default for Walk {
    fn default() -> Self {
        Self { at: 0, block: Vec::with_capacity(BLOCK), part: Part::Header, pax_size: None }
    }
}

impl Walk {
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let taken = match &mut self.part {
                Part::Content { left, padding, pax } => {
                    let of = if *left > 0 { left } else { padding };
                    let taken = usize::try_from(*of).unwrap_or(usize::MAX).min(bytes.len());
                    *of = of.saturating_sub(taken as u64);
                    if let Some(pax) = pax {
                        pax.extend(bytes.iter().take(taken));
                    }
                    taken
                }
                Part::Ended => {
                    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                    if zeros < bytes.len() {
                        return Err(Fault::new(
                            self.at.saturating_add(zeros as u64),
                            "the archive goes on after its end",
                        ));
                    }
                    zeros
                }
                Part::Header | Part::SparseMap { .. } | Part::Ending => {
                    let taken = BLOCK.saturating_sub(self.block.len()).min(bytes.len());
                    self.block.extend(bytes.iter().take(taken));
                    taken
                }
            };
            self.at = self.at.saturating_add(taken as u64);
            bytes = bytes.get(taken..).unwrap_or_default();
            self.advance()?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Fault> {
        let what = match self.part {
            Part::Ended => return Ok(()),
            Part::Header if self.block.is_empty() => "the archive ends without its two zero blocks".to_owned(),
            Part::Header | Part::SparseMap { .. } => "the archive ends inside a header".to_owned(),
            Part::Content { left: 0, .. } => "the archive ends inside the padding after a file".to_owned(),
            Part::Content { left, .. } => format!("the archive ends inside a file, {left} bytes before the file's end"),
            Part::Ending => "the archive ends inside its two zero blocks".to_owned(),
        };
        Err(Fault::new(self.at, what))
    }

    /// Goes on to the next part if this one is complete.
    fn advance(&mut self) -> Result<(), Fault> {
        if let Part::Content { left: 0, padding, pax } = &mut self.part {
            if let Some(pax) = pax.take() {
                self.pax_size = pax_size(&pax).map_err(|what| Fault::new(self.at, what))?.or(self.pax_size);
            }
            if *padding == 0 {
                self.part = Part::Header;
            }
            return Ok(());
        }
        if self.block.len() < BLOCK {
            return Ok(());
        }
        let block = mem::replace(&mut self.block, Vec::with_capacity(BLOCK));
        let start = self.at.saturating_sub(BLOCK as u64);
        self.part = match (&self.part, block.iter().all(|byte| *byte == 0)) {
            (Part::Header, true) => Part::Ending,
            (Part::Ending, true) => Part::Ended,
            (Part::Ending, false) => return Err(Fault::new(start, "a single zero block lies between two headers")),
            (Part::SparseMap { size }, _) => sparse_or_content(*size, block.get(504)),
            _ => self.header(&block, start)?,
        };
        Ok(())
    }

    fn header(&mut self, block: &[u8], start: u64) -> Result<Part, Fault> {
        let field = |from: usize, to: usize| block.get(from..to).unwrap_or_default();
        let sums = octal(field(148, 156)).is_some_and(|sum| sum == checksum(block) || sum == signed_checksum(block));
        if !sums {
            return Err(Fault::new(start, "a header's checksum is wrong"));
        }
        let size = number(field(124, 136));
        let size = size.ok_or_else(|| Fault::new(start.saturating_add(124), "a header's size is not a number"))?;
        let kind = block.get(156).copied().unwrap_or_default();
        let size = match kind {
            b'x' if size > LONGEST_PAX => {
                return Err(Fault::new(start.saturating_add(124), format!("a pax header of {size} bytes is too long")));
            }
            b'x' | b'g' | b'L' | b'K' => size,
            _ => self.pax_size.take().unwrap_or(size),
        };
        Ok(match kind {
            // Links, devices, folders and fifos have no content, whatever the size says.
            b'1'..=b'6' => content(0, false),
            b'S' => sparse_or_content(size, block.get(482)),
            _ => content(size, kind == b'x'),
        })
    }
}

fn sparse_or_content(size: u64, more: Option<&u8>) -> Part {
    if more.is_some_and(|byte| *byte != 0) { Part::SparseMap { size } } else { content(size, false) }
}

fn content(size: u64, pax: bool) -> Part {
    if size == 0 {
        return Part::Header;
    }
    let padding = size.next_multiple_of(BLOCK as u64) - size;
    Part::Content { left: size, padding, pax: pax.then(Vec::new) }
}

/// The sum of all bytes, those of the checksum itself taken as spaces.
fn checksum(block: &[u8]) -> u64 {
    summed(block).map(u64::from).sum()
}

/// As old programs computed it, with bytes that have a sign.
fn signed_checksum(block: &[u8]) -> u64 {
    let sum: i64 = summed(block).map(|byte| i64::from(byte.cast_signed())).sum();
    u64::try_from(sum).unwrap_or(u64::MAX)
}

fn summed(block: &[u8]) -> impl Iterator<Item = u8> {
    block.iter().enumerate().map(|(index, byte)| if (148..156).contains(&index) { b' ' } else { *byte })
}

/// A number as GNU writes great ones, in base 256 after a first byte of `0x80`, or in octal. Below 2^62, so that sums fit.
fn number(field: &[u8]) -> Option<u64> {
    let value = match field.split_first() {
        Some((0x80, rest)) => {
            rest.iter().try_fold(0_u64, |value, byte| Some(value.checked_mul(256)? | u64::from(*byte)))?
        }
        _ => octal(field)?,
    };
    (value < 1 << 62).then_some(value)
}

/// Octal digits between spaces and zero bytes; nothing at all is zero.
fn octal(field: &[u8]) -> Option<u64> {
    let blank = |byte: &u8| *byte == b' ' || *byte == 0;
    let digits = field.iter().skip_while(|byte| **byte == b' ').take_while(|byte| !blank(byte));
    let rest = field.iter().skip_while(|byte| **byte == b' ').skip_while(|byte| !blank(byte));
    if !rest.copied().all(|byte| blank(&byte)) {
        return None;
    }
    digits.copied().try_fold(0_u64, |value, byte| {
        let digit = (b'0'..=b'7').contains(&byte).then(|| u64::from(byte - b'0'))?;
        Some(value.checked_mul(8)? | digit)
    })
}

/// The size among a pax header's records, which are `LENGTH KEY=VALUE\n` each, the length that of the whole record.
fn pax_size(mut records: &[u8]) -> Result<Option<u64>, &'static str> {
    const BROKEN: &str = "a pax header before this byte is broken";
    let mut size = None;
    while !records.is_empty() {
        let space = records.iter().position(|byte| *byte == b' ').ok_or(BROKEN)?;
        let length = records.get(..space).and_then(decimal).and_then(|length| usize::try_from(length).ok());
        let (record, rest) = length.and_then(|length| records.split_at_checked(length)).ok_or(BROKEN)?;
        let record = record.get(space..).and_then(|record| record.strip_prefix(b" ")?.strip_suffix(b"\n"));
        if let Some(value) = record.ok_or(BROKEN)?.strip_prefix(b"size=") {
            size = Some(decimal(value).filter(|size| *size < 1 << 62).ok_or(BROKEN)?);
        }
        records = rest;
    }
    Ok(size)
}

fn decimal(text: &[u8]) -> Option<u64> {
    let text = str::from_utf8(text).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
