//! What an operator writes in `[config]`.

use watchkeeper_sdk::{prelude::*, topup::Span, wallet::Currency};

/// Which deposits to keep above which level.
#[config]
pub(crate) struct Config {
    /// The chain, by its name in `watchkeeper.toml`.
    pub(crate) chain: String,
    /// The account that pays, by its name in `watchkeeper.toml`.
    pub(crate) account: String,
    /// The chain's own currency, as `watchkeeper.toml` has it.
    pub(crate) currency: Currency,
    /// The EntryPoints with the paymasters that have their deposits there. 64 paymasters at most, each counted at each EntryPoint.
    #[schemars(length(min = 1))]
    pub(crate) entry_points: Vec<EntryPoint>,
    /// The amount below which a deposit is filled up, such as "0.5 USDC". This or `runway`, or both.
    #[serde(default)]
    pub(crate) threshold: Option<String>,
    /// How long a deposit is to last at its burn rate, such as "48h": it is filled up when it lasts less. With `threshold` too,
    /// whichever is more counts.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(crate) runway: Option<Span>,
    /// The amount up to which a deposit is filled, such as "2 USDC".
    pub(crate) target: String,
    /// Whether a deposit gets less than it is missing where the budget is short; it gets nothing otherwise.
    #[serde(default)]
    pub(crate) partial: bool,
    /// A deposit is filled up once at most in each period of this length, which begins at a multiple of it.
    #[serde(default = "period")]
    #[schemars(with = "String")]
    pub(crate) period: Span,
    /// The time over which burn rates are taken, 31 days at most. Only with `runway`.
    #[serde(default = "burn_window")]
    #[schemars(with = "String")]
    pub(crate) burn_window: Span,
    /// Blocks behind the head that count as settled: burn rates are taken up to there.
    #[serde(default = "depth")]
    #[schemars(range(max = 100_000))]
    pub(crate) depth: u32,
    /// The most blocks that one run goes through for burn rates; what is left is left to the next runs.
    #[serde(default = "max_blocks_per_run")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) max_blocks_per_run: u32,
    /// The most blocks that are read back for `burn_window`. If it begins before them, burn rates are unknown until time has
    /// covered it.
    #[serde(default = "max_window_blocks")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub(crate) max_window_blocks: u32,
}

/// An EntryPoint and its paymasters.
#[config]
#[derive(Debug, Clone)]
pub(crate) struct EntryPoint {
    /// Its version: "0.6", "0.7", "0.8" or "0.9".
    pub(crate) version: String,
    /// Where it is; at its version's usual address, if left out.
    #[serde(default)]
    pub(crate) address: Option<Address>,
    /// The paymasters whose deposits it holds.
    #[schemars(length(min = 1))]
    pub(crate) paymasters: Vec<Paymaster>,
}

/// A paymaster.
#[config]
#[derive(Debug, Clone)]
pub(crate) struct Paymaster {
    /// Where it is.
    pub(crate) address: Address,
    /// Its name for people and for the label `target`; its address, if left out.
    #[serde(default)]
    pub(crate) name: Option<String>,
}

fn period() -> Span {
    Span::from_secs(600)
}

fn burn_window() -> Span {
    Span::from_secs(86_400)
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
