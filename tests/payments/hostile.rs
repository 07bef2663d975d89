//! A plugin that asks for what it shouldn't, in every way that the contract has words for. Nothing outside the policy is ever
//! signed: what passed on the wire is what is counted.

use std::fs;

use serde_json::{Value, json};

use super::{
    ANYBODY, SOON,
    support::{Ask, House, ONE, Runs, coins, deposit_data, deposit_rule, payer, transfer_rule, word},
};
use crate::support::{Watchkeeper, eventually, programs};

/// Who may get something.
const FRIEND: &str = "0x00000000000000000000000000000000000c0001";

/// One question: its name, what is asked, and what may be answered.
type Case = (&'static str, Ask, &'static [&'static str]);

/// A rule for deposits of the house's paymaster, and one for transfers to a friend.
fn lent(house: &House) -> Value {
    let deposits = deposit_rule(house.entry_point, &house.paymaster, &coins(ONE), &coins(2 * ONE));
    json!({"dry_run": false, "allow": [deposits, transfer_rule(FRIEND)]})
}

fn cases(house: &House) -> Vec<Case> {
    const REFUSED: &[&str] = &["denied"];
    const LIMITED: &[&str] = &["denied", "over_budget"];
    let (entry_point, paymaster) = (house.entry_point, house.paymaster.as_str());
    let call = |data: String| Ask::pay("", entry_point, ONE).with("data", data);
    let good = deposit_data(paymaster);
    let transfer = || Ask::pay("", FRIEND, 1);
    let short = &good[..good.len() - 2];
    let dirty = |place: usize| {
        let mut argument = word(paymaster).into_bytes();
        argument[place] = b'1';
        format!("0xb760faf9{}", String::from_utf8(argument).expect("digits"))
    };
    vec![
        ("another recipient", Ask::pay("", ANYBODY, 1), REFUSED),
        ("the account itself", Ask::pay("", House::ACCOUNT, 1), REFUSED),
        ("the address zero", Ask::pay("", &format!("0x{}", "00".repeat(20)), 1), REFUSED),
        ("nobody", Ask::pay("", "", 1), REFUSED),
        ("an address of 19 bytes", Ask::pay("", &FRIEND[..40], 1), REFUSED),
        ("an address of 21 bytes", Ask::pay("", &format!("{FRIEND}00"), 1), REFUSED),
        ("an address as a word", Ask::pay("", &format!("0x{}", word(FRIEND)), 1), REFUSED),
        ("a paymaster by a plain transfer", Ask::pay("", paymaster, 1), REFUSED),
        ("an EntryPoint by a plain transfer", Ask::pay("", entry_point, 1), REFUSED),
        ("a call of a friend", transfer().with("data", good.clone()), REFUSED),
        ("one byte to a friend", transfer().with("data", "0x00"), REFUSED),
        ("another selector", call(format!("0x205c2878{}", word(paymaster))), REFUSED),
        ("a selector alone", call("0xb760faf9".into()), REFUSED),
        ("three bytes of a selector", call("0xb760fa".into()), REFUSED),
        ("another argument", call(deposit_data(ANYBODY)), REFUSED),
        ("a byte more", call(format!("{good}00")), REFUSED),
        ("a word more", call(format!("{good}{}", "00".repeat(32))), REFUSED),
        ("a byte less", call(short.into()), REFUSED),
        ("a byte before", call(format!("0x00{}", &good[2..])), REFUSED),
        ("the argument twice", call(format!("{good}{}", word(paymaster))), REFUSED),
        ("a dirty first byte", call(dirty(0)), REFUSED),
        ("a dirty last byte before the address", call(dirty(23)), REFUSED),
        ("much data", call(format!("{good}{}", "ff".repeat(5_000))), REFUSED),
        ("nothing", transfer().with("value", "0"), REFUSED),
        ("no amount", transfer().with("value", ""), REFUSED),
        ("an amount of one byte", transfer().with("value", "0x01"), REFUSED),
        ("an amount of 31 bytes", transfer().with("value", format!("0x{:062x}", 1)), REFUSED),
        ("an amount of 33 bytes", transfer().with("value", format!("0x{:066x}", 1)), REFUSED),
        ("an amount of 64 bytes", transfer().with("value", format!("0x{:0128x}", 1)), REFUSED),
        ("an amount the other way round", transfer().with("value", format!("0x01{}", "00".repeat(31))), LIMITED),
        ("everything", transfer().with("value", format!("0x{}", "ff".repeat(32))), LIMITED),
        ("half of everything", transfer().with("value", format!("0x80{}", "00".repeat(31))), LIMITED),
        ("a wei too much", Ask::pay("", FRIEND, 5 * ONE + 1), &["over_budget"]),
        ("a deposit of everything", call(good.clone()).with("value", format!("0x{}", "ff".repeat(32))), LIMITED),
        ("a key of no letters", transfer().with("key", ""), REFUSED),
        ("a key of 201 letters", transfer().with("key", "k".repeat(201)), REFUSED),
        ("a key with a line end", transfer().with("key", "a\nb"), REFUSED),
        ("another account", transfer().with("account", "treasury"), REFUSED),
        ("an account of no letters", transfer().with("account", ""), REFUSED),
        ("an account by a path", transfer().with("account", "../funder"), REFUSED),
        ("an account in capitals", transfer().with("account", "FUNDER"), REFUSED),
    ]
}

#[test]
fn nothing_outside_the_policy_is_ever_signed() {
    let house = House::new();
    let cases = cases(&house);
    let keyed = |(place, (name, ask, _)): (usize, &Case)| match name.starts_with("a key") {
        true => ask.clone(),
        false => ask.clone().with("key", format!("case {place}")),
    };
    let asks: Vec<Ask> = cases.iter().enumerate().map(keyed).collect();
    house.job("hostile", &payer(json!({}), &asks, lent(&house)));
    let watchkeeper = house.start();
    let ran = watchkeeper.ran(&house, "hostile");
    assert_eq!(ran.said.len(), cases.len(), "{ran:#?}");
    let answered = cases.iter().zip(&ran.said);
    let bad = answered
        .filter(|((_, _, expected), (_, outcome, text))| text.is_empty() || !expected.contains(&outcome.as_str()));
    let wrong: Vec<String> = bad.map(|((name, ..), said)| format!("{name}: {said:?}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    house.anvil.mine(3);
    house.nothing_left();
}

#[test]
fn ten_thousand_questions_are_answered_and_pay_what_one_may() {
    let house = House::new();
    let mut small = lent(&house);
    small["max_lifetime"] = json!("3 wei");
    let asks = [
        Ask::pay("loop", FRIEND, 1).with("repeat", 10_000).with("fresh_keys", true),
        Ask::pay("loop-0", FRIEND, 1).with("repeat", 1_000),
        Ask::pay("stranger", ANYBODY, 1).with("repeat", 10_000).with("fresh_keys", true),
    ];
    house.job("loops", &payer(json!({"timeout": "2m"}), &asks, small));
    let watchkeeper = house.start();
    let before = journal_size(&watchkeeper);
    let ran = watchkeeper.ran(&house, "loops");
    assert_eq!(ran.outcome, "success", "{ran:#?}");
    let counted = watchkeeper.metrics();
    let counted: f64 = counted.all("payer_outcomes_total", &[]).iter().map(|sample| sample.value).sum();
    assert_eq!(counted, 21_000.0, "each was answered");
    house.settle(&watchkeeper);
    let sent = house.sent();
    assert!((1..=3).contains(&sent.len()) && sent.iter().all(|sent| sent.value == 1), "{sent:?}");
    assert_eq!(house.wire().len(), sent.len(), "nothing else was signed");
    assert!(journal_size(&watchkeeper) - before < 1_000, "the journal isn't flooded");
    assert_eq!(watchkeeper.get("/-/ready", &[]).status, 200);
}

fn journal_size(watchkeeper: &Watchkeeper) -> usize {
    super::support::journal(watchkeeper).len()
}

#[test]
fn a_key_pays_once_and_with_another_content_not_at_all() {
    let house = House::new();
    let asks = [
        Ask::pay("key", FRIEND, 5),
        Ask::pay("key", FRIEND, 5),
        Ask::pay("key", FRIEND, 6),
        Ask::deposit("key", house.entry_point, &house.paymaster, 5),
        Ask::find("key"),
        Ask::find("another"),
    ];
    house.job("pays", &payer(json!({}), &asks, lent(&house)));
    house.job("another", &payer(json!({}), &[Ask::find("key"), Ask::pay("key", FRIEND, 7)], lent(&house)));
    let mut watchkeeper = house.start();
    let ran = watchkeeper.ran(&house, "pays");
    assert_eq!(ran.outcomes(), ["paid", "repeated", "conflict", "conflict", "found", "nothing"], "{ran:#?}");
    let hash = |text: &str| text.split(' ').next().map(str::to_owned);
    assert_eq!(hash(&ran.said[0].2), hash(&ran.said[1].2), "the same receipt");
    house.settle(&watchkeeper);
    let [first] = &house.sent()[..] else { panic!("{:?}", house.sent()) };
    assert!(ran.said[0].2.contains(&first.hash), "{ran:#?}");

    // A key is its job's own, and known after a restart.
    assert_eq!(watchkeeper.ran(&house, "another").outcomes(), ["nothing", "paid"]);
    house.settle(&watchkeeper);
    assert_eq!(watchkeeper.end(), Some(0));
    let watchkeeper = house.start();
    let ran = watchkeeper.ran(&house, "pays");
    assert_eq!(ran.outcomes(), ["repeated", "repeated", "conflict", "conflict", "found", "nothing"], "{ran:#?}");
    assert_eq!(house.sent().iter().map(|sent| sent.value).collect::<Vec<_>>(), [5, 7]);
    assert_eq!(house.wire().len(), 2);
}

#[test]
fn a_changed_component_pays_nothing_until_it_is_approved() {
    let house = House::new();
    let asks = ["before", "after"].map(|key| Ask::pay(key, FRIEND, 5));
    house.job("pays", &payer(json!({}), &asks[..1], lent(&house)));
    let watchkeeper = house.start();
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["paid"]);
    house.settle(&watchkeeper);

    // The same code with another name in a section that nobody reads: other bytes.
    let mut bytes = fs::read(programs::component("payer")).expect("a built component");
    bytes.extend([0, 5, 4, b'e', b'v', b'i', b'l']);
    let old = watchkeeper.digests()["pays"].clone();
    house.deployment.plugin_bytes("payer", &bytes);
    house.job("pays", &payer(json!({}), &asks[1..], lent(&house)));
    let new = eventually("the new component to be in force", SOON, || {
        let new = watchkeeper.digests()["pays"].clone();
        (new != old).then_some(new)
    });
    for _ in 0..2 {
        let ran = watchkeeper.ran(&house, "pays");
        let (outcome, text) = ran.only();
        assert_eq!(outcome, "denied", "{text}");
        for word in ["account funder", "component changed", &old, &new, "watchkeeper account approve funder pays"] {
            assert!(text.contains(word), "{word} is not in: {text}");
        }
    }
    assert_eq!((house.sent().len(), house.wire().len()), (1, 1), "nothing was signed");
    let account = watchkeeper.api("accounts")["accounts"][0].clone();
    assert_eq!(account["unapproved"], json!([{"job": "pays", "digest": new}]));

    let approved = watchkeeper.post("accounts/funder/approve", &json!({"job": "pays", "digest": old}));
    assert!(approved.status >= 400 || watchkeeper.ran(&house, "pays").outcomes() == ["denied"], "another was meant");
    let approved =
        watchkeeper.post("accounts/funder/approve", &json!({"job": "pays", "digest": new, "note": "read it"}));
    assert!(approved.status < 300, "{}", approved.text());
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["paid"]);
    house.settle(&watchkeeper);
    assert_eq!(house.sent().len(), 2);
}
