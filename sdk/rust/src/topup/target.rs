//! What is to be kept above a level, and how it is paid.

use std::cmp::Ordering;

use alloy_primitives::{Address, Bytes, U256, U512};

use super::Period;
use crate::wallet::{Currency, Payment};

/// Something that is to be kept above a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name for people and for the label `target`.
    pub name: String,
    /// How it is paid.
    pub means: Means,
    /// Whom the payment is for.
    pub address: Address,
    /// What it is paid in.
    pub currency: Currency,
    /// What it has.
    pub held: U256,
    /// It is in need while it has less than this,
    pub below: U256,
    /// and then gets what is missing to this.
    pub up_to: U256,
}

/// How a target is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// By a transfer of the chain's currency.
    Transfer,
    /// By a call with the chain's currency as its value.
    Call {
        /// The contract.
        to: Address,
        /// The function's name: together with the contract it tells this kind of payment from others.
        function: &'static str,
        /// Selector and arguments.
        data: Bytes,
    },
    /// By a transfer of this ERC-20 token.
    Token(Address),
}

impl Target {
    /// Whether it has less than it should, and something is missing.
    pub fn in_need(&self) -> bool {
        self.held < self.below && self.held < self.up_to
    }

    /// What is missing to the level that it is filled up to.
    pub(super) fn missing(&self) -> U256 {
        self.up_to.saturating_sub(self.held)
    }

    /// Whose need is greater: the one that has the smaller part of the level below which it is in need.
    pub(super) fn need(&self, other: &Self) -> Ordering {
        let product = |one: U256, other: U256| -> U512 { one.widening_mul(other) };
        match (self.below.is_zero(), other.below.is_zero()) {
            (false, false) => product(self.held, other.below).cmp(&product(other.held, self.below)),
            // Nothing is below zero.
            (one, other) => one.cmp(&other),
        }
    }

    /// The key of its payment in a period. Made of addresses, so that another name in the config changes nothing.
    pub(super) fn key(&self, period: Period) -> String {
        let target = format!("{:#x}", self.address);
        match &self.means {
            Means::Transfer => format!("transfer:{target}:{}", period.start),
            Means::Call { to, function, .. } => format!("{function}@{to:#x}:{target}:{}", period.start),
            Means::Token(token) => format!("transfer@{token:#x}:{target}:{}", period.start),
        }
    }

    pub(super) fn payment(&self, key: String, amount: U256) -> Payment {
        match &self.means {
            Means::Transfer => Payment::transfer(key, self.address, amount),
            Means::Call { to, data, .. } => Payment::call(key, *to, amount, data.clone()),
            Means::Token(token) => Payment::token(key, *token, self.address, amount),
        }
    }

    pub(super) fn is_token(&self) -> bool {
        matches!(self.means, Means::Token(_))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::topup::Span;

    pub(in crate::topup) fn target(held: u64, below: u64, up_to: u64) -> Target {
        Target {
            name: format!("{held} of {below}"),
            means: Means::Transfer,
            address: Address::repeat_byte(7),
            currency: Currency { symbol: "X".to_owned(), decimals: 0 },
            held: U256::from(held),
            below: U256::from(below),
            up_to: U256::from(up_to),
        }
    }

    #[test]
    fn the_smaller_part_of_its_level_is_the_greater_need() {
        let mut targets =
            [target(0, 0, 9), target(90, 100, 200), target(10, 20, 30), target(0, 1, 5), target(5, 10, 11)];
        targets.sort_by(Target::need);
        assert_eq!(targets.map(|target| target.name), ["0 of 1", "10 of 20", "5 of 10", "90 of 100", "0 of 0"]);
        let large = |held| Target { held, below: U256::MAX, ..target(0, 0, 0) };
        assert_eq!(large(U256::MAX - U256::ONE).need(&large(U256::MAX)), Ordering::Less, "no overflow");
    }

    #[test]
    fn a_key_is_of_one_payment_to_one_target_in_one_period() {
        let period = |start| Period::at(Span::from_secs(600), start);
        let of = |means| Target { means, ..target(0, 1, 2) };
        let contract = Address::repeat_byte(9);
        let keys = [
            of(Means::Transfer).key(period(1_200)),
            of(Means::Token(contract)).key(period(1_200)),
            of(Means::Call { to: contract, function: "depositTo", data: Bytes::new() }).key(period(1_799)),
            of(Means::Transfer).key(period(1_800)),
        ];
        let (seven, nine) = ("0x".to_owned() + &"07".repeat(20), "0x".to_owned() + &"09".repeat(20));
        assert_eq!(
            keys,
            [
                format!("transfer:{seven}:1200"),
                format!("transfer@{nine}:{seven}:1200"),
                format!("depositTo@{nine}:{seven}:1200"),
                format!("transfer:{seven}:1800"),
            ]
        );
        assert!(keys.iter().all(|key| key.len() <= 200));
        let renamed = Target { name: "other".to_owned(), ..of(Means::Transfer) };
        assert_eq!(renamed.key(period(1_200)), keys[0]);
    }
}
