//! The primitive values of PostgreSQL's custom archives, put together from pieces of any size: bytes, signed integers, texts,
//! file offsets. It knows how a value is written and nothing of what it means.

use super::super::Fault;

/// What comes next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Want {
    Byte,
    /// A sign byte and four bytes, the lowest first.
    Int,
    /// An int, -1 for no text at all, and as many bytes, of which so many are kept.
    Text(usize),
    /// A state byte and eight bytes, the lowest first.
    Offset,
    /// So many bytes of no interest, at least one.
    Skip(u64),
}

/// What came.
#[derive(Debug)]
pub(super) enum Token {
    Byte(u8),
    Int(i64),
    /// The first bytes of a text.
    Text(Option<Vec<u8>>),
    Offset {
        state: u8,
        at: u64,
    },
    Skipped,
}

#[derive(Debug, Default)]
pub(super) struct Scanner {
    /// The bytes taken so far, from the beginning of the content.
    pub(super) at: u64,
    held: [u8; 9],
    len: usize,
    /// A text or skipped bytes that have begun, and how many bytes are still to come.
    open: Option<(Vec<u8>, u64)>,
}

impl Scanner {
    /// Takes from `bytes` what is wanted; nothing if more bytes are needed, and then all of `bytes` was taken.
    #[inline]
    pub(super) fn next(&mut self, want: Want, bytes: &mut &[u8]) -> Result<Option<Token>, Fault> {
        Ok(match want {
            Want::Byte => self.fixed(bytes).map(|[byte]| Token::Byte(byte)),
            Want::Int => self.int(bytes)?.map(Token::Int),
            Want::Text(keep) => self.text(keep, bytes)?,
            Want::Offset => {
                self.fixed::<9>(bytes).map(|[state, rest @ ..]| Token::Offset { state, at: u64::from_le_bytes(rest) })
            }
            Want::Skip(length) => self.run(length, 0, bytes).map(|_| Token::Skipped),
        })
    }

    fn int(&mut self, bytes: &mut &[u8]) -> Result<Option<i64>, Fault> {
        let Some([sign, rest @ ..]) = self.fixed::<5>(bytes) else { return Ok(None) };
        let value = i64::from(u32::from_le_bytes(rest));
        match sign {
            0 => Ok(Some(value)),
            1 => Ok(Some(-value)),
            _ => Err(Fault::new(
                self.at.saturating_sub(5),
                format!("an integer has the sign {sign}, which is neither 0 nor 1"),
            )),
        }
    }

    fn text(&mut self, keep: usize, bytes: &mut &[u8]) -> Result<Option<Token>, Fault> {
        let length = match &self.open {
            Some((_, left)) => *left,
            None => match self.int(bytes)? {
                None => return Ok(None),
                Some(-1) => return Ok(Some(Token::Text(None))),
                Some(length) => u64::try_from(length)
                    .map_err(|_| Fault::new(self.at.saturating_sub(5), format!("a text has the length {length}")))?,
            },
        };
        Ok(self.run(length, keep, bytes).map(|kept| Token::Text(Some(kept))))
    }

    /// Takes `length` bytes, or what is left of them, and gives the first of them.
    fn run(&mut self, length: u64, keep: usize, bytes: &mut &[u8]) -> Option<Vec<u8>> {
        let (mut kept, left) = self.open.take().unwrap_or((Vec::new(), length));
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let (piece, rest) = bytes.split_at_checked(taken)?;
        let room = keep.saturating_sub(kept.len());
        kept.extend(piece.iter().take(room));
        *bytes = rest;
        self.at = self.at.saturating_add(taken as u64);
        let left = left.saturating_sub(taken as u64);
        if left == 0 {
            return Some(kept);
        }
        self.open = Some((kept, left));
        None
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, bytes: &mut &[u8]) -> Option<[u8; N]> {
        if self.len == 0
            && let Some((value, rest)) = bytes.split_first_chunk::<N>()
        {
            *bytes = rest;
            self.at = self.at.saturating_add(N as u64);
            return Some(*value);
        }
        while self.len < N {
            let (byte, rest) = bytes.split_first()?;
            if let Some(slot) = self.held.get_mut(self.len) {
                *slot = *byte;
            }
            *bytes = rest;
            self.len += 1;
            self.at = self.at.saturating_add(1);
        }
        self.len = 0;
        self.held.first_chunk().copied()
    }
}
