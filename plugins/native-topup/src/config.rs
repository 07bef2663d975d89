//! What an operator writes in `[config]`.

use watchkeeper_sdk::{prelude::*, topup::Span, wallet::Currency};

/// Which balances to keep above which levels.
#[config]
pub(crate) struct Config {
    /// The chain, by its name in `watchkeeper.toml`.
    pub(crate) chain: String,
    /// The account that pays, by its name in `watchkeeper.toml`.
    pub(crate) account: String,
    /// The chain's own currency, as `watchkeeper.toml` has it.
    pub(crate) currency: Currency,
    /// The addresses to keep above a level of the chain's own currency.
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
    /// The ERC-20 tokens to keep addresses above a level of. Together with `targets` 64 addresses at most, each counted for
    /// each token.
    #[serde(default)]
    pub(crate) tokens: Vec<Token>,
    /// Whether a target gets less than it is missing where the budget is short; it gets nothing otherwise.
    #[serde(default)]
    pub(crate) partial: bool,
    /// A target is paid once at most in each period of this length, which begins at a multiple of it.
    #[serde(default = "period")]
    #[schemars(with = "String")]
    pub(crate) period: Span,
}

/// An address and its levels.
#[config]
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Its name for people and for the label `target`.
    pub(crate) name: String,
    /// Whom to keep above the level.
    pub(crate) address: Address,
    /// The amount below which it is filled up, such as "0.5 USDC".
    pub(crate) threshold: String,
    /// The amount up to which it is filled, such as "2 USDC".
    pub(crate) target: String,
}

/// A token and its holders.
#[config]
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// Its symbol, as the account in `watchkeeper.toml` has it.
    pub(crate) symbol: String,
    /// Its contract.
    pub(crate) address: Address,
    /// Digits behind the point of one token.
    #[schemars(range(max = 77))]
    pub(crate) decimals: u8,
    /// The addresses to keep above a level of it.
    #[schemars(length(min = 1))]
    pub(crate) holders: Vec<Target>,
}

fn period() -> Span {
    Span::from_secs(600)
}
