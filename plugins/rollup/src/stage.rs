//! How far a batch is on its way, and who says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A stage of batches. They reach the last of these first: what is verified was virtual before, and trusted before
/// that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// Proven to the contract on L1.
    Verified,
    /// Sequenced: sent to the contract on L1.
    Virtual,
    /// Made by the trusted sequencer.
    Trusted,
}

/// Who says how far a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The rollup's own node, by its `zkevm_` methods.
    L2,
    /// The contract.
    L1,
}

/// Number of the last batch of each stage; a stage that isn't known is absent.
pub(crate) type Numbers = BTreeMap<Stage, u64>;

impl Stage {
    /// The order in which they are read: each one can only grow meanwhile, so that what is in order never looks out of
    /// it.
    pub(crate) const ALL: [Self; 3] = [Self::Verified, Self::Virtual, Self::Trusted];

    /// The value of the label `stage`.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Virtual => "virtual",
            Self::Trusted => "trusted",
        }
    }
}

impl Source {
    /// The value of the label `source`.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::L2 => "l2",
            Self::L1 => "l1",
        }
    }

    /// The stages that it can know of.
    pub(crate) fn stages(self) -> &'static [Stage] {
        match self {
            Self::L2 => &Stage::ALL,
            Self::L1 => &[Stage::Verified, Stage::Virtual],
        }
    }
}
