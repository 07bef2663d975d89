//! Deposits of several paymasters at several EntryPoints, read together: with Multicall3 on the chain and without it.

use super::{ETHER, deployment, job, settled, value};
use crate::support::{
    Anvil, Watchkeeper,
    contracts::{self, EntryPoint, cast_call},
    user_operations::{Paymaster, Stage, first_word},
};

#[test]
fn deposits_are_what_cast_says_with_multicall3() {
    compare(true);
}

#[test]
fn deposits_are_what_cast_says_without_multicall3() {
    compare(false);
}

fn compare(multicall3: bool) {
    let anvil = Anvil::start(&[]);
    if multicall3 {
        contracts::install_multicall3(&anvil);
    }
    let stages = EntryPoint::ALL.map(|version| Stage::set(&anvil, version));
    let paymasters: Vec<(String, Paymaster)> =
        stages.iter().map(|stage| (format!("of-{:?}", stage.version), stage.paymaster())).collect();
    // Each paymaster has a deposit of its own at each version.
    for (amount, (stage, (_, paymaster))) in
        stages.iter().flat_map(|stage| paymasters.iter().map(move |paymaster| (stage, paymaster))).enumerate()
    {
        stage.deposit(paymaster, ETHER / 1_000 * (amount as u128 + 1));
    }
    let named: Vec<(&str, &Paymaster)> =
        paymasters.iter().map(|(name, paymaster)| (name.as_str(), paymaster)).collect();
    let folder = deployment(anvil.url(), &job(&named, ""));
    let watchkeeper = Watchkeeper::start(&folder);
    let scrape = settled(&watchkeeper, &anvil);
    let mut seen = Vec::new();
    for version in EntryPoint::ALL {
        for (name, paymaster) in &paymasters {
            let balance = cast_call(&anvil, version.address(), "balanceOf(address)(uint256)", &[&paymaster.address]);
            let wanted = first_word(&balance).parse::<f64>().unwrap() / 1e18;
            assert_eq!(value(&scrape, version, "paymaster_deposit_native", &[("paymaster", name)]), Some(wanted));
            seen.push(wanted);
        }
    }
    assert!(seen.is_sorted_by(|one, next| one < next), "no two are the same: {seen:?}");
}
