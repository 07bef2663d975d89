//! Events of settled blocks are counted once each, by what the config asks for.

use alloy_dyn_abi::DynSolValue;
use watchkeeper_sdk::{
    log::Level,
    prelude::*,
    serde_json::{Value, json},
};

use super::{
    absent,
    fake::{Fake, HOLDER, NOBODY, POOL, TOKEN, signature, topic, uint},
    lines, value,
};

const TRANSFER: &str = "Transfer(address indexed from, address indexed to, uint256 value)";

fn transfers() -> Value {
    json!({
        "contracts": { "usd": TOKEN },
        "event": TRANSFER,
        "metric": "transfers_total",
        "sum": { "argument": "value", "metric": "transferred_total", "decimals": 6 },
        "first_block": 1,
    })
}

fn config(entry: Value) -> Value {
    json!({ "chain": "dev", "depth": 10, "events": [entry] })
}

fn transfer(fake: &Fake, block: u64, from: &str, to: &str, amount: u64) {
    let topics = [signature("Transfer(address,address,uint256)"), topic(from), topic(to)];
    fake.emit(block, TOKEN, &topics, &[uint(amount, 256)]);
}

#[test]
fn events_are_counted_and_summed_up_once_they_have_settled() {
    let fake = Fake::new(100);
    transfer(&fake, 5, POOL, HOLDER, 1_500_000);
    transfer(&fake, 90, POOL, HOLDER, 500_000);
    transfer(&fake, 91, POOL, HOLDER, 7_000_000);
    let run = fake.run(config(transfers()));
    assert_eq!(value(&run, "transfers_total", &["dev", "usd"]), 2.0);
    assert_eq!(value(&run, "transferred_total", &["dev", "usd"]), 2.0);
    for (family, wanted) in [
        ("contracts_event_up", 1.0),
        ("contracts_event_first_block_number", 1.0),
        ("contracts_event_counted_block_number", 90.0),
        ("contracts_event_uncounted_blocks", 0.0),
        ("contracts_event_reorganisations_total", 0.0),
    ] {
        assert_eq!(value(&run, family, &["dev", "Transfer"]), wanted, "{family}");
    }

    let run = fake.run(config(transfers()));
    assert_eq!(value(&run, "transfers_total", &["dev", "usd"]), 0.0);
    fake.mine_to(101);
    let run = fake.run(config(transfers()));
    assert_eq!(value(&run, "transfers_total", &["dev", "usd"]), 1.0);
    assert_eq!(value(&run, "transferred_total", &["dev", "usd"]), 7.0);
}

#[test]
fn the_first_run_begins_where_nothing_has_settled_yet_unless_told() {
    let fake = Fake::new(100);
    transfer(&fake, 90, POOL, HOLDER, 1);
    transfer(&fake, 91, POOL, HOLDER, 1);
    let mut entry = transfers();
    entry.as_object_mut().unwrap().remove("first_block");
    let run = fake.run(config(entry.clone()));
    assert_eq!(value(&run, "transfers_total", &["dev", "usd"]), 0.0);
    assert_eq!(value(&run, "contracts_event_first_block_number", &["dev", "Transfer"]), 91.0);
    absent(&run, "contracts_event_counted_block_number", &["dev", "Transfer"]);
    fake.mine_to(120);
    assert_eq!(value(&fake.run(config(entry)), "transfers_total", &["dev", "usd"]), 1.0);
}

#[test]
fn conditions_hold_for_indexed_arguments_and_for_others() {
    let fake = Fake::new(100);
    for (from, to, amount) in [(POOL, HOLDER, 1), (POOL, NOBODY, 1), (NOBODY, HOLDER, 1), (POOL, HOLDER, 2)] {
        transfer(&fake, 7, from, to, amount);
    }
    let names = std::cell::Cell::new(0);
    let count = |filter: Value| {
        let mut entry = transfers();
        entry["name"] = json!(names.replace(names.get() + 1).to_string());
        entry["where"] = filter;
        value(&fake.run(config(entry)), "transfers_total", &["dev", "usd"])
    };
    assert_eq!(count(json!({})), 4.0);
    assert_eq!(count(json!({ "to": HOLDER })), 3.0);
    assert_eq!(count(json!({ "to": [HOLDER, NOBODY], "from": POOL })), 3.0);
    assert_eq!(count(json!({ "value": 1 })), 3.0);
    assert_eq!(count(json!({ "value": ["1", "0x2"], "from": NOBODY })), 1.0);
    assert_eq!(count(json!({ "1": NOBODY })), 1.0);
    let asked = fake.asked("eth_getLogs");
    let to_two = asked.iter().find(|params| params[0]["topics"].as_array().unwrap().len() == 3).unwrap();
    assert_eq!(to_two[0]["topics"][2], json!([topic(HOLDER)]));
}

