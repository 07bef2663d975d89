//! What an account may do at most: its caps, in the chain's own currency, and how payments are held to the chain.

use std::{collections::BTreeSet, time::Duration};

use alloy_primitives::{Address, U256};

use crate::{
    Amount, ConfigError, Currency,
    address::parse_address,
    amount::show_amount,
    source::{KeyPath, Source},
    values::{Count, Money, Span, in_range, show_duration},
};

const DAY: Duration = Duration::from_hours(24);

/// More recipients than this in one list are a mistake.
const MOST_RECIPIENTS: usize = 1000;

/// The caps of an account. A job's grant narrows them and never widens them. Amounts are of the chain's smallest unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPolicy {
    /// The most that one payment may be.
    pub max_payment: U256,
    /// The most in any 24 hours; at least `max_payment`.
    pub max_24h: U256,
    /// The most in any 7 days; at least `max_24h`. None: no such cap.
    pub max_7d: Option<U256>,
    /// The most ever; at least each of the above. None: no such cap.
    pub max_lifetime: Option<U256>,
    /// The most that one payment's fee may be.
    pub max_fee: U256,
    /// The most for a unit of gas. None: `max_fee` alone bounds it.
    pub max_fee_per_gas: Option<U256>,
    /// What the account keeps. 0 unless told.
    pub keep: U256,
    /// The least time between two payments to one target. 0 s unless told.
    pub min_interval: Duration,
    /// How deep its block has to be for a payment to be confirmed. 12 unless told; at most 1,000.
    pub confirmations: u64,
    /// After how long in no block a payment is sent again with a higher fee. 1 min unless told.
    pub replace_after: Duration,
    /// The only addresses that a payment may name; at least one. None: any that a grant allows.
    pub recipients: Option<BTreeSet<Address>>,
}

/// The keys of an account that bound it.
pub(super) struct PolicyShape {
    pub(super) max_payment: Money,
    pub(super) max_24h: Money,
    pub(super) max_7d: Option<Money>,
    pub(super) max_lifetime: Option<Money>,
    pub(super) max_fee: Money,
    pub(super) max_fee_per_gas: Option<Money>,
    pub(super) keep: Option<Money>,
    pub(super) min_interval: Option<Span>,
    pub(super) confirmations: Option<Count>,
    pub(super) replace_after: Option<Span>,
    pub(super) recipients: Option<Vec<String>>,
}

impl PolicyShape {
    pub(super) fn resolve(
        self,
        source: &Source<'_>,
        key: &KeyPath,
        currency: &Currency,
    ) -> Result<AccountPolicy, ConfigError> {
        let amount = |name: &str, written: &Money| amount(written, source, &key.with(name), currency);
        let maybe =
            |name: &str, written: &Option<Money>| written.as_ref().map(|written| amount(name, written)).transpose();
        let span = |name: &str, given: Option<Span>, usual: Duration, least: Duration, most: Duration| {
            let given = given.map_or(usual, |span| span.0);
            in_range(source, &key.with(name), given, least..=most, show_duration)
        };
        let caps = Caps {
            max_payment: amount("max_payment", &self.max_payment)?,
            max_24h: amount("max_24h", &self.max_24h)?,
            max_7d: maybe("max_7d", &self.max_7d)?,
            max_lifetime: maybe("max_lifetime", &self.max_lifetime)?,
        };
        caps.check(source, key, currency)?;
        let confirmations = self.confirmations.map_or(12, |count| count.0);
        Ok(AccountPolicy {
            max_payment: caps.max_payment,
            max_24h: caps.max_24h,
            max_7d: caps.max_7d,
            max_lifetime: caps.max_lifetime,
            max_fee: amount("max_fee", &self.max_fee)?,
            max_fee_per_gas: maybe("max_fee_per_gas", &self.max_fee_per_gas)?,
            keep: maybe("keep", &self.keep)?.unwrap_or_default(),
            min_interval: span("min_interval", self.min_interval, Duration::ZERO, Duration::ZERO, 400 * DAY)?,
            confirmations: in_range(source, &key.with("confirmations"), confirmations, 0..=1000, |n| n.to_string())?,
            replace_after: span(
                "replace_after",
                self.replace_after,
                Duration::from_mins(1),
                Duration::from_secs(1),
                DAY,
            )?,
            recipients: self.recipients.map(|list| recipients(&list, source, &key.with("recipients"))).transpose()?,
        })
    }
}

/// The caps that an account has for its chain's currency, and for each token.
pub(super) struct Caps {
    pub(super) max_payment: U256,
    pub(super) max_24h: U256,
    pub(super) max_7d: Option<U256>,
    pub(super) max_lifetime: Option<U256>,
}

impl Caps {
    /// A cap of a longer time that is below one of a shorter is a slip of the pen in one of the two.
    pub(super) fn check(&self, source: &Source<'_>, key: &KeyPath, currency: &Currency) -> Result<(), ConfigError> {
        let mut least = ("max_payment", self.max_payment);
        let longer = [("max_24h", Some(self.max_24h)), ("max_7d", self.max_7d), ("max_lifetime", self.max_lifetime)];
        for (name, cap) in longer.into_iter().filter_map(|(name, cap)| Some((name, cap?))) {
            if cap < least.1 {
                let (shorter, shown) = (least.0, show_amount(least.1, currency));
                let message = format!("is below `{shorter}`, which is {shown}");
                let hint = format!("write at least {shown}, or lower `{shorter}`");
                return Err(source.error(&key.with(name), message, hint));
            }
            least = (name, cap);
        }
        Ok(())
    }
}

pub(super) fn amount(
    written: &Money,
    source: &Source<'_>,
    key: &KeyPath,
    currency: &Currency,
) -> Result<U256, ConfigError> {
    Amount::parse(&written.0, currency).map_err(|error| source.error(key, error.message, error.hint))
}

fn recipients(list: &[String], source: &Source<'_>, key: &KeyPath) -> Result<BTreeSet<Address>, ConfigError> {
    if list.is_empty() || list.len() > MOST_RECIPIENTS {
        let hint = format!("name 1 to {MOST_RECIPIENTS}, or leave it out for all that jobs are granted");
        return Err(source.error(key, format!("{} recipients", list.len()), hint));
    }
    let mut recipients = BTreeSet::new();
    for (index, text) in list.iter().enumerate() {
        let key = key.with(index);
        let address = parse_address(text).map_err(|error| source.error(&key, error.message, error.hint))?;
        if !recipients.insert(address) {
            return Err(source.error(&key, format!("{text:?} stands here twice"), "keep one of the two"));
        }
    }
    Ok(recipients)
}
