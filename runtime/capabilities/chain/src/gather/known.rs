//! A bounded memory of calls, whatever the block: those that don't do well in company. In two generations, so that one job can't
//! fill it for good: when the younger is full, the older is forgotten.

use std::{
    collections::HashSet,
    mem::take,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use alloy_primitives::{B256, keccak256};

use crate::Call;

/// The most calls of a generation; both are under 500 KB.
const KEPT: usize = 4_096;
/// How long a generation is the younger one. Contracts change: what was true of a call is tried again after once or twice this.
const AGE: Duration = Duration::from_mins(10);

/// Calls that are known for something.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashSet<B256>,
    old: HashSet<B256>,
    /// When the younger one begins to be the older.
    until: Option<Instant>,
}

impl Known {
    pub(crate) fn has(&self, call: &Call, now: Instant) -> bool {
        let known = self.known(now);
        if known.young.is_empty() && known.old.is_empty() {
            return false;
        }
        let digest = digest(call);
        known.young.contains(&digest) || known.old.contains(&digest)
    }

    pub(crate) fn note(&self, call: &Call, now: Instant) {
        let mut known = self.known(now);
        if known.young.len() >= KEPT {
            known.turn(now);
        }
        known.young.insert(digest(call));
    }

    pub(crate) fn forget(&self, call: &Call, now: Instant) {
        let mut known = self.known(now);
        if known.young.is_empty() && known.old.is_empty() {
            return;
        }
        let digest = digest(call);
        known.young.remove(&digest);
        known.old.remove(&digest);
    }

    fn known(&self, now: Instant) -> MutexGuard<'_, Generations> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.until.is_none_or(|until| until <= now) {
            known.turn(now);
        }
        known
    }
}

impl Generations {
    fn turn(&mut self, now: Instant) {
        self.old = take(&mut self.young);
        self.until = Some(now + AGE);
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
    fn it_forgets_what_it_is_told_to_and_what_it_noted_long_ago() {
        let (known, now) = (Known::default(), Instant::now());
        (0..=2 * KEPT).for_each(|number| known.note(&call(number), now));
        let has = |number: usize, now| known.has(&call(number), now);
        assert!(!has(0, now) && has(KEPT, now) && has(2 * KEPT, now));
        known.forget(&call(KEPT), now);
        assert!(!has(KEPT, now) && has(KEPT + 1, now));
        assert!(has(2 * KEPT, now + AGE) && !has(KEPT + 1, now + AGE));
        assert!(!has(2 * KEPT, now + 2 * AGE));
    }
}
