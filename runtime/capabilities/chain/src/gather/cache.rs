//! Answers that can't change any more, by the digest of what was asked, within a bound of bytes. The one that was used longest
//! ago goes first.

use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LinkedHashMap;
use serde_json::value::RawValue;

use super::Id;
use crate::{Header, Reply};

/// What an entry costs beside its bytes: two digests, links, the table's place.
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
    entries: LinkedHashMap<Id, Kept>,
    bytes: usize,
}

impl Cache {
    /// Keeps at most so many bytes; with 0, nothing.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, inner: Mutex::default() }
    }

    pub(crate) fn get(&self, id: &Id) -> Option<Kept> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.entries.to_back(id).map(|kept| kept.clone())
    }

    /// Keeps an answer, unless it alone would push out a good part of the others.
    pub(crate) fn keep(&self, id: Id, kept: Kept) {
        let bytes = kept.bytes();
        if bytes > self.most / 8 {
            return;
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.bytes += bytes;
        if let Some(before) = inner.entries.insert(id, kept) {
            inner.bytes -= before.bytes();
        }
        while inner.bytes > self.most {
            let Some((_, oldest)) = inner.entries.pop_front() else { break };
            inner.bytes -= oldest.bytes();
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
    fn what_was_used_longest_ago_goes_first() {
        let cache = Cache::new(10 * OVERHEAD);
        (0..10).for_each(|number| cache.keep(id(number), reply(0)));
        assert!(cache.get(&id(0)).is_some());
        cache.keep(id(10), reply(0));
        assert!(cache.get(&id(0)).is_some() && cache.get(&id(1)).is_none() && cache.get(&id(10)).is_some());
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
            kept in prop::collection::vec((0_u8..40, 0_usize..2_000), 0..200),
            most in 0_usize..40_000,
        ) {
            let cache = Cache::new(most);
            for (number, bytes) in kept {
                cache.keep(id(number), reply(bytes));
                let inner = cache.inner.lock().unwrap();
                let held: usize = inner.entries.values().map(Kept::bytes).sum();
                prop_assert!(held == inner.bytes && held <= most);
            }
        }
    }
}
