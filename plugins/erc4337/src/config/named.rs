//! Addresses that the operator gave names.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_sdk::prelude::*;

use super::{NONE, OTHER, Version};

/// The most factories: each is a series.
const MOST_FACTORIES: usize = 64;
/// The most paymasters: what each spent in each window is kept in the job's state, all of them as one value.
const MOST_PAYMASTERS: usize = 24;
/// The longest name, in bytes.
const LONGEST: usize = 64;

/// A paymaster.
#[config]
#[derive(Debug, Clone)]
pub(crate) struct Paymaster {
    /// Where it is.
    pub(crate) address: Address,
    /// The versions of the EntryPoint that it uses, as "0.7"; all that are watched, if left out. Those that it doesn't use show
    /// a deposit of 0.
    #[serde(default)]
    versions: Vec<String>,
}

/// The paymasters that are watched, by their names.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(try_from = "BTreeMap<String, Paymaster>")]
pub(crate) struct Paymasters(BTreeMap<String, Paymaster>);

/// The factories that have names.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(try_from = "BTreeMap<String, Address>")]
pub(crate) struct Factories(BTreeMap<String, Address>);

impl Paymaster {
    fn uses(&self, version: Version) -> bool {
        self.versions.is_empty() || self.versions.iter().any(|used| used == version.as_str())
    }
}

impl Paymasters {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Paymaster)> {
        self.0.iter().map(|(name, paymaster)| (name.as_str(), paymaster))
    }

    /// Those that use a version.
    pub(crate) fn of_version(&self, version: Version) -> impl Iterator<Item = (&str, &Paymaster)> {
        self.iter().filter(move |(_, paymaster)| paymaster.uses(version))
    }

    pub(crate) fn name_of(&self, address: Address) -> Option<&str> {
        self.iter().find(|(_, paymaster)| paymaster.address == address).map(|(name, _)| name)
    }

    pub(crate) fn address_of(&self, name: &str) -> Option<Address> {
        self.0.get(name).map(|paymaster| paymaster.address)
    }

    /// As topics of events.
    pub(crate) fn topics(&self) -> Vec<B256> {
        self.0.values().map(|paymaster| paymaster.address.into_word()).collect()
    }
}

impl Factories {
    /// The value of the label `factory`.
    pub(crate) fn label(&self, address: Address) -> &str {
        self.0.iter().find(|(_, at)| **at == address).map_or(OTHER, |(name, _)| name.as_str())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl TryFrom<BTreeMap<String, Paymaster>> for Paymasters {
    type Error = String;

    fn try_from(named: BTreeMap<String, Paymaster>) -> Result<Self, String> {
        check(named.iter().map(|(name, paymaster)| (name.as_str(), paymaster.address)), MOST_PAYMASTERS)?;
        for (name, paymaster) in &named {
            for version in &paymaster.versions {
                Version::parse(version).map_err(|problem| format!("paymaster `{name}`: {problem}"))?;
            }
        }
        Ok(Self(named))
    }
}

impl TryFrom<BTreeMap<String, Address>> for Factories {
    type Error = String;

    fn try_from(named: BTreeMap<String, Address>) -> Result<Self, String> {
        check(named.iter().map(|(name, address)| (name.as_str(), *address)), MOST_FACTORIES)?;
        Ok(Self(named))
    }
}

fn check<'a>(named: impl Iterator<Item = (&'a str, Address)>, most: usize) -> Result<(), String> {
    let mut addresses = BTreeSet::new();
    for (name, address) in named {
        if name.is_empty() || name.len() > LONGEST {
            return Err(format!("a name has 1 to {LONGEST} bytes"));
        }
        if [NONE, OTHER].contains(&name) {
            return Err(format!("the name `{name}` stands for all that have none"));
        }
        if address.is_zero() {
            return Err(format!("`{name}` has the address zero"));
        }
        if !addresses.insert(address) {
            return Err(format!("`{name}`: {address} has another name already"));
        }
    }
    if addresses.len() > most { Err(format!("at most {most} names")) } else { Ok(()) }
}
