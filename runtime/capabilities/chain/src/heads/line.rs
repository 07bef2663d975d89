//! The newest blocks as far as they are known, and what one more header means: pure. Endpoints of one chain differ in how far
//! they are, so a header below the head is a reorganisation only if the head is gone.

use std::collections::BTreeMap;

use alloy_primitives::B256;

use crate::Header;

/// Blocks that are remembered.
const KEPT: usize = 256;
/// So often a lower head must be seen, with the higher one gone, before the chain counts as rolled back.
const ROLLED_BACK: u32 = 3;

/// What a header means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// It is the head now.
    New,
    /// It is known, or older than the head.
    Known,
    /// It is below the head, and not the block that was known there: to be settled by what is at the head's height now.
    Doubtful {
        /// The head's height.
        head: u64,
    },
}

/// The newest blocks of one chain.
#[derive(Debug, Default)]
pub(crate) struct Line {
    blocks: BTreeMap<u64, B256>,
    /// Doubtful headers in a row with the head gone.
    gone: u32,
}

impl Line {
    /// The head.
    pub(crate) fn head(&self) -> Option<(u64, B256)> {
        self.blocks.last_key_value().map(|(number, hash)| (*number, *hash))
    }

    /// What a header means, and takes it as the head if it is.
    pub(crate) fn came(&mut self, header: &Header) -> Came {
        match self.head() {
            _ if self.blocks.get(&header.number) == Some(&header.hash) => Came::Known,
            Some((head, _)) if header.number < head => Came::Doubtful { head },
            _ => {
                self.take(header);
                Came::New
            }
        }
    }

    /// Settles a doubt: what stands at the head's height now, none if nothing does. Returns the head, if that is another one.
    pub(crate) fn settle<'a>(&mut self, doubtful: &'a Header, at_head: Option<&'a Header>) -> Option<&'a Header> {
        let known = self.head().map(|(_, hash)| hash);
        let head = match at_head {
            Some(header) if Some(header.hash) == known => {
                self.gone = 0;
                return None;
            }
            Some(header) => header,
            None => {
                self.gone += 1;
                if self.gone < ROLLED_BACK {
                    return None;
                }
                doubtful
            }
        };
        self.take(head);
        Some(head)
    }

    fn take(&mut self, header: &Header) {
        self.gone = 0;
        self.blocks.split_off(&header.number);
        if self.blocks.get(&header.number.wrapping_sub(1)).is_some_and(|parent| *parent != header.parent_hash) {
            // What is below was replaced as well, down to where nobody knows yet.
            self.blocks.clear();
        }
        self.blocks.insert(header.number, header.hash);
        if self.blocks.len() > KEPT {
            self.blocks.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(branch: u8, number: u64) -> Header {
        let hash = |number: u64| B256::left_padding_from(&[&[branch][..], &number.to_be_bytes()].concat());
        Header { number, hash: hash(number), parent_hash: hash(number.wrapping_sub(1)), timestamp: 0, seen: 0 }
    }

    fn line(numbers: impl IntoIterator<Item = u64>) -> Line {
        let mut line = Line::default();
        for number in numbers {
            assert_eq!(line.came(&header(0, number)), Came::New);
        }
        line
    }

    #[test]
    fn higher_blocks_are_new_and_known_ones_are_not() {
        let mut line = line([5, 6, 9]);
        for number in [5, 6, 9] {
            assert_eq!(line.came(&header(0, number)), Came::Known);
        }
        assert_eq!(line.head().unwrap().0, 9);
    }

    #[test]
    fn an_endpoint_that_is_behind_is_no_reorganisation() {
        let mut line = line([5, 9]);
        let (behind, head) = (header(0, 7), header(0, 9));
        assert_eq!(line.came(&behind), Came::Doubtful { head: 9 });
        assert_eq!(line.settle(&behind, Some(&head)), None);
        assert_eq!(line.head().unwrap().0, 9);
    }

    #[test]
    fn a_replaced_head_is_new_at_its_height_or_above() {
        let mut line = line([7, 8, 9]);
        assert_eq!(line.came(&header(1, 9)), Came::New);
        assert_eq!(line.came(&header(1, 8)), Came::Doubtful { head: 9 });
        assert_eq!(line.came(&header(0, 9)), Came::New);
    }

    #[test]
    fn a_reorganisation_that_is_seen_from_below_takes_the_new_head() {
        let mut line = line([7, 8, 9]);
        let (below, head) = (header(1, 8), header(1, 9));
        assert_eq!(line.came(&below), Came::Doubtful { head: 9 });
        assert_eq!(line.settle(&below, Some(&head)), Some(&head));
        assert_eq!(line.came(&header(1, 9)), Came::Known);
    }

    #[test]
    fn a_chain_that_was_rolled_back_is_believed_the_third_time() {
        let mut line = line([7, 8, 9]);
        let lower = header(1, 6);
        for told in [None, None, Some(&lower)] {
            assert_eq!(line.came(&lower), Came::Doubtful { head: 9 });
            assert_eq!(line.settle(&lower, None), told);
        }
        assert_eq!(line.head().unwrap().0, 6);
    }

    #[test]
    fn a_bounded_number_is_remembered() {
        assert_eq!(line(0..2_000).blocks.len(), KEPT);
    }
}
