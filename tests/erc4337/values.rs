//! Each metric of `erc4337` against the chain's own words, for each version of the EntryPoint.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    ANYBODY, DEPTH, ETHER, close, deployment, job, label,
    receipts::{self, Told},
    settled,
};
use crate::support::{
    Anvil, Exposition, Watchkeeper,
    contracts::{self, EntryPoint, cast_call, cast_send},
    user_operations::{MAX_FEE, Operation, Paymaster, Stage, first_word},
};

const PAGE: &str = include_str!("../../docs/plugins/erc4337.md");
const TRACED: &str = "[grants.chain.dev]\nmethods = [\"eth_*\", \"debug_traceTransaction\"]\n";

#[test]
fn each_number_is_what_the_chain_says_with_entry_point_0_6() {
    compare(EntryPoint::V06, true);
}

#[test]
fn each_number_is_what_the_chain_says_with_entry_point_0_7_without_traces() {
    compare(EntryPoint::V07, false);
}

#[test]
fn each_number_is_what_the_chain_says_with_entry_point_0_8() {
    compare(EntryPoint::V08, true);
}

/// Who is on the stage.
struct Cast {
    ours: Paymaster,
    poor: Paymaster,
    stranger: Paymaster,
    fussy: Paymaster,
    reverter: String,
}

fn compare(version: EntryPoint, traced: bool) {
    let anvil = Anvil::start(&[]);
    let stage = Stage::set(&anvil, version);
    let cast = Cast {
        ours: stage.paymaster(),
        poor: stage.paymaster(),
        stranger: stage.paymaster(),
        fussy: stage.fussy_paymaster(),
        reverter: contracts::deploy(&anvil, "Reverter", ""),
    };
    let named = [("ours", &cast.ours), ("poor", &cast.poor)];
    let further = format!("max_refused_blocks_per_run = 1000\n[config.factories]\nsimple = \"{}\"\n", stage.factory);
    let text = job(&named, &further);
    let text = if traced {
        text.replace("chain = [\"dev\"]\nstate = true\n", &format!("state = true\n{TRACED}"))
    } else {
        text
    };
    let folder = deployment(anvil.url(), &text);
    let watchkeeper = Watchkeeper::start(&folder);

    play(&anvil, &stage, &cast);
    let scrape = settled(&watchkeeper, &anvil);
    let mut compared = Compared { scrape, version, names: BTreeSet::new() };
    compare_operations(&mut compared, &anvil, &cast);
    compare_deposits(&mut compared, &anvil, &cast);
    compare_progress(&mut compared, &anvil);
    compare_refused(&mut compared);

    // The stake is unlocked, and part of the deposit taken out.
    cast_send(&anvil, &cast.ours.address, "unlockStake()", &[]);
    cast_send(&anvil, &cast.ours.address, "withdrawTo(address,uint256)", &[ANYBODY, "250000000000000000"]);
    compared.scrape = settled(&watchkeeper, &anvil);
    let info = deposit_info(&anvil, version, &cast.ours);
    assert!(info[4] > 0.0 && info[1] == 0.0, "{info:?}");
    compared.is("paymaster_stake_unlock_timestamp_seconds", &[("paymaster", "ours")], info[4]);
    compared.is("paymaster_staked", &[("paymaster", "ours")], 0.0);
    compared.is("erc4337_withdrawn_native_total", &[("paymaster", "ours")], 0.25);
    compare_deposits(&mut compared, &anvil, &cast);

    let starts = ["| `erc4337_", "| `paymaster_"];
    let promised = PAGE.lines().filter(|line| starts.iter().any(|start| line.starts_with(start)));
    let promised: BTreeSet<String> = promised.map(|line| line.split('`').nth(1).unwrap().to_owned()).collect();
    let elsewhere = ["paymaster_burn_native_per_second", "paymaster_runway_seconds"].map(str::to_owned);
    let compared: BTreeSet<String> = compared.names.into_iter().chain(elsewhere).collect();
    assert_eq!(compared, promised, "each metric of the page is compared, here or in `windows`");
}

