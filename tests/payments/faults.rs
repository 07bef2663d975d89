//! Nodes that lie, forget, repeat, or disagree; fees that spike; transactions that get lost. What decides money is read as it
//! should be, or nothing is paid; what is sent is paid once, whatever was answered.

use std::{collections::BTreeSet, time::Duration};

use alloy_primitives::U256;
use serde_json::{Value, json};

use super::{
    SOON,
    oracle::{Evidence, Rules, judge},
    support::{
        Ask, House, ONE, Runs, Stage, coins, deposit_data, deposit_rule, deposited, journal, payer, total_deposit,
    },
};
use crate::support::{Fault, Sending, Watchkeeper, eventually};

const UP_TO: u128 = 2 * ONE;

/// A house whose job `pays` fills the paymaster up to 2 where it has less than 1.
fn house(stage: Stage) -> House {
    let house = stage.build();
    asks(&house, "key");
    house
}

fn asks(house: &House, key: &str) {
    asks_within(house, key, "20s");
}

/// The same, by runs that end after so long.
fn asks_within(house: &House, key: &str, timeout: &str) {
    let ask = Ask::deposit(key, house.entry_point, &house.paymaster, UP_TO);
    let rule = deposit_rule(house.entry_point, &house.paymaster, &coins(ONE), &coins(UP_TO));
    house.job("pays", &payer(json!({"timeout": timeout}), &[ask], json!({"dry_run": false, "allow": [rule]})));
}

