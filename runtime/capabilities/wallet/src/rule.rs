//! One thing that a job may pay for: whom, by which call, in what, and under which condition. Here a rule is held against
//! what was asked; nothing is read and nothing is counted.

use std::fmt;

use alloy_primitives::{Address, Bytes, U256};

use crate::abi::{Function, address_word, number_word};

/// A rule of a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Who the transaction goes to.
    pub(crate) to: Address,
    /// None: a plain transfer.
    pub(crate) call: Option<Call>,
    /// None: the chain's currency; else a token by its symbol.
    pub(crate) token: Option<String>,
    /// None: the operator wrote `unconditional = true`.
    pub(crate) condition: Option<Condition>,
}

/// A function, and what each of its arguments has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) function: Function,
    pub(crate) arguments: Vec<Argument>,
}

/// What an argument has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Argument {
    /// This address.
    Pinned(Address),
    /// The amount, in the token's smallest unit.
    Amount,
}

/// What the host reads for itself before it pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) reads: Reads,
    /// It pays only while what is read is below this,
    pub(crate) below: U256,
    /// and no more than is missing to this.
    pub(crate) up_to: U256,
}

/// Where a condition's number comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reads {
    /// What an address holds of the chain's currency.
    Balance(Address),
    /// The one word that a contract returns.
    Word {
        to: Address,
        data: Bytes,
        /// For people, as `balanceOf(address)`.
        function: String,
    },
}

impl fmt::Display for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance(address) => write!(f, "the balance of {address}"),
            Self::Word { to, function, .. } => write!(f, "{function} of {to}"),
        }
    }
}

/// What a plugin asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) key: String,
    pub(crate) to: Address,
    pub(crate) value: U256,
    pub(crate) data: Bytes,
}

/// A transaction's money and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) value: U256,
    pub(crate) data: Bytes,
}

impl Rule {
    /// How much was asked for, if this rule is for it.
    pub(crate) fn amount(&self, asked: &Asked) -> Option<U256> {
        if asked.to != self.to {
            return None;
        }
        let Some(call) = &self.call else {
            return asked.data.is_empty().then_some(asked.value);
        };
        let words = call.function.decode(&asked.data)?;
        let mut amount = None;
        for (word, argument) in words.iter().zip(&call.arguments) {
            match argument {
                Argument::Pinned(address) if *word == address_word(*address) => {}
                Argument::Pinned(_) => return None,
                Argument::Amount => amount = Some(U256::from_be_bytes(*word)),
            }
        }
        match amount {
            None => Some(asked.value),
            Some(amount) => asked.value.is_zero().then_some(amount),
        }
    }

    /// The transaction that pays `amount`.
    pub(crate) fn body(&self, amount: U256) -> Body {
        let Some(call) = &self.call else { return Body { value: amount, data: Bytes::new() } };
        let word = |argument: &Argument| match argument {
            Argument::Pinned(address) => address_word(*address),
            Argument::Amount => number_word(amount),
        };
        let value = if call.arguments.contains(&Argument::Amount) { U256::ZERO } else { amount };
        Body { value, data: call.function.encode(call.arguments.iter().map(word)) }
    }

    /// Whom it is for: two payments with the same text never overlap.
    pub(crate) fn target(&self) -> String {
        let mut text = format!("{:#x}", self.to);
        if let Some(call) = &self.call {
            text = format!("{text} {}", call.function.signature());
            for argument in &call.arguments {
                if let Argument::Pinned(address) = argument {
                    text = format!("{text} {address:#x}");
                }
            }
        }
        text
    }

    /// Every address that it names as receiving something: its recipient and its pinned arguments.
    pub(crate) fn recipients(&self) -> impl Iterator<Item = Address> {
        let arguments = self.call.iter().flat_map(|call| &call.arguments);
        let pinned = arguments.filter_map(|argument| match argument {
            Argument::Pinned(address) => Some(*address),
            Argument::Amount => None,
        });
        std::iter::once(self.to).chain(pinned)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;

    use super::*;

    const ENTRY_POINT: Address = address!("0x0000000071727De22E5E9d8BAf0edAc6f37da032");
    const PAYMASTER: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
    const OTHER: Address = address!("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");

    fn deposit() -> Rule {
        let function = Function::parse("depositTo(address)").unwrap();
        let call = Call { function, arguments: vec![Argument::Pinned(PAYMASTER)] };
        Rule { to: ENTRY_POINT, call: Some(call), token: None, condition: None }
    }

    fn transfer() -> Rule {
        let function = Function::parse("transfer(address,uint256)").unwrap();
        let call = Call { function, arguments: vec![Argument::Pinned(PAYMASTER), Argument::Amount] };
        Rule { to: ENTRY_POINT, call: Some(call), token: Some("USDT".to_owned()), condition: None }
    }

    fn asked(to: Address, value: u64, data: impl Into<Bytes>) -> Asked {
        Asked { key: "k".to_owned(), to, value: U256::from(value), data: data.into() }
    }

    #[test]
    fn what_a_rule_builds_is_what_it_allows() {
        for rule in [deposit(), transfer(), Rule { to: OTHER, call: None, token: None, condition: None }] {
            let Body { value, data } = rule.body(U256::from(7));
            let asked = Asked { key: String::new(), to: rule.to, value, data };
            assert_eq!(rule.amount(&asked), Some(U256::from(7)));
        }
    }

    #[test]
    fn nothing_else_is_allowed() {
        let rule = deposit();
        let good = rule.body(U256::from(7)).data.to_vec();
        assert_eq!(rule.amount(&asked(ENTRY_POINT, 7, good.clone())), Some(U256::from(7)));
        assert_eq!(rule.amount(&asked(OTHER, 7, good.clone())), None, "another recipient");
        assert_eq!(rule.amount(&asked(ENTRY_POINT, 7, Bytes::new())), None, "no call");
        for place in 0..good.len() {
            let mut data = good.clone();
            data[place] ^= 1;
            assert_eq!(rule.amount(&asked(ENTRY_POINT, 7, data)), None, "byte {place} changed");
        }
        for data in [[good.as_slice(), &[0; 32]].concat(), good[..good.len() - 1].to_vec(), good[..4].to_vec()] {
            assert_eq!(rule.amount(&asked(ENTRY_POINT, 7, data)), None, "another length");
        }
    }

    #[test]
    fn a_token_is_paid_without_the_chains_currency() {
        let data = transfer().body(U256::from(9)).data;
        assert_eq!(transfer().amount(&asked(ENTRY_POINT, 0, data.clone())), Some(U256::from(9)));
        assert_eq!(transfer().amount(&asked(ENTRY_POINT, 1, data)), None);
    }

    #[test]
    fn a_target_is_recipient_function_and_pinned_addresses() {
        let lower = |address: Address| format!("{address:#x}");
        assert_eq!(deposit().target(), format!("{} depositTo(address) {}", lower(ENTRY_POINT), lower(PAYMASTER)));
        assert_eq!(
            transfer().target(),
            format!("{} transfer(address,uint256) {}", lower(ENTRY_POINT), lower(PAYMASTER))
        );
        assert_eq!(deposit().recipients().collect::<Vec<_>>(), [ENTRY_POINT, PAYMASTER]);
    }
}
