//! What the tests of payments stand on: a house with a chain, an account and jobs that pay; and readers of what happened,
//! each by another road than the program's own.

mod chain;
mod house;
mod jobs;
mod journal;
mod runs;

pub(super) use self::{
    chain::{Deposited, Sent, deposited, head, sent, total_deposit},
    house::{House, Stage, TREASURE, ready},
    jobs::{Ask, deposit_data, deposit_rule, merge, payer, topup, transfer_rule, word},
    journal::{Entry, journal, transactions},
    runs::Runs,
};

/// The smallest unit's count in one of the chain's currency.
pub(super) const ONE: u128 = 1_000_000_000_000_000_000;
/// The currency's symbol: not what anybody would assume.
pub(super) const SYMBOL: &str = "USDC";

/// So much of the currency, as operators write it: `coins(ONE / 2)` is `0.5 USDC`.
pub(super) fn coins(wei: u128) -> String {
    let (whole, part) = (wei / ONE, wei % ONE);
    let digits = format!("{part:018}");
    match digits.trim_end_matches('0') {
        "" => format!("{whole} {SYMBOL}"),
        part => format!("{whole}.{part} {SYMBOL}"),
    }
}

#[test]
fn coins_are_written_exactly() {
    let written = [0, 1, ONE / 2, ONE, 25 * ONE / 10].map(coins);
    assert_eq!(written, ["0 USDC", "0.000000000000000001 USDC", "0.5 USDC", "1 USDC", "2.5 USDC"]);
}
