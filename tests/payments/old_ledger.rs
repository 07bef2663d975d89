//! A ledger that knows less than the chain, because it is an old copy, a new one, or damaged: payments stop until an operator
//! has looked, and never begin anew from nothing.

use std::{fs, path::PathBuf};

use serde_json::json;

use super::support::{Ask, House, ONE, Runs, coins, deposit_rule, deposited, payer, total_deposit};
use crate::support::Watchkeeper;

const UP_TO: u128 = 2 * ONE;
const FILES: [&str; 3] = ["watchkeeper.db", "watchkeeper.db-wal", "watchkeeper.db-shm"];

/// A house whose job fills the paymaster up.
fn house() -> House {
    let house = House::new();
    asks(&house, "first");
    house
}

fn asks(house: &House, key: &str) {
    let ask = Ask::deposit(key, house.entry_point, &house.paymaster, UP_TO);
    let rule = deposit_rule(house.entry_point, &house.paymaster, &coins(ONE), &coins(UP_TO));
    house.job("pays", &payer(json!({}), &[ask], json!({"dry_run": false, "allow": [rule]})));
}

/// Pays once with a key, in a life of its own, and has the paymaster spend it.
fn pays(house: &House, key: &str) {
    asks(house, key);
    let mut watchkeeper = house.start();
    assert_eq!(watchkeeper.ran(house, "pays").outcomes(), ["paid"]);
    house.settle(&watchkeeper);
    assert_eq!(watchkeeper.end(), Some(0), "{}", watchkeeper.log());
    house.drain(&house.paymaster, UP_TO);
    house.anvil.mine(1);
}

/// Keeps the ledger's files, or brings them back.
fn copies(house: &House, back: bool) {
    let folder = house.deployment.path("kept");
    fs::create_dir_all(&folder).expect("a folder");
    for name in FILES {
        let (from, to): (PathBuf, PathBuf) = (house.deployment.path(name), folder.join(name));
        let (from, to) = if back { (to, from) } else { (from, to) };
        let _gone = fs::remove_file(&to);
        if from.exists() {
            fs::copy(from, to).expect("space on the disk");
        }
    }
}

/// Nothing is paid until somebody adopts what the chain has; then it goes on.
fn stops_until_adopted(house: &House, watchkeeper: &Watchkeeper, key: &str) {
    let (paid, signed) = (house.sent().len(), house.wire().len());
    let ran = watchkeeper.ran_while("pays", || {});
    let (outcome, text) = ran.only();
    assert_eq!(outcome, "denied", "{text}");
    for words in ["account funder", "the ledger is older than the chain", "watchkeeper account adopt funder"] {
        assert!(text.contains(words), "{words} is not in: {text}");
    }
    assert!(watchkeeper.api("accounts")["accounts"][0]["stopped"].is_string());
    assert_eq!((house.sent().len(), house.wire().len()), (paid, signed), "nothing was signed");

    let adopted = watchkeeper.post("accounts/funder/adopt", &json!({"note": "restored yesterday's copy"}));
    assert_eq!(adopted.status, 200, "{}", adopted.text());
    let ran = watchkeeper.ran(house, "pays");
    assert_eq!(ran.outcomes(), ["paid"], "{key}: {ran:#?}");
    house.settle(watchkeeper);
    assert_eq!(house.sent().len(), paid + 1);
    assert_eq!(total_deposit(&house.anvil, house.entry_point, &house.paymaster), UP_TO);
}

#[test]
fn an_old_copy_pays_nothing_until_the_chain_was_adopted() {
    let house = house();
    pays(&house, "first");
    copies(&house, false);
    pays(&house, "second");
    copies(&house, true);
    asks(&house, "third");
    let watchkeeper = house.start();
    stops_until_adopted(&house, &watchkeeper, "third");
    assert_eq!(deposited(&house.anvil, house.entry_point, &house.paymaster).len(), 3);
}

#[test]
fn a_copy_from_the_midst_of_a_payment_follows_it_and_pays_it_once() {
    let house = house();
    let mut watchkeeper = house.start();
    let asked = watchkeeper.post("jobs/pays/run", &json!({}));
    assert!(asked.status < 300, "{}", asked.text());
    house.reaches(&watchkeeper, "first", "broadcast");
    // As a power cut leaves it.
    watchkeeper.signal(crate::support::Signal::KILL);
    watchkeeper.wait();
    copies(&house, false);
    let mut watchkeeper = house.start();
    house.settle(&watchkeeper);
    assert_eq!(watchkeeper.end(), Some(0));
    copies(&house, true);
    let watchkeeper = house.start();
    let entries = house.settle(&watchkeeper);
    assert_eq!(entries[0].state, "confirmed", "{entries:?}");
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["repeated"]);
    assert_eq!((house.sent().len(), house.wire().len()), (1, 1));
}

#[test]
fn a_missing_ledger_is_no_empty_start() {
    let house = house();
    pays(&house, "first");
    for name in FILES {
        let _gone = fs::remove_file(house.deployment.path(name));
    }
    asks(&house, "second");
    let watchkeeper = house.start();
    stops_until_adopted(&house, &watchkeeper, "second");
}

#[test]
fn a_damaged_ledger_starts_nothing() {
    let house = house();
    pays(&house, "first");
    let ledger = house.deployment.path("watchkeeper.db");
    let mut bytes = fs::read(&ledger).expect("the ledger");
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x55);
    fs::write(&ledger, bytes).expect("space on the disk");
    asks(&house, "second");
    let ended = Watchkeeper::refuses(&house.deployment);
    assert_ne!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("watchkeeper.db") && ended.stderr.contains("damaged"), "{}", ended.stderr);
    assert_eq!((house.sent().len(), house.wire().len()), (1, 1));
}
