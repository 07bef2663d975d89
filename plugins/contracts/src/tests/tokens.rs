//! ERC-20 and native balances, each from the same block as the calls.

use alloy_dyn_abi::DynSolValue;
use watchkeeper_sdk::{
    prelude::*,
    serde_json::{Value, json},
};

use super::{
    absent,
    fake::{Fake, HOLDER, NOBODY, TOKEN, reverted, uint},
    value,
};

/// Selectors of `balanceOf(address)`, `totalSupply()` and `decimals()`.
const BALANCE_OF: &str = "0x70a08231";
const TOTAL_SUPPLY: &str = "0x18160ddd";
const DECIMALS: &str = "0x313ce567";

fn token(decimals: Value) -> Value {
    let mut entry = json!({ "tokens": { "usd": TOKEN }, "holders": { "treasury": HOLDER }, "supply": true });
    if !decimals.is_null() {
        entry["decimals"] = decimals;
    }
    json!({ "chain": "dev", "erc20": [entry] })
}

fn fake() -> Fake {
    let fake = Fake::new(100);
    fake.returns(TOKEN, &format!("{BALANCE_OF}{:0>64}", &HOLDER[2..]), &[uint(2_500_000, 256)]);
    fake.returns(TOKEN, TOTAL_SUPPLY, &[DynSolValue::Uint(U256::MAX, 256)]);
    fake.returns(TOKEN, DECIMALS, &[uint(6, 8)]);
    fake
}

#[test]
fn decimals_are_the_tokens_own_unless_given() {
    let run = fake().run(token(Value::Null));
    assert_eq!(value(&run, "contracts_token_balance", &["dev", "usd", "treasury"]), 2.5);
    assert_eq!(value(&run, "contracts_token_supply", &["dev", "usd"]), 1.157_920_892_373_162e71);
    for call in ["decimals", "balanceOf(treasury)", "totalSupply"] {
        assert_eq!(value(&run, "contracts_call_up", &["dev", "usd", call]), 1.0, "{call}");
    }

    let run = fake().run(token(json!(3)));
    assert_eq!(value(&run, "contracts_token_balance", &["dev", "usd", "treasury"]), 2_500.0);
    absent(&run, "contracts_call_up", &["dev", "usd", "decimals"]);
}

#[test]
fn a_token_that_does_not_tell_its_decimals_has_no_balances() {
    for answer in [reverted(), Ok(json!("0x")), Ok(json!(format!("0x{:064x}", 256)))] {
        let fake = fake();
        fake.answers(TOKEN, DECIMALS, answer);
        let run = fake.run(token(Value::Null));
        assert_eq!(value(&run, "contracts_call_up", &["dev", "usd", "decimals"]), 0.0);
        assert_eq!(value(&run, "contracts_call_up", &["dev", "usd", "balanceOf(treasury)"]), 1.0);
        absent(&run, "contracts_token_balance", &["dev", "usd", "treasury"]);
        absent(&run, "contracts_token_supply", &["dev", "usd"]);
    }
}

#[test]
fn native_balances_are_those_of_the_block_that_the_calls_are_from() {
    let fake = fake();
    fake.balance(HOLDER, json!("0xde0b6b3a7640001"));
    let mut config = token(Value::Null);
    config["balances"] = json!({ "accounts": { "sequencer": HOLDER }, "decimals": 18 });
    let run = fake.run(config);
    assert_eq!(value(&run, "contracts_native_balance", &["dev", "sequencer"]), 1.000_000_000_000_000_001);
    let (block, balance) = (fake.asked("eth_getBlockByNumber"), fake.asked("eth_getBalance"));
    assert_eq!((block.len(), balance.len()), (1, 1));
    assert!(balance[0][1]["blockHash"].is_string());
}

#[test]
fn a_balance_that_cannot_be_read_is_no_zero() {
    for answer in [Value::Null, json!("0x"), json!("0"), json!("0xg"), json!("0x-1"), json!(0)] {
        let fake = Fake::new(100);
        fake.balance(NOBODY, answer.clone());
        let run = fake.run(json!({ "chain": "dev", "balances": { "accounts": [NOBODY], "decimals": 18 } }));
        assert!(matches!(run.outcome, Err(Error::Failed(_))), "{answer}: {run:?}");
    }
}