/// Operations that come to everything that they can.
fn play(anvil: &Anvil, stage: &Stage<'_>, cast: &Cast) {
    let done = |operations: &[Operation]| {
        let receipt = stage.send(operations);
        assert_eq!(receipt["status"], "0x1", "{receipt}");
    };
    let calm = |salt, paymaster| stage.operation(salt, ANYBODY, "0x", paymaster);
    stage.deposit(&cast.ours, ETHER);
    stage.deposit(&cast.stranger, ETHER);
    stage.stake(&cast.ours, ETHER / 2, 86_400);
    done(&[calm(1, Some(&cast.ours))]);
    done(&[calm(1, Some(&cast.ours)), calm(2, None)]);
    done(&[calm(2, Some(&cast.stranger))]);
    for way in ["withText()", "withPanic()", "withCustom()", "withNothing()"] {
        let data = contracts::cast(&["sig", way]);
        done(&[stage.operation(1, &cast.reverter, &data, Some(&cast.ours))]);
    }
    if stage.version != EntryPoint::V06 {
        stage.deposit(&cast.fussy, ETHER);
        done(&[calm(1, Some(&cast.fussy))]);
        done(&[too_low(stage)]);
    }
    // Its paymaster has no deposit: the whole bundle fails, the good operation too.
    let refused = stage.send(&[calm(2, None), calm(1, Some(&cast.poor))]);
    assert_eq!(refused["status"], "0x0", "{refused}");
    // No operation's fault: what is collected can't go to the address zero.
    let signature = format!("handleOps({}[],address)", stage.operation_type());
    let data = contracts::cast(&["calldata", &signature, "[]", "0x0000000000000000000000000000000000000000"]);
    let receipt = contracts::transact(anvil, &json!({"to": stage.version.address(), "data": data, "gas": "0x989680"}));
    assert_eq!(receipt["status"], "0x0", "{receipt}");
}

/// An operation of an account that is there, which costs more than its limits set aside: its limits cover its validation just so,
/// and leave nothing for what comes after.
fn too_low(stage: &Stage<'_>) -> Operation {
    let mut operation = stage.operation(2, ANYBODY, "0x", None);
    (operation.call_gas, operation.pre_verification_gas, operation.priority_fee) = (0, 0, MAX_FEE);
    let (mut little, mut enough) = (0, 200_000);
    while enough - little > 500 {
        operation.verification_gas = (little + enough) / 2;
        if stage.takes(&operation) {
            enough = operation.verification_gas;
        } else {
            little = operation.verification_gas;
        }
    }
    operation.verification_gas = enough;
    operation
}

fn compare_operations(compared: &mut Compared, anvil: &Anvil, cast: &Cast) {
    let version = compared.version;
    let last = anvil.quantity("eth_blockNumber", json!([])) - DEPTH;
    let told = receipts::operations(anvil, version, last);
    let old = version == EntryPoint::V06;
    let payers = [
        ("ours", vec![cast.ours.address.clone()]),
        ("poor", vec![cast.poor.address.clone()]),
        ("none", vec!["0x0000000000000000000000000000000000000000".to_owned()]),
        ("other", vec![cast.stranger.address.clone(), cast.fussy.address.clone()]),
    ];
    for (payer, addresses) in payers {
        let mine: Vec<&Told> = told.iter().filter(|told| addresses.contains(&told.paymaster)).collect();
        let cost: u128 = mine.iter().map(|told| told.cost).sum();
        let gas: u128 = mine.iter().map(|told| told.gas).sum();
        compared.is("erc4337_operation_cost_native_total", &[("paymaster", payer)], cost as f64 / 1e18);
        compared.is("erc4337_operation_gas_total", &[("paymaster", payer)], gas as f64);
        let failed = mine.iter().filter(|told| !told.success).count() as f64;
        let outcomes = match payer {
            "ours" => [2.0, 4.0, 0.0, 0.0],
            "none" => [1.0, 0.0, 0.0, if old { 0.0 } else { 1.0 }],
            "other" => [1.0, 0.0, if old { 0.0 } else { 1.0 }, 0.0],
            _ => [0.0; 4],
        };
        assert_eq!(outcomes.iter().sum::<f64>(), mine.len() as f64, "{payer} {mine:?}");
        assert_eq!(outcomes[1..].iter().sum::<f64>(), failed, "{payer} {mine:?}");
        for (outcome, count) in ["success", "reverted", "postop_reverted", "prefund_too_low"].into_iter().zip(outcomes)
        {
            compared.is("erc4337_operations_total", &[("paymaster", payer), ("outcome", outcome)], count);
        }
    }
    for class in ["error", "panic", "custom", "empty"] {
        compared.is("erc4337_operation_reverts_total", &[("paymaster", "ours"), ("class", class)], 1.0);
    }
    if !old {
        compared.is("erc4337_operation_reverts_total", &[("paymaster", "other"), ("class", "error")], 1.0);
    }
    compared.is("erc4337_bundles_total", &[], receipts::bundles(anvil, version, last) as f64);
    compared.is("erc4337_accounts_deployed_total", &[("factory", "simple")], 2.0);
    compared.is("erc4337_accounts_deployed_total", &[("factory", "other")], 0.0);
    compared.is("erc4337_deposits_total", &[("paymaster", "ours")], 1.0);
}

