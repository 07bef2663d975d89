//! What became of the objects of an import.

use std::{collections::BTreeMap, fmt};

use crate::entry::Kind;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Created,
    Replaced,
    /// It was there already, and was left as it is.
    Kept,
}

impl Outcome {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Replaced => "replaced",
            Self::Kept => "kept",
        }
    }
}

/// How many objects of each kind there were of each outcome.
#[derive(Debug, Default)]
pub(super) struct Counts(BTreeMap<(Outcome, Kind), u64>);

impl Counts {
    pub(super) fn count(&mut self, kind: Kind, outcome: Outcome) {
        *self.0.entry((outcome, kind)).or_default() += 1;
    }

    pub(super) fn each(&self) -> impl Iterator<Item = (Kind, Outcome, u64)> {
        self.0.iter().map(|((outcome, kind), count)| (*kind, *outcome, *count))
    }

    /// Whether there are any, and none was left as it was.
    pub(super) fn has_all_brought_back(&self) -> bool {
        !self.0.is_empty() && self.0.keys().all(|(outcome, _)| *outcome != Outcome::Kept)
    }
}

/// `created 2 folders, 1 dashboard; kept 1 data source`.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = None;
        for ((outcome, kind), count) in &self.0 {
            match before.replace(outcome) {
                None => write!(f, "{} ", outcome.label())?,
                Some(same) if same == outcome => f.write_str(", ")?,
                Some(_) => write!(f, "; {} ", outcome.label())?,
            }
            write!(f, "{count} {}", kind.words(*count))?;
        }
        if before.is_none() { f.write_str("nothing") } else { Ok(()) }
    }
}
