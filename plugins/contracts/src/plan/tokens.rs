//! ERC-20's short form: the calls that it stands for.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use watchkeeper_sdk::{
    metrics::ComputedGauge,
    prelude::{Address, Bytes, Call, Families, Family},
};

use super::{Decimals, Form, Place, Read, Take};
use crate::config::{Config, Erc20};

/// Selector of `balanceOf(address)`, by ERC-20.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
/// Selector of `totalSupply()`, by ERC-20.
const TOTAL_SUPPLY: [u8; 4] = [0x18, 0x16, 0x0d, 0xdd];
/// Selector of `decimals()`, by ERC-20.
const DECIMALS: [u8; 4] = [0x31, 0x3c, 0xe5, 0x67];

/// The families of all tokens.
struct Gauges {
    balance: ComputedGauge,
    supply: ComputedGauge,
}

/// The calls of all entries; they are the first of the job's, because a balance names the place of its decimals.
pub(super) fn reads(config: &Config, families: &mut Families) -> Result<Vec<Read>, String> {
    let labels = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let balance = Family::new("contracts_token_balance", "Tokens that the holder has, in whole tokens.");
    let supply = Family::new("contracts_token_supply", "Tokens that there are, in whole tokens.");
    let gauges = Gauges {
        balance: families.computed_gauge(balance, labels(&["chain", "contract", "holder"])),
        supply: families.computed_gauge(supply, labels(&["chain", "contract"])),
    };
    let mut reads = Vec::new();
    for (place, tokens) in config.erc20.iter().enumerate() {
        let key = format!("erc20[{place}]");
        if tokens.tokens.is_empty() {
            return Err(format!("key `{key}.tokens`: names no token"));
        }
        if tokens.holders.is_empty() && !tokens.supply {
            return Err(format!("key `{key}`: nothing to read: write `holders`, or `supply = true`"));
        }
        for (name, token) in tokens.tokens.iter() {
            of_token(tokens, &config.chain, (name, token), &gauges, &mut reads);
        }
    }
    Ok(reads)
}

fn of_token(tokens: &Erc20, chain: &str, (name, token): (&str, Address), gauges: &Gauges, reads: &mut Vec<Read>) {
    let read = |call: String, selector: [u8; 4], argument: Vec<u8>, returns: usize, takes| Read {
        contract: name.to_owned(),
        name: call,
        call: Call { to: token, data: Bytes::from([&selector[..], &argument].concat()) },
        returns: vec![DynSolType::Uint(returns)],
        takes,
    };
    let decimals = match tokens.decimals {
        Some(decimals) => Decimals::Known(decimals),
        None => {
            reads.push(read("decimals".to_owned(), DECIMALS, Vec::new(), 8, Vec::new()));
            Decimals::Answered(reads.len() - 1)
        }
    };
    let take = |gauge, labels: &[&str]| {
        let labels = [&[chain, name], labels].concat().into_iter().map(str::to_owned).collect();
        vec![Take { place: Place::only(), form: Form::Number(decimals), gauge, labels }]
    };
    for (holder, address) in tokens.holders.iter() {
        let argument = DynSolValue::Address(address).abi_encode();
        let takes = take(gauges.balance, &[holder]);
        reads.push(read(format!("balanceOf({holder})"), BALANCE_OF, argument, 256, takes));
    }
    if tokens.supply {
        reads.push(read("totalSupply".to_owned(), TOTAL_SUPPLY, Vec::new(), 256, take(gauges.supply, &[])));
    }
}