#[test]
fn a_label_from_an_argument_has_the_values_that_are_listed_and_other() {
    let fake = Fake::new(100);
    for (to, amount) in [(HOLDER, 1_000_000), (HOLDER, 2_000_000), (POOL, 5_000_000), (NOBODY, 7_000_000)] {
        transfer(&fake, 7, NOBODY, to, amount);
    }
    let mut entry = transfers();
    entry["by"] =
        json!({ "argument": "to", "label": "to", "values": { "treasury": HOLDER, "pool": POOL, "none": TOKEN } });
    entry["labels"] = json!({ "side": "in" });
    let run = fake.run(config(entry));
    for (to, events, sum) in [("treasury", 2.0, 3.0), ("pool", 1.0, 5.0), ("none", 0.0, 0.0), ("other", 1.0, 7.0)] {
        assert_eq!(value(&run, "transfers_total", &["dev", "usd", to, "in"]), events, "{to}");
        assert_eq!(value(&run, "transferred_total", &["dev", "usd", to, "in"]), sum, "{to}");
    }
}

#[test]
fn an_event_with_the_signature_and_other_arguments_is_counted_apart() {
    let fake = Fake::new(100);
    transfer(&fake, 7, POOL, HOLDER, 1);
    let hash = signature("Transfer(address,address,uint256)");
    // As ERC-721 has it, with the third argument indexed.
    fake.emit(7, TOKEN, &[hash, topic(POOL), topic(HOLDER), B256::ZERO], &[]);
    fake.emit(7, TOKEN, &[hash, topic(POOL), topic(HOLDER)], &[]);
    fake.emit(7, TOKEN, &[hash, B256::repeat_byte(0xff), topic(HOLDER)], &[uint(1, 256)]);
    // Another event, and another contract: a node should not have sent them.
    fake.emit(7, TOKEN, &[signature("Approval(address,address,uint256)"), topic(POOL), topic(HOLDER)], &[uint(1, 256)]);
    fake.emit(7, POOL, &[hash, topic(POOL), topic(HOLDER)], &[uint(1, 256)]);
    let run = fake.run(config(transfers()));
    assert_eq!(value(&run, "transfers_total", &["dev", "usd"]), 1.0);
    assert_eq!(value(&run, "contracts_event_malformed_total", &["dev", "usd", "Transfer"]), 3.0);
}

#[test]
fn a_sum_is_exact_where_its_numbers_are_large() {
    let fake = Fake::new(100);
    let topics = [signature("Transfer(address,address,uint256)"), topic(POOL), topic(HOLDER)];
    for _ in 0..3 {
        fake.emit(7, TOKEN, &topics, &[DynSolValue::Uint(U256::MAX, 256)]);
    }
    let run = fake.run(config(transfers()));
    assert_eq!(value(&run, "transferred_total", &["dev", "usd"]), 3.473_762_677_119_486e71);
}

#[test]
fn events_that_cannot_be_had_are_down_and_counted_by_a_later_run() {
    let fake = Fake::new(100);
    transfer(&fake, 7, POOL, HOLDER, 1);
    fake.logs_fail(Some(chain::Error::Unavailable("late".into())));
    let run = fake.run(config(transfers()));
    assert_eq!(value(&run, "contracts_event_up", &["dev", "Transfer"]), 0.0);
    assert_eq!(value(&run, "transfers_total", &["dev", "usd"]), 0.0);
    assert_eq!(value(&run, "contracts_event_uncounted_blocks", &["dev", "Transfer"]), 90.0);
    assert_eq!(lines(&run, Level::Warn), 1);
    fake.logs_fail(None);
    assert_eq!(value(&fake.run(config(transfers())), "transfers_total", &["dev", "usd"]), 1.0);
}

#[test]
fn a_run_counts_a_bounded_number_of_blocks_and_the_next_goes_on() {
    let fake = Fake::new(100);
    for block in 1..=90 {
        transfer(&fake, block, POOL, HOLDER, 1);
    }
    let config = json!({ "chain": "dev", "depth": 10, "max_blocks_per_run": 40, "events": [transfers()] });
    for (events, left) in [(40.0, 50.0), (40.0, 10.0), (10.0, 0.0), (0.0, 0.0)] {
        let run = fake.run(config.clone());
        assert_eq!(value(&run, "transfers_total", &["dev", "usd"]), events);
        assert_eq!(value(&run, "contracts_event_uncounted_blocks", &["dev", "Transfer"]), left);
    }
}

#[test]
fn a_reorganisation_deeper_than_the_depth_is_counted_and_takes_nothing_back() {
    let fake = Fake::new(100);
    fake.run(config(transfers()));
    fake.begin_anew();
    let run = fake.run(config(transfers()));
    assert_eq!(value(&run, "contracts_event_reorganisations_total", &["dev", "Transfer"]), 1.0);
    let run = fake.run(config(transfers()));
    assert_eq!(value(&run, "contracts_event_reorganisations_total", &["dev", "Transfer"]), 0.0);
}
