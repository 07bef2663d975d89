//! What an operator writes in `[config]`, checked before anything runs, and how addresses become the values of labels: those
//! that have a name by it, the others together as `other`, so that a label has as many values as the config has names.

mod named;
mod window;

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use watchkeeper_sdk::{alloy_primitives::address, prelude::*};

pub(crate) use self::{
    named::{Factories, Paymaster, Paymasters},
    window::{Window, Windows},
};

/// What to watch.
#[config]
pub(crate) struct Config {
    /// The chain, by its name in `watchkeeper.toml`.
    pub(crate) chain: String,
    /// Decimals of the chain's own currency: with 18, 1 of it is 10^18 of the amounts that contracts count in.
    #[schemars(range(max = 36))]
    pub(crate) decimals: Decimals,
    /// The EntryPoints to watch, by their version; those of 0.6 to 0.9 at their usual addresses, if left out.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Address>")]
    pub(crate) entry_points: EntryPoints,
    /// The paymasters whose deposit, stake, burn rate and runway are wanted, by the name that the label `paymaster` gets. The
    /// others' operations are counted together as `other`, and those that pay for themselves as `none`. 24 at most.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Paymaster>")]
    pub(crate) paymasters: Paymasters,
    /// The factories of accounts, by the name that the label `factory` gets; the others are counted together as `other`. 64 at
    /// most.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Address>")]
    pub(crate) factories: Factories,
    /// The windows of burn rate and runway: whole minutes, hours or days, as in "1h" and "7d", from a minute to 31 days. 4 at
    /// most.
    #[serde(default)]
    #[schemars(with = "Vec<String>", length(max = 4))]
    pub(crate) windows: Windows,
    /// Blocks behind the head that count as settled: a reorganisation that is no deeper takes nothing back that was counted.
    #[serde(default = "depth")]
    #[schemars(range(max = 100_000))]
    pub(crate) depth: u32,
    /// From how many settled blocks before the first run on operations are counted.
    #[serde(default)]
    #[schemars(range(max = 10_000_000))]
    pub(crate) first_blocks: u32,
    /// The most blocks that one run goes through; what is left is left to the next runs.
    #[serde(default = "max_blocks_per_run")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) max_blocks_per_run: u32,
    /// The most blocks that are read back for windows. A window that begins before them is unknown until time has covered it.
    #[serde(default = "max_window_blocks")]
    #[schemars(range(max = 10_000_000))]
    pub(crate) max_window_blocks: u32,
    /// The most blocks of which one run reads the transactions, to find bundles that failed as a whole, which leave no event. 0
    /// reads none. Costs a request a block, one for each bundle, and one or two for each that failed.
    #[serde(default)]
    #[schemars(range(max = 5_000))]
    pub(crate) max_refused_blocks_per_run: u16,
}

fn depth() -> u32 {
    12
}

fn max_blocks_per_run() -> u32 {
    50_000
}

fn max_window_blocks() -> u32 {
    200_000
}

/// Decimals of a currency.
#[derive(Debug, Clone, Copy, serde::Deserialize, watchkeeper_sdk::schemars::JsonSchema)]
#[schemars(crate = "watchkeeper_sdk::schemars")]
#[serde(try_from = "u8")]
pub(crate) struct Decimals(u8);

/// A version of the EntryPoint: what its events, calls and errors look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Version {
    V06,
    V07,
    V08,
    V09,
}

/// The EntryPoints that are watched, one a version.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(try_from = "BTreeMap<String, Address>")]
pub(crate) struct EntryPoints(BTreeMap<Version, Address>);

impl Config {
    /// The value of the label `paymaster`.
    pub(crate) fn payer(&self, paymaster: Address) -> &str {
        if paymaster.is_zero() { NONE } else { self.paymasters.name_of(paymaster).unwrap_or(OTHER) }
    }
}

/// The payer of operations that pay for themselves.
pub(crate) const NONE: &str = "none";
/// All that have no name.
pub(crate) const OTHER: &str = "other";

impl Decimals {
    /// How much of the chain's currency that is.
    pub(crate) fn native(self, amount: U256) -> f64 {
        f64::from(amount) / 10_f64.powi(self.0.into())
    }
}

impl TryFrom<u8> for Decimals {
    type Error = String;

    fn try_from(decimals: u8) -> Result<Self, String> {
        if decimals > 36 { Err("at most 36 decimals".into()) } else { Ok(Self(decimals)) }
    }
}

impl Version {
    const ALL: [Self; 4] = [Self::V06, Self::V07, Self::V08, Self::V09];

    /// The value of the label `entry_point_version`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::V06 => "0.6",
            Self::V07 => "0.7",
            Self::V08 => "0.8",
            Self::V09 => "0.9",
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|version| version.as_str() == text);
        known.ok_or_else(|| format!("`{text}` is no version: one of 0.6, 0.7, 0.8 and 0.9"))
    }

    /// Where it is on the chains that have it at its usual address.
    fn usual(self) -> Address {
        match self {
            Self::V06 => address!("0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"),
            Self::V07 => address!("0x0000000071727De22E5E9d8BAf0edAc6f37da032"),
            Self::V08 => address!("0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108"),
            Self::V09 => address!("0x433709009B8330FDa32311DF1C2AFA402eD8D009"),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl EntryPoints {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Version, Address)> {
        self.0.iter().map(|(version, address)| (*version, *address))
    }

    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.0.values().copied().collect()
    }

    pub(crate) fn version_of(&self, address: Address) -> Option<Version> {
        self.iter().find(|(_, at)| *at == address).map(|(version, _)| version)
    }
}

impl Default for EntryPoints {
    fn default() -> Self {
        Self(Version::ALL.into_iter().map(|version| (version, version.usual())).collect())
    }
}

impl TryFrom<BTreeMap<String, Address>> for EntryPoints {
    type Error = String;

    fn try_from(named: BTreeMap<String, Address>) -> Result<Self, String> {
        if named.is_empty() {
            return Err("no EntryPoint".into());
        }
        let mut places = BTreeMap::new();
        for (version, address) in named {
            if places.values().any(|other| *other == address) {
                return Err(format!("{address} is there twice"));
            }
            places.insert(Version::parse(&version)?, address);
        }
        Ok(Self(places))
    }
}
