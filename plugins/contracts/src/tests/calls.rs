//! What a contract returns is what its metrics say; what it doesn't is visible, and never zero.

use alloy_dyn_abi::DynSolValue;
use watchkeeper_sdk::{
    log::Level,
    prelude::*,
    serde_json::{Value, json},
};

use super::{
    absent,
    fake::{Fake, NOBODY, POOL, TOKEN, reverted, uint},
    lines, value,
};

/// Selectors of `getReserves()` and `paused()`.
const GET_RESERVES: &str = "0x0902f1ac";
const PAUSED: &str = "0x5c975abb";

fn reserves(contracts: Value) -> Value {
    json!({
        "chain": "dev",
        "calls": [{
            "contracts": contracts,
            "function": "getReserves() returns (uint112 r0, uint112 r1, uint32)",
            "outputs": [
                { "output": "r0", "metric": "pool_reserve", "decimals": 18, "labels": { "token": "A" } },
                { "output": "r1", "metric": "pool_reserve", "decimals": 18, "labels": { "token": "B" } },
                { "output": 2, "metric": "pool_updated_timestamp_seconds", "unit": "seconds" },
            ],
        }],
    })
}

fn reserves_answer() -> [DynSolValue; 3] {
    [uint(1_500_000_000_000_000_000, 112), uint(7, 112), uint(1_700_000_001, 32)]
}

#[test]
fn outputs_become_metrics_by_name_and_by_place() {
    let fake = Fake::new(100);
    fake.returns(POOL, GET_RESERVES, &reserves_answer());
    let run = fake.run(reserves(json!({ "main": POOL })));
    assert_eq!(run.outcome, Ok("block 100, calls: 1, failed: 0, events counted: 0".into()));
    assert_eq!(value(&run, "pool_reserve", &["dev", "main", "A"]), 1.5);
    assert_eq!(value(&run, "pool_reserve", &["dev", "main", "B"]), 7e-18);
    assert_eq!(value(&run, "pool_updated_timestamp_seconds", &["dev", "main"]), 1_700_000_001.0);
    assert_eq!(value(&run, "contracts_call_up", &["dev", "main", "getReserves"]), 1.0);
    assert_eq!(value(&run, "contracts_call_failures_total", &["dev", "main", "getReserves"]), 0.0);
    assert_eq!(value(&run, "contracts_block_number", &["dev"]), 100.0);
    assert_eq!(value(&run, "contracts_block_timestamp_seconds", &["dev"]), 1_700_000_100.0);
    assert_eq!(run.logs, []);
}

#[test]
fn a_call_that_fails_is_told_with_its_reason_and_costs_only_itself() {
    let short = [uint(1, 112), uint(7, 112)];
    for (reason, at, prepare) in [
        ("reverted", POOL, Box::new(|fake: &Fake| fake.answers(POOL, GET_RESERVES, reverted())) as Box<dyn Fn(&Fake)>),
        ("empty", POOL, Box::new(|fake| fake.answers(POOL, GET_RESERVES, Ok(json!("0x"))))),
        ("malformed", POOL, Box::new(move |fake| fake.returns(POOL, GET_RESERVES, &short))),
        ("no_code", NOBODY, Box::new(|_| {})),
    ] {
        let fake = Fake::new(100);
        fake.returns(TOKEN, GET_RESERVES, &reserves_answer());
        prepare(&fake);
        let run = fake.run(reserves(json!({ "bad": at, "good": TOKEN })));
        assert_eq!(run.outcome, Ok("block 100, calls: 2, failed: 1, events counted: 0".into()));
        assert_eq!(value(&run, "contracts_call_up", &["dev", "bad", "getReserves"]), 0.0, "{reason}");
        assert_eq!(value(&run, "contracts_call_failures_total", &["dev", "bad", "getReserves"]), 1.0);
        assert_eq!(value(&run, "contracts_call_failure", &["dev", "bad", "getReserves", reason]), 1.0);
        absent(&run, "pool_reserve", &["dev", "bad", "A"]);
        absent(&run, "pool_updated_timestamp_seconds", &["dev", "bad"]);
        assert_eq!(value(&run, "pool_reserve", &["dev", "good", "A"]), 1.5);
        assert_eq!(value(&run, "contracts_call_up", &["dev", "good", "getReserves"]), 1.0);
        assert_eq!(lines(&run, Level::Warn), 1, "{reason}");
    }
}

#[test]
fn arguments_are_encoded_as_the_abi_has_it() {
    let fake = Fake::new(100);
    let data = format!("0x70a08231{:0>64}", &POOL[2..]);
    fake.returns(TOKEN, &data, &[uint(5, 256)]);
    let run = fake.run(json!({
        "chain": "dev",
        "calls": [{
            "name": "shares",
            "contracts": { "vault": TOKEN },
            "function": "balanceOf(address) returns (uint256)",
            "arguments": [POOL],
            "outputs": [{ "output": 0, "metric": "vault_shares" }],
        }],
    }));
    assert_eq!(value(&run, "vault_shares", &["dev", "vault"]), 5.0);
    assert_eq!(value(&run, "contracts_call_up", &["dev", "vault", "shares"]), 1.0);
}

