//! What an operator writes.

use std::num::{NonZeroU16, NonZeroU32};

use watchkeeper_sdk::prelude::*;

/// What to watch.
#[config]
pub(crate) struct Config {
    /// The rollup's own chain (L2), by its name in `watchkeeper.toml`.
    pub(crate) l2: String,
    /// The chain that it settles on. Without it, only what the rollup's node says is shown.
    pub(crate) l1: Option<L1>,
}

/// The chain that the rollup settles on.
#[config]
pub(crate) struct L1 {
    /// The chain, by its name in `watchkeeper.toml`.
    pub(crate) chain: String,
    /// The contract that batches are sent and proved to.
    pub(crate) contract: Contract,
    /// Blocks behind the head that count as settled: batches and costs are counted from settled blocks only.
    #[serde(default = "depth")]
    pub(crate) depth: u64,
    /// Where counting begins when the job first runs: so many blocks before the first that isn't settled.
    #[serde(default = "look_back")]
    pub(crate) look_back: u64,
    /// Where counting begins when the job first runs: at this block. Goes before `look_back`.
    pub(crate) first_block: Option<u64>,
    /// The most blocks that one run counts; what is left is counted by the next runs.
    #[serde(default = "max_blocks_per_run")]
    pub(crate) max_blocks_per_run: NonZeroU32,
    /// The most receipts that one run asks for; what is left is asked for by the next runs.
    #[serde(default = "max_receipts_per_run")]
    pub(crate) max_receipts_per_run: NonZeroU16,
    /// Decimals of the chain's native currency: balances and costs are shown in whole units.
    #[serde(default = "decimals")]
    #[schemars(range(max = 77))]
    pub(crate) decimals: u8,
    /// Whose balances are shown.
    #[serde(default)]
    pub(crate) operators: Operators,
    /// The token that the fee per batch is paid in (POL). Without it, neither fee nor balances in it are shown.
    pub(crate) fee_token: Option<FeeToken>,
}

/// The contract that batches are sent and proved to.
#[config]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[derive(Clone)]
pub(crate) enum Contract {
    /// PolygonRollupManager (AgglayerManager), which holds many rollups.
    RollupManager {
        /// The manager's address.
        address: Address,
        /// The rollup's id with the manager, from 1.
        rollup_id: NonZeroU32,
    },
    /// A contract of one rollup only, from before the rollup manager: PolygonZkEVM, CDKValidium.
    Standalone {
        /// The contract's address.
        address: Address,
    },
}

/// Whose balances are shown.
#[config]
#[derive(Default)]
pub(crate) struct Operators {
    /// Who sends batches. Left out, it is who the rollup's contract calls `trustedSequencer`.
    pub(crate) sequencer: Option<Address>,
    /// Who sends proofs. Left out, it is the standalone contract's `trustedAggregator`, or who sent the last proof to
    /// the manager.
    pub(crate) aggregator: Option<Address>,
}

/// The token that the fee per batch is paid in.
#[config]
pub(crate) struct FeeToken {
    /// The token's address.
    pub(crate) address: Address,
    /// Its decimals.
    #[serde(default = "decimals")]
    #[schemars(range(max = 77))]
    pub(crate) decimals: u8,
}

impl Contract {
    pub(crate) fn address(&self) -> Address {
        match self {
            Self::RollupManager { address, .. } | Self::Standalone { address } => *address,
        }
    }

    /// Tells the states of jobs apart that once watched another contract.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::RollupManager { address, rollup_id } => format!("{address}/{rollup_id}"),
            Self::Standalone { address } => address.to_string(),
        }
    }
}

fn depth() -> u64 {
    64
}

fn look_back() -> u64 {
    7_200
}

fn max_blocks_per_run() -> NonZeroU32 {
    const { NonZeroU32::new(50_000).unwrap() }
}

fn max_receipts_per_run() -> NonZeroU16 {
    const { NonZeroU16::new(100).unwrap() }
}

fn decimals() -> u8 {
    18
}
