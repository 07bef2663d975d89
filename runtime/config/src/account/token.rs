//! `[accounts.NAME.tokens.SYMBOL]`: an ERC-20 token that an account may pay in, and the most of it.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use serde::Deserialize;

use super::policy::{Caps, amount};
use crate::{
    ConfigError, Currency,
    address::parse_address,
    chain::currency,
    source::{KeyPath, Source},
    values::{Count, Money},
};

/// A token and its caps, in the token's smallest unit. Fees are paid in the chain's own currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPolicy {
    /// The token's contract.
    pub address: Address,
    /// The digits behind the point of one unit.
    pub decimals: u8,
    /// The most that one payment may be.
    pub max_payment: U256,
    /// The most in any 24 hours; at least `max_payment`.
    pub max_24h: U256,
    /// The most in any 7 days; at least `max_24h`. None: no such cap.
    pub max_7d: Option<U256>,
    /// The most ever; at least each of the above. None: no such cap.
    pub max_lifetime: Option<U256>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenShape {
    address: String,
    decimals: Count,
    max_payment: Money,
    max_24h: Money,
    max_7d: Option<Money>,
    max_lifetime: Option<Money>,
}

/// Resolves an account's tokens; `own` is the currency of its chain.
pub(super) fn resolve_all(
    shapes: BTreeMap<String, TokenShape>,
    source: &Source<'_>,
    key: &KeyPath,
    own: &Currency,
) -> Result<BTreeMap<String, TokenPolicy>, ConfigError> {
    let mut tokens = BTreeMap::<String, TokenPolicy>::new();
    for (symbol, shape) in shapes {
        let key = key.with(&*symbol);
        if symbol == own.symbol {
            let hint = format!("give the token another symbol, such as \"{symbol}.e\"");
            return Err(source.error(&key, format!("{symbol} is the chain's own currency"), hint));
        }
        let token = shape.resolve(source, &key, &symbol)?;
        if let Some((other, _)) = tokens.iter().find(|(_, other)| other.address == token.address) {
            let message = format!("is also that of `{other}`, and its caps would count apart");
            return Err(source.error(&key.with("address"), message, "keep one of the two"));
        }
        tokens.insert(symbol, token);
    }
    Ok(tokens)
}

impl TokenShape {
    fn resolve(self, source: &Source<'_>, key: &KeyPath, symbol: &str) -> Result<TokenPolicy, ConfigError> {
        let currency = currency(symbol, self.decimals, source, (key, &key.with("decimals")))?;
        let amount = |name: &str, written: &Money| amount(written, source, &key.with(name), &currency);
        let maybe =
            |name: &str, written: &Option<Money>| written.as_ref().map(|written| amount(name, written)).transpose();
        let caps = Caps {
            max_payment: amount("max_payment", &self.max_payment)?,
            max_24h: amount("max_24h", &self.max_24h)?,
            max_7d: maybe("max_7d", &self.max_7d)?,
            max_lifetime: maybe("max_lifetime", &self.max_lifetime)?,
        };
        caps.check(source, key, &currency)?;
        let address = parse_address(&self.address)
            .map_err(|error| source.error(&key.with("address"), error.message, error.hint))?;
        Ok(TokenPolicy {
            address,
            decimals: currency.decimals,
            max_payment: caps.max_payment,
            max_24h: caps.max_24h,
            max_7d: caps.max_7d,
            max_lifetime: caps.max_lifetime,
        })
    }
}
