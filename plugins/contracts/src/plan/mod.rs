//! What a config comes to: every call with its data, every event with its filter, and the handles of their metrics. Made before a
//! run and for `describe` alike, so that a config that can't work is refused at load, by the key that is wrong.

mod calls;
mod events;
mod families;
mod place;
mod tokens;

use std::collections::BTreeSet;

use alloy_dyn_abi::DynSolType;
use watchkeeper_sdk::{
    metrics::ComputedGauge,
    prelude::{Address, Call, Families, MetricSet},
};

use self::families::Computed;
pub(crate) use self::{
    events::{Argument, By, Watch},
    place::Place,
};
use crate::{config::Config, metrics::Own};

/// The most calls of one job: as many series as the host takes in a family.
const MOST_CALLS: usize = 2_000;
/// The longest name of a call or an event, in bytes.
const MOST_NAME: usize = 128;

/// All that a job reads.
pub(crate) struct Plan {
    pub(crate) own: Own,
    pub(crate) reads: Vec<Read>,
    pub(crate) watches: Vec<Watch>,
    /// Accounts whose native balance is read, by name.
    pub(crate) accounts: Vec<(String, Address)>,
    /// The decimals of the chain's currency.
    pub(crate) native_decimals: u8,
}

/// One call, and what is taken from its answer.
pub(crate) struct Read {
    /// What the label `contract` says.
    pub(crate) contract: String,
    /// What the label `call` says.
    pub(crate) name: String,
    pub(crate) call: Call,
    pub(crate) returns: Vec<DynSolType>,
    pub(crate) takes: Vec<Take>,
}

/// One value of an answer, and the series that it becomes.
pub(crate) struct Take {
    pub(crate) place: Place,
    pub(crate) form: Form,
    pub(crate) gauge: ComputedGauge,
    /// The series' label values; a text goes on at the end.
    pub(crate) labels: Vec<String>,
}

/// What a value is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A number, divided by 10 to a power.
    Number(Decimals),
    /// A label of a series that is 1.
    Text,
}

/// How many decimals a number has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decimals {
    Known(u8),
    /// What the read at this place of [`Plan::reads`] answers.
    Answered(usize),
}

impl MetricSet<Config> for Plan {
    fn declare(config: &Config, families: &mut Families) -> Result<Self, String> {
        let own = Own::declare(config, families)?;
        let mut reads = tokens::reads(config, families)?;
        let mut computed = Computed::new(families);
        reads.extend(calls::reads(config, &mut computed)?);
        let watches = events::watches(config, &mut computed)?;
        let balances = config.balances.as_ref();
        let accounts = balances.into_iter().flat_map(|balances| balances.accounts.iter());
        let accounts: Vec<_> = accounts.map(|(name, address)| (name.to_owned(), address)).collect();
        if reads.is_empty() && watches.is_empty() && accounts.is_empty() {
            return Err("nothing to read: write `calls`, `events`, `erc20` or `balances`".to_owned());
        }
        check(&reads)?;
        let native_decimals = balances.map_or(0, |balances| balances.decimals);
        Ok(Self { own, reads, watches, accounts, native_decimals })
    }
}

/// Whether the calls are few enough, and each has labels of its own.
fn check(reads: &[Read]) -> Result<(), String> {
    if reads.len() > MOST_CALLS {
        let count = reads.len();
        return Err(format!(
            "{count} calls, where one job has at most {MOST_CALLS}: split it, the host gathers the calls of all jobs"
        ));
    }
    let mut known = BTreeSet::new();
    match reads.iter().find(|read| !known.insert((&read.contract, &read.name))) {
        None => Ok(()),
        Some(Read { contract, name, .. }) => Err(format!(
            "the contract `{contract}` has two calls with the name `{name}`: give one of them another one by its key `name`"
        )),
    }
}

/// The name of a call or an event, as its key or its signature says.
fn named<'a>(key: &str, written: Option<&'a str>, usual: &'a str) -> Result<&'a str, String> {
    let name = written.unwrap_or(usual);
    if name.is_empty() || name.len() > MOST_NAME || name.chars().any(char::is_control) {
        return Err(format!("key `{key}.name`: a name has 1 to {MOST_NAME} bytes without control characters"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests;
