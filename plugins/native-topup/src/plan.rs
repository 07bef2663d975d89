//! What a config comes to, checked before anything runs: each address with its levels as exact amounts.

use std::collections::BTreeSet;

use watchkeeper_sdk::{
    prelude::*,
    topup::{Held, Means},
    wallet::Currency,
};

use crate::config::{Config, Target};

/// The most addresses, each counted for each currency.
const MOST_LEVELS: usize = 64;
/// The longest name, in bytes.
const LONGEST_NAME: usize = 64;

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) levels: Vec<Level>,
    /// The tokens, each once.
    pub(crate) tokens: Vec<(Address, Currency)>,
}

/// An address that is to be kept above a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) name: String,
    pub(crate) address: Address,
    pub(crate) currency: Currency,
    /// None: the chain's own currency.
    pub(crate) token: Option<Address>,
    pub(crate) below: U256,
    pub(crate) up_to: U256,
}

impl Plan {
    pub(crate) fn of(config: &Config) -> Result<Self, String> {
        config.currency.check().map_err(|problem| format!("key `currency`: {problem}"))?;
        let mut levels = levels("targets", &config.targets, &config.currency, None)?;
        let mut tokens: Vec<(Address, Currency)> = Vec::new();
        let mut symbols = BTreeSet::from([config.currency.symbol.clone()]);
        for (place, token) in config.tokens.iter().enumerate() {
            let key = format!("tokens[{place}]");
            let currency = Currency { symbol: token.symbol.clone(), decimals: token.decimals };
            currency.check().map_err(|problem| format!("key `{key}`: {problem}"))?;
            if !symbols.insert(token.symbol.clone()) {
                return Err(format!("key `{key}.symbol`: {} is there twice", token.symbol));
            }
            if tokens.iter().any(|(address, _)| *address == token.address) {
                return Err(format!("key `{key}.address`: {} is there twice", token.address));
            }
            levels.extend(self::levels(&format!("{key}.holders"), &token.holders, &currency, Some(token.address))?);
            tokens.push((token.address, currency));
        }
        match levels.len() {
            0 => Err("key `targets`: neither it nor `tokens` names an address".to_owned()),
            1..=MOST_LEVELS => Ok(Self { levels, tokens }),
            _ => Err(format!("key `targets`: at most {MOST_LEVELS} addresses, those of `tokens` included")),
        }
    }
}

impl Level {
    pub(crate) fn held(&self) -> Held {
        match self.token {
            None => Held::Native(self.address),
            Some(contract) => Held::BalanceOf { contract, of: self.address },
        }
    }

    pub(crate) fn means(&self) -> Means {
        self.token.map_or(Means::Transfer, Means::Token)
    }
}

fn levels(key: &str, targets: &[Target], currency: &Currency, token: Option<Address>) -> Result<Vec<Level>, String> {
    let (mut addresses, mut names) = (BTreeSet::new(), BTreeSet::new());
    let levels = targets.iter().enumerate().map(|(place, target)| {
        let problem = |of: &str, what: String| format!("key `{key}[{place}]{of}`: {what}");
        let Target { name, address, .. } = target;
        if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(problem(".name", format!("a name has 1 to {LONGEST_NAME} bytes")));
        }
        if address.is_zero() {
            return Err(problem(".address", format!("`{name}` has the address zero")));
        }
        if !addresses.insert(*address) {
            return Err(problem(".address", format!("{address} is there twice")));
        }
        if !names.insert(name.clone()) {
            return Err(problem(".name", format!("`{name}` is there twice")));
        }
        let below = currency.parse(&target.threshold).map_err(|what| problem(".threshold", what))?;
        let up_to = currency.parse(&target.target).map_err(|what| problem(".target", what))?;
        if below.is_zero() {
            return Err(problem(".threshold", "no balance is below 0".to_owned()));
        }
        if up_to <= below {
            return Err(problem(".target", "it isn't above `threshold`".to_owned()));
        }
        Ok(Level { name: name.clone(), address: *address, currency: currency.clone(), token, below, up_to })
    });
    levels.collect()
}
