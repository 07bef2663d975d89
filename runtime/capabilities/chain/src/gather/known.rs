//! A bounded memory of calls, whatever the block: those that don't do well in company. What was noted longest ago is forgotten
//! first, so that one job can't fill it for good.

use std::sync::{Mutex, MutexGuard, PoisonError};

use alloy_primitives::{B256, keccak256};
use hashlink::LinkedHashMap;

use crate::Call;

/// Under 500 KB.
const KEPT: usize = 4_096;

/// Calls that are known for something.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<LinkedHashMap<B256, ()>>);

impl Known {
    pub(crate) fn has(&self, call: &Call) -> bool {
        let known = self.known();
        !known.is_empty() && known.contains_key(&digest(call))
    }

    pub(crate) fn note(&self, call: &Call) {
        let mut known = self.known();
        known.insert(digest(call), ());
        while known.len() > KEPT {
            known.pop_front();
        }
    }

    pub(crate) fn forget(&self, call: &Call) {
        let mut known = self.known();
        if !known.is_empty() {
            known.remove(&digest(call));
        }
    }

    fn known(&self) -> MutexGuard<'_, LinkedHashMap<B256, ()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(call: &Call) -> B256 {
    keccak256([call.to.as_slice(), &call.data].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(number: usize) -> Call {
        Call { to: [7; 20].into(), data: number.to_be_bytes().to_vec().into() }
    }

    #[test]
    fn it_forgets_what_it_is_told_to_and_what_it_noted_longest_ago() {
        let known = Known::default();
        (0..=KEPT).for_each(|number| known.note(&call(number)));
        assert!(!known.has(&call(0)) && known.has(&call(1)));
        known.forget(&call(1));
        assert!(!known.has(&call(1)) && known.has(&call(2)));
    }
}