fn compare_deposits(compared: &mut Compared, anvil: &Anvil, cast: &Cast) {
    let version = compared.version;
    for (name, paymaster) in [("ours", &cast.ours), ("poor", &cast.poor)] {
        let balance = cast_call(anvil, version.address(), "balanceOf(address)(uint256)", &[&paymaster.address]);
        let balance: f64 = first_word(&balance).parse().unwrap();
        compared.is("paymaster_deposit_native", &[("paymaster", name)], balance / 1e18);
        let [_, staked, stake, delay, _] = deposit_info(anvil, version, paymaster);
        compared.is("paymaster_stake_native", &[("paymaster", name)], stake / 1e18);
        compared.is("paymaster_staked", &[("paymaster", name)], staked);
        if stake > 0.0 {
            compared.is("paymaster_stake_unlock_delay_seconds", &[("paymaster", name)], delay);
        }
    }
    compared.is("erc4337_entry_point_info", &[("address", version.address())], 1.0);
    for other in EntryPoint::ALL.into_iter().filter(|other| *other != version) {
        let absent = [("entry_point_version", label(other))];
        assert!(compared.scrape.all("paymaster_deposit_native", &absent).is_empty(), "{other:?} isn't there");
    }
}

fn compare_progress(compared: &mut Compared, anvil: &Anvil) {
    let last = anvil.quantity("eth_blockNumber", json!([])) - DEPTH;
    let block = anvil.rpc("eth_getBlockByNumber", json!([format!("{last:#x}"), false]));
    let time = crate::support::quantity(&block["timestamp"]) as f64;
    compared.chain("erc4337_first_counted_block_number", 0.0);
    compared.chain("erc4337_last_counted_block_number", last as f64);
    compared.chain("erc4337_uncounted_blocks", 0.0);
    compared.chain("erc4337_reorganisations_total", 0.0);
    compared.chain("paymaster_windows_end_timestamp_seconds", time);
    compared.chain("paymaster_windows_uncounted_blocks", 0.0);
    compared.chain("erc4337_refused_uncounted_blocks", 0.0);
}

fn compare_refused(compared: &mut Compared) {
    compared.is("erc4337_refused_bundles_total", &[("paymaster", "poor"), ("class", "AA31")], 1.0);
    compared.is("erc4337_refused_bundles_total", &[("paymaster", "unknown"), ("class", "AA90")], 1.0);
    let version = [("entry_point_version", label(compared.version))];
    let all = compared.scrape.all("erc4337_refused_bundles_total", &version);
    assert_eq!(all.iter().map(|sample| sample.value).sum::<f64>(), 2.0, "{all:?}");
}

/// What `cast` says of a deposit: amount, staked, stake, delay, time of withdrawal.
fn deposit_info(anvil: &Anvil, version: EntryPoint, paymaster: &Paymaster) -> [f64; 5] {
    let signature = "getDepositInfo(address)((uint256,bool,uint112,uint32,uint48))";
    let told = cast_call(anvil, version.address(), signature, &[&paymaster.address]);
    let fields: Vec<f64> = told
        .trim_matches(['(', ')'])
        .split(", ")
        .map(|field| match first_word(field).as_str() {
            "true" => 1.0,
            "false" => 0.0,
            number => number.parse().unwrap(),
        })
        .collect();
    fields.try_into().unwrap()
}

/// One scrape, and the names of the metrics that were compared.
struct Compared {
    scrape: Exposition,
    version: EntryPoint,
    names: BTreeSet<String>,
}

impl Compared {
    /// A series of the version.
    #[track_caller]
    fn is(&mut self, name: &str, labels: &[(&str, &str)], wanted: f64) {
        let found = super::value(&self.scrape, self.version, name, labels);
        assert!(found.is_some_and(|found| close(found, wanted)), "{name} {labels:?}: {found:?}, not {wanted}");
        self.names.insert(name.to_owned());
    }

    /// A series of the chain.
    #[track_caller]
    fn chain(&mut self, name: &str, wanted: f64) {
        assert_eq!(self.scrape.value(name, &[("chain", "dev"), ("job_name", "ops")]), Some(wanted), "{name}");
        self.names.insert(name.to_owned());
    }
}
