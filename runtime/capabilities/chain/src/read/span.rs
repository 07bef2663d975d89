//! How many blocks one `eth_getLogs` may cover at an endpoint, as it taught us: pure. Nodes and providers allow from 10 blocks to
//! any number, some by blocks, some by events, and none says so before it refuses.

/// Reads in a row that fit, after which a refusal is forgotten: what was too much among many events may fit among few.
const FORGET: u32 = 16;

/// An endpoint's span, which shrinks to what it takes and regrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    blocks: u64,
    /// The most that fitted since it was refused; 0 if nothing did.
    fits: u64,
    /// What was refused lately.
    refused: Option<u64>,
    fitted: u32,
}

impl Default for Span {
    /// Everything at once, until that is refused.
    fn default() -> Self {
        Self { blocks: u64::MAX, fits: 0, refused: None, fitted: 0 }
    }
}

impl Span {
    /// The last block to ask for from `from` on, at most `to`.
    pub(crate) fn end(&self, from: u64, to: u64) -> u64 {
        from.saturating_add(self.blocks - 1).min(to)
    }

    /// So many blocks were too much: what fitted next, or else half of them.
    pub(crate) fn refused(&mut self, blocks: u64) {
        let fits = if blocks <= self.fits { 0 } else { self.fits };
        let less = (blocks / 2).max(fits).clamp(1, self.blocks);
        *self = Self { blocks: less, fits, refused: Some(blocks.max(2)), fitted: 0 };
    }

    /// So many blocks fitted. If that was all that was allowed, more next: half of the way to what was refused, or a quarter
    /// more where nothing was.
    pub(crate) fn fitted(&mut self, blocks: u64) {
        if blocks < self.blocks {
            return;
        }
        self.fits = self.fits.max(blocks);
        self.fitted += 1;
        if self.fitted >= FORGET {
            (self.refused, self.fitted) = (None, 0);
        }
        self.blocks = match self.refused {
            None => self.blocks.saturating_add((self.blocks / 4).max(1)),
            Some(refused) => {
                let way = refused.saturating_sub(self.blocks);
                if way > self.blocks / 16 + 1 { self.blocks + way / 2 } else { self.blocks }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads blocks 0 to `last` from a node that takes at most `limit` of them; returns how often it asked.
    fn read(span: &mut Span, last: u64, limit: u64) -> u64 {
        let (mut from, mut asked) = (0, 0);
        while from <= last {
            let to = span.end(from, last);
            let blocks = to - from + 1;
            asked += 1;
            if blocks > limit {
                span.refused(blocks);
            } else {
                span.fitted(blocks);
                from = to + 1;
            }
        }
        asked
    }

    #[test]
    fn a_node_that_takes_everything_is_asked_once() {
        assert_eq!(read(&mut Span::default(), 9_999_999, u64::MAX), 1);
        assert_eq!(Span::default().end(5, u64::MAX), u64::MAX);
    }

    #[test]
    fn what_was_learnt_is_used_and_costs_little_more_than_the_limit_does() {
        let mut span = Span::default();
        read(&mut span, 99_999, 1_000);
        let asked = read(&mut span, 99_999, 1_000);
        assert!((100..=135).contains(&asked), "{asked}");
    }

    #[test]
    fn it_regrows_when_more_is_taken() {
        let mut span = Span::default();
        read(&mut span, 9_999, 10);
        assert!(read(&mut span, 999_999, u64::MAX) < 80);
    }

    proptest! {
        #[test]
        fn every_limit_is_found_and_no_read_is_endless(limit in 1_u64..50_000, last in 0_u64..100_000) {
            let mut span = Span::default();
            let needed = (last + 1).div_ceil(limit);
            prop_assert!(read(&mut span, last, limit) <= 3 * needed + 64);
        }
    }
}
