//! Up to which block the chain is final, as far as somebody asked. Nobody asks for its sake alone: until a job has read the block
//! `finalized`, nothing is final here.

use std::sync::{Mutex, PoisonError};

#[derive(Debug, Default)]
pub(crate) struct Finality(Mutex<Inner>);

#[derive(Debug, Default, Clone, Copy)]
struct Inner {
    highest: Option<u64>,
    /// How often the chain took back what had been final: what was kept before isn't asked for again.
    era: u64,
}

impl Finality {
    /// An endpoint says that a block is the last final one. A lower one than before means that the chain isn't the same any more,
    /// or that an endpoint lags behind; either way, nothing that was kept counts.
    pub(crate) fn saw(&self, number: u64) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.highest.is_some_and(|highest| number < highest) {
            inner.era += 1;
        }
        inner.highest = Some(number);
    }

    /// The era to keep an answer about a block in, if the block is final.
    pub(crate) fn settled(&self, number: u64) -> Option<[u8; 8]> {
        let inner = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.highest.filter(|highest| number <= *highest).map(|_| inner.era.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_final_until_somebody_saw_it_nor_after_it_was_taken_back() {
        let finality = Finality::default();
        assert_eq!(finality.settled(0), None);
        finality.saw(10);
        let era = finality.settled(10);
        assert!(era.is_some() && finality.settled(11).is_none());
        finality.saw(12);
        assert_eq!(finality.settled(10), era);
        finality.saw(9);
        assert_eq!(finality.settled(10), None);
        assert!(finality.settled(9).is_some_and(|now| Some(now) != era));
    }
}