#[test]
fn a_signature_that_cannot_be_read_is_a_wrong_config_that_names_its_key() {
    let mut config = reserves(json!({ "main": POOL }));
    config["calls"][0]["function"] = json!("getReserves(");
    let outcome = Fake::new(100).run(config).outcome;
    assert!(
        matches!(&outcome, Err(Error::InvalidConfig(why)) if why.starts_with("key `calls[0].function`: ")),
        "{outcome:?}"
    );
}

#[test]
fn truths_numbers_below_zero_lengths_and_texts_have_their_forms() {
    let fake = Fake::new(100);
    fake.returns(
        POOL,
        PAUSED,
        &[
            DynSolValue::Bool(true),
            DynSolValue::Int((-1_500_000).try_into().unwrap(), 64),
            DynSolValue::Array(vec![DynSolValue::Address(Address::ZERO); 3]),
            DynSolValue::String("v1\u{1b}[31m".into()),
        ],
    );
    let run = fake.run(json!({
        "chain": "dev",
        "calls": [{
            "contracts": { "pool": POOL },
            "function": "paused() returns (bool, int64 drift, address[] owners, string version)",
            "outputs": [
                { "output": 0, "metric": "pool_paused" },
                { "output": "drift", "metric": "pool_drift", "decimals": 6 },
                { "output": "owners.length", "metric": "pool_owners" },
                { "output": "owners.2", "metric": "pool_owner_info" },
                { "output": "version", "metric": "pool_version_info", "labels": { "kind": "amm" } },
            ],
        }],
    }));
    assert_eq!(value(&run, "pool_paused", &["dev", "pool"]), 1.0);
    assert_eq!(value(&run, "pool_drift", &["dev", "pool"]), -1.5);
    assert_eq!(value(&run, "pool_owners", &["dev", "pool"]), 3.0);
    assert_eq!(value(&run, "pool_owner_info", &["dev", "pool", &Address::ZERO.to_string()]), 1.0);
    assert_eq!(value(&run, "pool_version_info", &["dev", "pool", "amm", "v1[31m"]), 1.0);
}

#[test]
fn an_element_that_an_array_lacks_is_a_failure_of_the_call() {
    let fake = Fake::new(100);
    fake.returns(POOL, PAUSED, &[DynSolValue::Array(vec![uint(1, 256)])]);
    let run = fake.run(json!({
        "chain": "dev",
        "calls": [{
            "contracts": { "pool": POOL },
            "function": "paused() returns (uint256[] prices)",
            "outputs": [{ "output": "prices.0", "metric": "first" }, { "output": "prices.1", "metric": "second" }],
        }],
    }));
    assert_eq!(value(&run, "contracts_call_failure", &["dev", "pool", "paused", "malformed"]), 1.0);
    absent(&run, "first", &["dev", "pool"]);
}

#[test]
fn more_calls_than_the_host_takes_at_once_still_come_from_one_block() {
    let fake = Fake::new(100);
    fake.returns(POOL, PAUSED, &[uint(1, 256)]);
    let entry = |from: usize| {
        let contracts: std::collections::BTreeMap<String, String> =
            (from..from + 700).map(|number| (format!("c{number}"), format!("0x{number:040x}"))).collect();
        json!({
            "contracts": contracts, "function": "paused() returns (uint256)",
            "outputs": [{ "output": 0, "metric": "paused" }],
        })
    };
    let run = fake.run(json!({ "chain": "dev", "block": "safe", "calls": [entry(1), entry(1_001)] }));
    assert_eq!(run.outcome, Ok("block 96, calls: 1400, failed: 1400, events counted: 0".into()));
    assert!(fake.asked("eth_call").iter().all(|params| params[1] == "0x60"));
    assert!(fake.asked("eth_getCode").iter().all(|params| params[1]["blockHash"].is_string()));
    assert_eq!(lines(&run, Level::Warn), 21, "each of the first, then how many more");
}

#[test]
fn where_the_chain_does_not_answer_the_run_fails_with_the_reads_own_kind() {
    let fake = Fake::new(100);
    fake.answers(POOL, GET_RESERVES, Err(chain::Error::Unavailable("nobody answers".into())));
    let run = fake.run(reserves(json!({ "main": POOL })));
    assert_eq!(run.outcome, Err(Error::Unavailable("nobody answers".into())));
    fake.answers(POOL, GET_RESERVES, Err(chain::Error::Denied("no grant".into())));
    assert_eq!(fake.run(reserves(json!({ "main": POOL }))).outcome, Err(Error::Denied("no grant".into())));
}
