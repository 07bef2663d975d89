//! Caps over windows, and clocks: a window opens by itself when both the chain's time and the host's have passed over its edge,
//! and not when one of them says so.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::support::{Ask, House, ONE, Runs, Stage, coins, payer, transfer_rule};
use crate::support::Watchkeeper;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// Where payments go.
const FRIEND: &str = "0x00000000000000000000000000000000000e0001";

#[test]
fn a_window_opens_when_both_clocks_have_passed_its_edge() {
    // The chain lives in the past, so that its time can pass while the host's stands.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let began = (now - 9 * DAY).to_string();
    let caps = json!({"max_payment": coins(2 * ONE), "max_24h": coins(3 * ONE), "max_7d": coins(5 * ONE), "max_lifetime": coins(9 * ONE)});
    let house = Stage::new().policy(caps).anvil(&["--timestamp", &began]).build();
    let watchkeeper = house.start();
    let pays = |key: &str| pays(&house, &watchkeeper, key);
    let passes = |seconds: u64| {
        house.anvil.rpc("evm_increaseTime", json!([seconds]));
        house.anvil.mine(1);
    };

    assert_eq!(pays("first"), "paid");
    assert_eq!(pays("second"), "the account's cap for 24h leaves 1 USDC of 3 USDC");
    passes(DAY - 5 * 60);
    assert_eq!(pays("second"), "the account's cap for 24h leaves 1 USDC of 3 USDC");
    passes(10 * 60);
    assert_eq!(pays("second"), "paid");
    passes(DAY + 60);
    assert_eq!(pays("third"), "the account's cap for 7d leaves 1 USDC of 5 USDC");
    passes(4 * DAY);
    assert_eq!(pays("third"), "the account's cap for 7d leaves 1 USDC of 5 USDC");
    passes(DAY);
    assert_eq!(pays("third"), "paid");

    // The chain's clock steps ahead of the host's: from here on the host's holds.
    passes(30 * DAY);
    assert_eq!(pays("fourth"), "paid");
    assert_eq!(pays("fifth"), "the account's cap for 24h leaves 1 USDC of 3 USDC");
    passes(30 * DAY);
    assert_eq!(pays("fifth"), "the account's cap for 24h leaves 1 USDC of 3 USDC");
    assert_eq!(house.sent().len(), 4);
    assert_eq!(house.wire().len(), 4);
}

#[test]
fn nothing_opens_the_window_of_a_lifetime() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let began = (now - 300 * DAY).to_string();
    let caps = json!({"max_payment": coins(2 * ONE), "max_24h": coins(3 * ONE), "max_lifetime": coins(3 * ONE)});
    let house = Stage::new().policy(caps).anvil(&["--timestamp", &began]).build();
    let mut watchkeeper = house.start();
    assert_eq!(pays(&house, &watchkeeper, "first"), "paid");
    house.anvil.rpc("evm_increaseTime", json!([200 * DAY]));
    house.anvil.mine(1);
    assert_eq!(pays(&house, &watchkeeper, "second"), "the account's cap for lifetime leaves 1 USDC of 3 USDC");
    assert_eq!(watchkeeper.end(), Some(0));
    let watchkeeper = house.start();
    assert_eq!(pays(&house, &watchkeeper, "second"), "the account's cap for lifetime leaves 1 USDC of 3 USDC");
    assert_eq!(house.sent().len(), 1);
}

/// Asks for 2, and has it settled. Returns `paid`, or which cap said no.
#[track_caller]
fn pays(house: &House, watchkeeper: &Watchkeeper, key: &str) -> String {
    let ask = Ask::pay(key, FRIEND, 2 * ONE);
    house.job("pays", &payer(json!({}), &[ask], json!({"dry_run": false, "allow": [transfer_rule(FRIEND)]})));
    let reloaded = watchkeeper.act("/-/reload", &[]);
    assert_eq!(reloaded.status, 200, "{}", reloaded.text());
    let ran = watchkeeper.ran(house, "pays");
    house.settle(watchkeeper);
    let (outcome, text) = ran.only();
    if outcome != "over_budget" {
        return outcome.to_owned();
    }
    let line = text.split(" hint: ").next().unwrap_or_default();
    line.strip_prefix("account funder: ").unwrap_or(line).to_owned()
}
