//! The newest block that reads of money saw, of each chain and as long as the process lives: a later configuration that is
//! opened on lagging endpoints must not go back behind it. What came before the process is for the journal to know.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// One chain's.
#[derive(Debug, Default)]
pub(crate) struct Floor(Mutex<Option<u64>>);

impl Floor {
    /// The height of the newest block that was agreed on; none before the first.
    pub(crate) fn highest(&self) -> Option<u64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block was agreed on. Whether none above it was before.
    pub(crate) fn raise(&self, number: u64) -> bool {
        let mut highest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rises = highest.is_none_or(|highest| number >= highest);
        if rises {
            *highest = Some(number);
        }
        rises
    }
}

/// All chains', by name and chain id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Floors(Arc<Mutex<Known>>);

type Known = BTreeMap<(String, u64), Arc<Floor>>;

impl Floors {
    /// A chain's, the same for each configuration that names it so.
    pub(crate) fn of(&self, name: &str, chain_id: u64) -> Arc<Floor> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry((name.to_owned(), chain_id)).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_never_sinks_and_is_the_same_for_each_configuration() {
        let floors = Floors::default();
        let floor = floors.of("zkfair", 42_766);
        assert_eq!(floor.highest(), None);
        assert!(floor.raise(0) && floor.raise(7) && floor.raise(7));
        assert!(!floor.raise(6));
        assert_eq!(floors.of("zkfair", 42_766).highest(), Some(7));
        assert_eq!((floors.of("zkfair", 1).highest(), floors.of("other", 42_766).highest()), (None, None));
    }
}