/// It was paid once, and everything agrees about it.
#[track_caller]
fn paid_once(house: &House, watchkeeper: &Watchkeeper) {
    let entries = house.settle(watchkeeper);
    assert!(entries.iter().filter(|entry| entry.state == "confirmed").count() == 1, "{entries:?}");
    assert_eq!(deposited(&house.anvil, house.entry_point, &house.paymaster).len(), 1);
    assert_eq!(total_deposit(&house.anvil, house.entry_point, &house.paymaster), UP_TO);
    let rules = Rules {
        allowed: [(house.entry_point.to_lowercase(), deposit_data(&house.paymaster))].into(),
        max_payment: 5 * ONE,
        max_spent: UP_TO,
        max_fee: ONE / 20,
        up_to: UP_TO,
        ..Rules::default()
    };
    let wrong = judge(&Evidence::of(house, watchkeeper, &[&house.paymaster]), &rules);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whatever_a_node_answers_to_a_transaction_it_is_paid_once() {
    let house = house(Stage::new().policy(json!({"replace_after": "1s"})).chain(json!({"timeout": "1s"})));
    let watchkeeper = house.start();
    let mut allowed = BTreeSet::new();
    for (number, how) in [
        Sending::TakesAndFails,
        Sending::Twice,
        Sending::Late(Duration::from_millis(700)),
        // Later than anybody waits for the answer.
        Sending::Late(Duration::from_millis(1_500)),
        Sending::Forgets,
        Sending::Refuses("nonce too low"),
        Sending::Refuses("already known"),
        Sending::Refuses("replacement transaction underpriced"),
        Sending::Refuses("insufficient funds for gas * price + value"),
    ]
    .into_iter()
    .enumerate()
    {
        let target = format!("0x{:040x}", 0xf000 + number);
        allowed.insert((target.clone(), "0x".to_owned()));
        let rule = json!({"to": target, "below": coins(ONE), "up_to": coins(UP_TO)});
        let ask = Ask::pay(&format!("{how:?}"), &target, 5 * ONE);
        house.job("pays", &payer(json!({}), &[ask], json!({"dry_run": false, "allow": [rule]})));
        assert_eq!(watchkeeper.act("/-/reload", &[]).status, 200);
        house.node().set(Fault::Sending(how));
        let before = house.node().signed().len();
        let lost = matches!(how, Sending::Forgets | Sending::Refuses(_));
        let ran = watchkeeper.ran_while("pays", || {
            // A lost one is let through once it was sent again.
            if lost && house.node().signed().len() > before + 1 {
                house.node().set(Fault::Pass);
            }
            house.mine_what_waits();
        });
        assert_eq!(ran.outcomes(), ["paid"], "{how:?}: {ran:#?}");
        house.node().set(Fault::Pass);
        house.settle(&watchkeeper);
        let got: Vec<u128> = house.sent().iter().filter(|sent| sent.to == target).map(|sent| sent.value).collect();
        assert_eq!(got, [UP_TO], "{how:?}");
    }
    let (max_payment, max_fee) = (UP_TO, ONE / 20);
    let rules = Rules { allowed, max_payment, max_spent: 9 * UP_TO, max_fee, ..Rules::default() };
    let wrong = judge(&Evidence::of(&house, &watchkeeper, &[]), &rules);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_transaction_that_falls_out_of_the_pool_is_sent_again() {
    let house = house(Stage::new().policy(json!({"replace_after": "1s"})));
    let watchkeeper = house.start();
    let mut dropped = false;
    let ran = watchkeeper.ran_while("pays", || match house.wire().first() {
        Some(ours) if !dropped => {
            let gone = house.anvil.try_rpc("anvil_dropTransaction", json!([ours.hash]));
            dropped = gone.is_ok_and(|hash| !hash.is_null());
        }
        _ if dropped => house.mine_what_waits(),
        _ => {}
    });
    assert_eq!(ran.outcomes(), ["paid"], "{ran:#?}");
    assert!(house.node().signed().len() > 1);
    paid_once(&house, &watchkeeper);
}

#[test]
fn a_stuck_transaction_is_replaced_within_its_fee() {
    let house = house(Stage::new().policy(json!({"replace_after": "1s"})));
    let watchkeeper = house.start();
    let mut replaced = false;
    let ran = watchkeeper.ran_while("pays", || {
        let wire = house.wire();
        // The price of gas is out of reach for what was offered first.
        if wire.len() == 1 {
            house.anvil.rpc("anvil_setNextBlockBaseFeePerGas", json!([format!("{:#x}", 40_000_000_000_u64)]));
            house.mine_at_pace();
        }
        replaced = replaced || wire.len() > 1;
        if replaced {
            house.mine_at_pace();
        }
    });
    assert_eq!(ran.outcomes(), ["paid"], "{ran:#?}");
    let wire = house.wire();
    assert!(wire.len() > 1, "{wire:#?}");
    assert!(wire.iter().all(|signed| signed.nonce == 0 && signed.value == U256::from(UP_TO)), "{wire:#?}");
    assert!(wire.is_sorted_by_key(|signed| signed.most_fee), "each offers more: {wire:#?}");
    paid_once(&house, &watchkeeper);
}

#[test]
fn beyond_its_fee_a_stuck_payment_waits_and_shows_and_goes_on_by_itself() {
    let house = house(Stage::new().policy(json!({"replace_after": "1s", "max_fee": "0.0003 USDC"})));
    let watchkeeper = house.start();
    let spike = || {
        house.anvil.rpc("anvil_setNextBlockBaseFeePerGas", json!([format!("{:#x}", 900_000_000_000_u64)]));
        house.anvil.mine(1);
    };
    let mut sent = false;
    let asked = watchkeeper.post("jobs/pays/run", &json!({}));
    assert!(asked.status < 300, "{}", asked.text());
    let waits = eventually("it to be undecided", SOON, || {
        if !sent && !house.wire().is_empty() {
            spike();
            sent = true;
        }
        journal(&watchkeeper).into_iter().find(|entry| entry.undecided.is_some())
    });
    assert_eq!(waits.state, "broadcast", "{waits:?}");
    eventually("the metric to say so", SOON, || {
        let shown = watchkeeper.metrics().value("watchkeeper_payments_undecided", &[("account", "funder")]);
        (shown == Some(1.0)).then_some(())
    });
    let account = watchkeeper.api("accounts")["accounts"][0].clone();
    assert_eq!(account["undecided"][0]["key"], "key", "{account}");
    let most = house.wire().iter().map(|signed| signed.most_fee).max().expect("it was signed");
    assert!(most <= U256::from(ONE / 10_000 * 3), "{most}");

    // It falls by itself, as blocks are empty.
    eventually("the payment to be in a block", SOON, || {
        house.mine_at_pace();
        (!house.sent().is_empty()).then_some(())
    });
    paid_once(&house, &watchkeeper);
    assert!(house.sent()[0].fee <= ONE / 10_000 * 3, "{:?}", house.sent());
}

/// What nodes answer to reads that decide money, what comes of it, and what is said.
fn bad_reads() -> Vec<(&'static str, Fault, &'static str, &'static str)> {
    let call = |result: String| Fault::Replace("eth_call", json!({"result": result}));
    let error = || json!({"error": {"code": -32000, "message": "header not found"}});
    let count = |result: Value| Fault::Replace("eth_getTransactionCount", json!({"result": result}));
    vec![
        ("no word", call("0x".into()), "unavailable", "answered 0 bytes, not 32"),
        ("31 bytes", call(format!("0x{:062x}", 0)), "unavailable", "answered 31 bytes, not 32"),
        ("33 bytes", call(format!("0x{:066x}", 0)), "unavailable", "answered 33 bytes, not 32"),
        ("two words", call(format!("0x{:0128x}", 0)), "unavailable", "answered 64 bytes, not 32"),
        ("no digits", call("0xzz".into()), "unavailable", "malformed"),
        ("no text", Fault::Replace("eth_call", json!({"result": null})), "unavailable", "malformed"),
        ("an error", Fault::Replace("eth_call", error()), "unavailable", "header not found"),
        ("no code", Fault::Replace("eth_getCode", json!({"result": "0x"})), "unavailable", "there is no code"),
        ("no count", count(Value::Null), "unavailable", "malformed"),
        ("a count of no digits", count("0x".into()), "unavailable", "malformed"),
        ("no balance", Fault::Replace("eth_getBalance", error()), "unavailable", "header not found"),
        ("no money", Fault::Replace("eth_getBalance", json!({"result": "0x0"})), "over_budget", "it holds 0 USDC"),
        ("no estimate", Fault::Replace("eth_estimateGas", error()), "unavailable", "header not found"),
        ("much gas", Fault::Replace("eth_estimateGas", json!({"result": "0xffffffffffff"})), "over_budget", "max_fee"),
        ("no block", Fault::Replace("eth_getBlockByNumber", json!({"result": null})), "unavailable", "no such block"),
        ("garbage", Fault::garbage(), "unavailable", "malformed"),
        ("half an answer", Fault::Truncated, "unavailable", "broke off"),
        ("another's answer", Fault::WrongId, "unavailable", "another request"),
        ("nobody", Fault::Refuse, "unavailable", "connection refused"),
    ]
}

#[test]
fn what_can_not_be_read_pays_nothing() {
    let house = house(Stage::new().chain(json!({"timeout": "2s"})));
    let watchkeeper = house.start();
    for (name, fault, expected, words) in bad_reads() {
        house.node().set(fault);
        let ran = watchkeeper.ran_while("pays", || {});
        let (outcome, text) = ran.only();
        assert_eq!(outcome, expected, "{name}: {text}");
        assert!(text.contains(words), "{name}: {text}");
        assert_eq!(house.wire(), [], "{name}: nothing was signed");
        house.node().set(Fault::Pass);
    }
    let entries = journal(&watchkeeper);
    assert!(entries.iter().all(|entry| entry.state == "refused" && entry.reason.is_some()), "{entries:?}");
    eventually("it to be paid", SOON, || {
        let ran = watchkeeper.ran(&house, "pays");
        (ran.outcomes() == ["paid"]).then_some(())
    });
    paid_once(&house, &watchkeeper);
}

#[test]
fn an_endpoint_that_becomes_another_chains_decides_nothing() {
    let house = house(Stage::new());
    let watchkeeper = house.start();
    house.node().set(Fault::wrong_chain_id(1));
    let ran = watchkeeper.ran_while("pays", || {});
    let (outcome, text) = ran.only();
    assert_eq!(outcome, "unavailable", "{text}");
    assert_eq!(house.wire(), [], "nothing was signed");
    house.node().set(Fault::Pass);
    eventually("it to be paid", SOON, || (watchkeeper.ran(&house, "pays").outcomes() == ["paid"]).then_some(()));
    paid_once(&house, &watchkeeper);
}

#[test]
fn an_older_block_than_the_last_one_decides_nothing() {
    let house = house(Stage::new());
    let watchkeeper = house.start();
    house.anvil.mine(20);
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["paid"]);
    house.settle(&watchkeeper);
    house.drain(&house.paymaster, UP_TO);
    house.anvil.mine(1);
    asks(&house, "another key");
    assert_eq!(watchkeeper.act("/-/reload", &[]).status, 200);
    house.node().set(Fault::Behind(house.head() - 5));
    let ran = watchkeeper.ran_while("pays", || {});
    let (outcome, text) = ran.only();
    assert_eq!(outcome, "unavailable", "{text}");
    assert_eq!(house.wire().len(), 1, "nothing else was signed");
    house.node().set(Fault::Pass);
    eventually("it to be paid", SOON, || (watchkeeper.ran(&house, "pays").outcomes() == ["paid"]).then_some(()));
    house.settle(&watchkeeper);
    assert_eq!(house.sent().len(), 2);
}

#[test]
fn endpoints_that_disagree_pay_nothing_until_two_agree() {
    let word = |wei: u128| json!({"result": format!("0x{wei:064x}")});
    let lies: [(&str, Fault); 5] = [
        ("another deposit", Fault::Replace("eth_call", word(ONE / 4))),
        ("enough", Fault::Replace("eth_call", word(10 * ONE))),
        ("another balance", Fault::Replace("eth_getBalance", word(ONE))),
        ("another count", Fault::Replace("eth_getTransactionCount", json!({"result": "0x7"}))),
        ("no contract", Fault::Replace("eth_getCode", json!({"result": "0x"}))),
    ];
    let house = house(Stage::new().nodes(2));
    let watchkeeper = house.start();
    for (name, lie) in lies {
        for liar in [0, 1] {
            house.nodes[liar].set(lie.clone());
            let ran = watchkeeper.ran_while("pays", || {});
            let (outcome, text) = ran.only();
            assert!(["unavailable", "denied"].contains(&outcome), "{name} of {liar}: {outcome}: {text}");
            assert_eq!(house.wire(), [], "{name} of {liar}: nothing was signed");
            house.nodes[liar].set(Fault::Pass);
        }
    }
    eventually("it to be paid", SOON, || (watchkeeper.ran(&house, "pays").outcomes() == ["paid"]).then_some(()));
    paid_once(&house, &watchkeeper);
}

#[test]
fn one_of_three_endpoints_may_lie_or_be_gone() {
    let enough = json!({"result": format!("0x{:064x}", 10 * ONE)});
    for bad in [Fault::Replace("eth_call", enough), Fault::Refuse, Fault::Behind(1_000)] {
        let house = house(Stage::new().nodes(3).chain(json!({"timeout": "2s"})));
        house.anvil.mine(10);
        let watchkeeper = house.start();
        house.nodes[1].set(bad.clone());
        eventually(&format!("it to be paid beside {bad:?}"), SOON, || {
            let ran = watchkeeper.ran(&house, "pays");
            (ran.outcomes() == ["paid"]).then_some(())
        });
        paid_once(&house, &watchkeeper);
    }
}

#[test]
fn a_signed_payment_of_a_chain_that_is_away_is_undecided_and_goes_on_when_it_is_back() {
    let house = house(Stage::new().chain(json!({"timeout": "1s"})));
    asks_within(&house, "key", "5s");
    let mut watchkeeper = house.start();
    let mut away = false;
    let ran = watchkeeper.ran_while("pays", || {
        if !away && !house.wire().is_empty() {
            house.node().set(Fault::Refuse);
            away = true;
        }
    });
    let (outcome, text) = ran.only();
    assert_eq!(outcome, "indeterminate", "{text}");
    let entry = eventually("it to be undecided", SOON, || {
        journal(&watchkeeper).into_iter().find(|entry| entry.undecided.is_some())
    });
    assert_eq!(entry.key, "key");
    house.anvil.mine(5);
    // Nobody asks for it again: it comes to its end by itself, also in another process.
    assert_eq!(watchkeeper.end(), Some(0));
    house.node().set(Fault::Pass);
    let watchkeeper = house.start();
    paid_once(&house, &watchkeeper);
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["repeated"]);
}
