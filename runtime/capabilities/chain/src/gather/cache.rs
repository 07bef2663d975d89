//! Answers that can't change any more, by the digest of what was asked, within a bound of bytes. There are two generations: what
//! is used moves to the younger one, and when that holds half of the bytes, the older one goes.

use std::{
    collections::HashMap,
    mem::take,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::value::RawValue;

use super::Id;
use crate::{Header, Reply};

/// What an entry costs beside its bytes: digest, value, the table's place.
const OVERHEAD: usize = 200;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    Reply(Reply),
    Header(Header),
    Json(Arc<RawValue>),
}

impl Kept {
    fn bytes(&self) -> usize {
        OVERHEAD
            + match self {
                Self::Reply(Reply::Returned(data) | Reply::Reverted(data)) => data.len(),
                Self::Header(_) => size_of::<Header>(),
                Self::Json(json) => json.get().len(),
            }
    }
}

/// The answers of one chain.
pub(crate) struct Cache {
    most: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    young: HashMap<Id, Kept>,
    /// The bytes of the young.
    bytes: usize,
    old: HashMap<Id, Kept>,
}

impl Cache {
    /// Keeps at most so many bytes; with 0, nothing.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, inner: Mutex::default() }
    }

    pub(crate) fn get(&self, id: &Id) -> Option<Kept> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = inner.young.get(id) {
            return Some(kept.clone());
        }
        let kept = inner.old.remove(id)?;
        inner.keep(*id, kept.clone(), self.most / 2);
        Some(kept)
    }

    /// Keeps an answer, unless it alone would push out a good part of the others.
    pub(crate) fn keep(&self, id: Id, kept: Kept) {
        if kept.bytes() <= self.most / 8 {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            inner.old.remove(&id);
            inner.keep(id, kept, self.most / 2);
        }
    }
}

impl Inner {
    /// Keeps an answer among the young, of which there are at most so many bytes.
    fn keep(&mut self, id: Id, kept: Kept, most: usize) {
        let bytes = kept.bytes();
        if self.bytes + bytes > most {
            self.old = take(&mut self.young);
            self.old.remove(&id);
            self.bytes = 0;
        }
        self.bytes += bytes;
        if let Some(before) = self.young.insert(id, kept) {
            self.bytes -= before.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reply(bytes: usize) -> Kept {
        Kept::Reply(Reply::Returned(vec![7; bytes].into()))
    }

    fn id(number: u8) -> Id {
        Id::with_last_byte(number)
    }

    #[test]
    fn what_is_used_stays_and_what_isn_t_goes() {
        let cache = Cache::new(10 * OVERHEAD);
        for number in 0..20 {
            cache.keep(id(number), reply(0));
            assert!(cache.get(&id(0)).is_some() && cache.get(&id(number)).is_some());
        }
        assert!(cache.get(&id(1)).is_none());
    }

    #[test]
    fn no_size_keeps_nothing_and_what_is_too_large_pushes_nothing_out() {
        let none = Cache::new(0);
        none.keep(id(0), reply(0));
        assert!(none.get(&id(0)).is_none());
        let cache = Cache::new(10 * OVERHEAD);
        cache.keep(id(0), reply(0));
        cache.keep(id(1), reply(OVERHEAD));
        assert!(cache.get(&id(0)).is_some() && cache.get(&id(1)).is_none());
    }

    proptest! {
        #[test]
        fn it_never_holds_more_than_its_bytes_and_counts_them_right(
            used in prop::collection::vec((any::<bool>(), 0_u8..40, 0_usize..2_000), 0..200),
            most in 0_usize..40_000,
        ) {
            let cache = Cache::new(most);
            for (keep, number, bytes) in used {
                if keep {
                    cache.keep(id(number), reply(bytes));
                } else {
                    let _either = cache.get(&id(number));
                }
                let inner = cache.inner.lock().unwrap();
                let held = |entries: &HashMap<Id, Kept>| entries.values().map(Kept::bytes).sum::<usize>();
                prop_assert_eq!(held(&inner.young), inner.bytes);
                prop_assert!(inner.bytes + held(&inner.old) <= most);
                prop_assert!(inner.young.keys().all(|id| !inner.old.contains_key(id)), "it is counted once");
            }
        }
    }
}
