//! What a config comes to, checked before anything runs: each paymaster at each EntryPoint, and the levels as exact amounts.

use std::collections::BTreeSet;

use watchkeeper_sdk::{
    alloy_primitives::address,
    prelude::*,
    topup::{Means, Target},
};

use crate::config::{Config, EntryPoint};

/// The most paymasters: what each spent in each part of the window is kept in the job's state.
const MOST_PAYMASTERS: usize = 64;
/// The longest name, in bytes.
const LONGEST_NAME: usize = 64;
/// The longest window of burn rates.
const LONGEST_WINDOW: u64 = 31 * 86_400;
/// The shortest.
const SHORTEST_WINDOW: u64 = 60;

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) paymasters: Vec<Paymaster>,
    pub(crate) threshold: Option<U256>,
    pub(crate) up_to: U256,
}

/// A paymaster at an EntryPoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paymaster {
    pub(crate) name: String,
    pub(crate) address: Address,
    pub(crate) version: &'static str,
    pub(crate) entry_point: Address,
}

impl Plan {
    pub(crate) fn of(config: &Config) -> Result<Self, String> {
        let Config { currency, threshold, target, .. } = config;
        currency.check().map_err(|problem| format!("key `currency`: {problem}"))?;
        let threshold = threshold.as_deref().map(|text| currency.parse(text)).transpose();
        let threshold = threshold.map_err(|problem| format!("key `threshold`: {problem}"))?;
        let up_to = currency.parse(target).map_err(|problem| format!("key `target`: {problem}"))?;
        if threshold.is_none() && config.runway.is_none() {
            return Err(
                "key `threshold`: neither it nor `runway` says when to fill up\nhint: write one of them".to_owned()
            );
        }
        if threshold.is_some_and(|threshold| threshold.is_zero()) {
            return Err("key `threshold`: no deposit is below 0".to_owned());
        }
        if up_to <= threshold.unwrap_or_default() {
            return Err("key `target`: it isn't above `threshold`".to_owned());
        }
        if !(SHORTEST_WINDOW..=LONGEST_WINDOW).contains(&config.burn_window.as_secs()) {
            return Err("key `burn_window`: from a minute to 31 days".to_owned());
        }
        Ok(Self { paymasters: paymasters(&config.entry_points)?, threshold, up_to })
    }

    /// The EntryPoints, each once.
    pub(crate) fn entry_points(&self) -> Vec<Address> {
        let all: BTreeSet<Address> = self.paymasters.iter().map(|paymaster| paymaster.entry_point).collect();
        all.into_iter().collect()
    }

    /// Paymasters and EntryPoints, in the order of the paymasters.
    pub(crate) fn places(&self) -> Vec<(Address, Address)> {
        self.paymasters.iter().map(|paymaster| (paymaster.entry_point, paymaster.address)).collect()
    }
}

impl Paymaster {
    /// For messages.
    pub(crate) fn label(&self) -> String {
        format!("{} at EntryPoint {}", self.name, self.version)
    }

    /// Whether a target is this one.
    pub(crate) fn is(&self, target: &Target) -> bool {
        let at = match &target.means {
            Means::Call { to, .. } => *to,
            Means::Transfer | Means::Token(_) => return false,
        };
        self.address == target.address && self.entry_point == at
    }

    /// `depositTo(paymaster)` of the EntryPoint, which takes the value for it.
    pub(crate) fn means(&self) -> Means {
        /// `depositTo(address)`
        const SELECTOR: [u8; 4] = [0xb7, 0x60, 0xfa, 0xf9];
        let data = [&SELECTOR[..], self.address.into_word().as_slice()].concat().into();
        Means::Call { to: self.entry_point, function: "depositTo", data }
    }
}

fn paymasters(entry_points: &[EntryPoint]) -> Result<Vec<Paymaster>, String> {
    let (mut paymasters, mut places, mut names): (Vec<Paymaster>, _, _) =
        (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (place, entry_point) in entry_points.iter().enumerate() {
        let key = format!("entry_points[{place}]");
        let (version, usual) =
            version(&entry_point.version).map_err(|problem| format!("key `{key}.version`: {problem}"))?;
        let at = entry_point.address.unwrap_or(usual);
        for (place, paymaster) in entry_point.paymasters.iter().enumerate() {
            let problem = |what: String| Err(format!("key `{key}.paymasters[{place}]`: {what}"));
            let name = paymaster.name.clone().unwrap_or_else(|| paymaster.address.to_string());
            if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
                return problem(format!("a name has 1 to {LONGEST_NAME} bytes"));
            }
            if paymaster.address.is_zero() {
                return problem(format!("`{name}` has the address zero"));
            }
            if !places.insert((at, paymaster.address)) {
                return problem(format!("{} is there twice", paymaster.address));
            }
            if !names.insert((version, name.clone())) {
                return problem(format!("the name `{name}` is there twice"));
            }
            paymasters.push(Paymaster { name, address: paymaster.address, version, entry_point: at });
        }
    }
    match paymasters.len() {
        0 => Err("key `entry_points`: no paymaster".to_owned()),
        1..=MOST_PAYMASTERS => Ok(paymasters),
        _ => Err(format!("key `entry_points`: at most {MOST_PAYMASTERS} paymasters")),
    }
}

/// A version's label, and its usual address.
fn version(text: &str) -> Result<(&'static str, Address), String> {
    match text {
        "0.6" => Ok(("0.6", address!("0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"))),
        "0.7" => Ok(("0.7", address!("0x0000000071727De22E5E9d8BAf0edAc6f37da032"))),
        "0.8" => Ok(("0.8", address!("0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108"))),
        "0.9" => Ok(("0.9", address!("0x433709009B8330FDa32311DF1C2AFA402eD8D009"))),
        other => Err(format!("`{other}` is no version: one of 0.6, 0.7, 0.8 and 0.9")),
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_sdk::alloy_primitives::{hex, keccak256};

    use super::*;

    #[test]
    fn a_deposit_is_the_call_that_the_entry_point_takes() {
        let (version, entry_point) = version("0.7").unwrap();
        let paymaster = Paymaster { name: String::new(), address: Address::repeat_byte(0xa1), version, entry_point };
        let Means::Call { to, data, .. } = paymaster.means() else { panic!("no call") };
        assert_eq!(to, entry_point);
        assert_eq!(data[..4], keccak256("depositTo(address)")[..4]);
        assert_eq!(hex::encode(&data[4..]), format!("{}{}", "00".repeat(12), "a1".repeat(20)));
    }
}
