//! The readers of these tests, held against a client that isn't ours: a reader that sees nothing proves nothing.

use alloy_primitives::U256;
use serde_json::json;

use super::{
    ANYBODY,
    support::{Deposited, House, ONE, deposited, total_deposit},
};
use crate::support::{
    Fault, Sending, Watchkeeper,
    contracts::{self, cast},
    quantity, send, wire,
};

/// Signs with the account's key, as the program would; returns the bytes.
fn signed(house: &House, value: &str, nonce: &str) -> String {
    let fixed = ["--gas-limit", "21000", "--gas-price", "3gwei", "--priority-gas-price", "1gwei", "--chain", "31337"];
    let given = ["mktx", ANYBODY, "--value", value, "--nonce", nonce, "--private-key", House::KEY];
    cast(&[&given[..], &fixed, &["--rpc-url", house.anvil.url()]].concat())
}

/// What the endpoint answers to a signed transaction.
fn sends(house: &House, raw: &str) -> serde_json::Value {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]});
    let headers = [("content-type", "application/json")];
    send("POST", &house.node().url(), &headers, request.to_string().as_bytes()).expect("an answer").json()
}

#[test]
fn what_is_signed_and_sent_is_seen_on_the_wire_and_on_the_chain() {
    let house = House::new();
    let raw = signed(&house, "7", "0");
    let answer = sends(&house, &raw);
    let [on_wire] = &house.wire()[..] else { panic!("{:?}", house.wire()) };
    assert_eq!(answer["result"], json!(on_wire.hash));
    assert_eq!((on_wire.to.as_str(), on_wire.nonce, on_wire.value), (ANYBODY, 0, U256::from(7)));
    assert_eq!((on_wire.most_fee, on_wire.data.len()), (U256::from(21_000 * 3_000_000_000_u64), 0));
    assert_eq!(house.sent(), [], "no block has it");
    house.mine_what_waits();
    let [sent] = &house.sent()[..] else { panic!("{:?}", house.sent()) };
    assert_eq!((&sent.hash, sent.to.as_str(), sent.value, sent.success), (&on_wire.hash, ANYBODY, 7, true));
    let receipt = house.anvil.rpc("eth_getTransactionReceipt", json!([sent.hash]));
    assert_eq!(sent.block, quantity(&receipt["blockNumber"]));
    let spent = wire::number(&house.anvil.rpc("eth_getBalance", json!([House::ACCOUNT, "latest"])));
    assert_eq!(spent.to::<u128>(), super::support::TREASURE - 7 - sent.fee);
}

#[test]
fn a_node_deals_with_transactions_as_it_is_told() {
    let house = House::new();
    for (nonce, how, answers, arrives) in [
        (0, Sending::TakesAndFails, "error", true),
        (1, Sending::Twice, "error", true),
        (2, Sending::Late(std::time::Duration::from_millis(50)), "result", true),
        (3, Sending::Forgets, "result", false),
        (3, Sending::Refuses("nonce too low"), "error", false),
        (3, Sending::Echoes, "error", false),
    ] {
        house.node().set(Fault::Sending(how));
        let before = house.sent().len();
        let raw = signed(&house, &(100 + nonce).to_string(), &nonce.to_string());
        let answer = sends(&house, &raw);
        assert!(answer[answers].is_string() || answer[answers].is_object(), "{how:?}: {answer}");
        assert!(answers == "error" || answer["result"] == json!(wire::hash(&raw)), "{how:?}: {answer}");
        house.anvil.mine(1);
        assert_eq!(house.sent().len() - before, usize::from(arrives), "{how:?}");
        assert!(house.node().signed().contains(&raw), "{how:?}: it is kept all the same");
    }
}

#[test]
fn a_node_that_is_behind_shows_the_chain_as_it_was() {
    let house = House::new();
    house.endow(house.entry_point, &house.paymaster, ONE);
    house.anvil.mine(3);
    house.node().set(Fault::Behind(4));
    let ask = |method: &str, params: serde_json::Value| {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let headers = [("content-type", "application/json")];
        send("POST", &house.node().url(), &headers, request.to_string().as_bytes()).expect("an answer").json()
    };
    assert_eq!(quantity(&ask("eth_blockNumber", json!([]))["result"]), house.head() - 4);
    let block = ask("eth_getBlockByNumber", json!(["latest", false]));
    assert_eq!(quantity(&block["result"]["number"]), house.head() - 4);
    let data = format!("0x70a08231{}", super::support::word(&house.paymaster));
    let then = ask("eth_call", json!([{"to": house.entry_point, "data": data}, "latest"]));
    assert_eq!(wire::number(&then["result"]), U256::ZERO, "before the deposit");
    assert_eq!(total_deposit(&house.anvil, house.entry_point, &house.paymaster), ONE);
}

#[test]
fn deposits_are_read_at_every_version() {
    let house = House::new();
    for (version, entry_point) in house.all_entry_points() {
        let paymaster = house.paymaster_of(entry_point);
        house.endow(entry_point, &paymaster, 5);
        house.endow(entry_point, &paymaster, 6);
        let found = deposited(&house.anvil, entry_point, &paymaster);
        let totals: Vec<u128> = found.iter().map(|Deposited { total, .. }| *total).collect();
        assert_eq!(totals, [5, 11], "{version}");
        let told = contracts::cast_call(&house.anvil, entry_point, "balanceOf(address)(uint256)", &[&paymaster]);
        assert_eq!(told, "11", "{version}");
        house.drain(&paymaster, 4);
        house.anvil.mine(1);
        assert_eq!(total_deposit(&house.anvil, entry_point, &paymaster), 7, "{version}");
    }
}

#[test]
fn another_program_can_use_the_accounts_key() {
    let house = House::new();
    let hash = house.foreign(ANYBODY, 9, 0, 5);
    assert_eq!(house.wire(), [], "it went another way");
    house.anvil.mine(1);
    let [sent] = &house.sent()[..] else { panic!("{:?}", house.sent()) };
    assert_eq!((&sent.hash, sent.value), (&hash, 9));
}

/// A process that something else killed is told from one that ended.
#[test]
fn whether_it_was_killed_is_told() {
    let house = House::new();
    let mut watchkeeper = house.start();
    assert!(!watchkeeper.was_killed());
    watchkeeper.signal(crate::support::Signal::KILL);
    crate::support::eventually("its end", super::SOON, || watchkeeper.was_killed().then_some(()));
    let ended: fn(&mut Watchkeeper) -> Option<i32> = Watchkeeper::wait;
    assert_eq!(ended(&mut watchkeeper), None);
}
