//! Two processes that would pay from one account: on one ledger only one goes, and on two the second one finds that it isn't
//! alone.

use std::time::Duration;

use serde_json::json;

use super::{
    SOON,
    oracle::{Evidence, Rules, judge},
    support::{Ask, House, ONE, Runs, Stage, payer, transfer_rule},
};
use crate::support::{Deployment, Signal, Watchkeeper, eventually};

const FRIEND: &str = "0x00000000000000000000000000000000000fa001";

fn asks(house: &House, key: &str, every: &str) {
    let lent = json!({"dry_run": false, "allow": [transfer_rule(FRIEND)]});
    let keys = json!({"every": every, "config": {"period_seconds": 1}});
    house.job("pays", &payer(keys, &[Ask::pay(key, FRIEND, 7)], lent));
}

#[test]
fn a_second_process_on_one_ledger_does_not_start_and_signs_nothing() {
    let house = House::new();
    asks(&house, "key", "8784h");
    let watchkeeper = house.start();
    let asked = watchkeeper.post("jobs/pays/run", &json!({}));
    assert!(asked.status < 300, "{}", asked.text());
    house.reaches(&watchkeeper, "key", "broadcast");
    let second = Watchkeeper::refuses(&house.deployment);
    assert_ne!(second.code, Some(0));
    assert!(second.stderr.contains("another watchkeeper has this ledger open"), "{}", second.stderr);
    house.anvil.mine(1);
    house.settle(&watchkeeper);
    assert_eq!((house.sent().len(), house.wire().len()), (1, 1));
}

#[test]
fn processes_that_are_started_over_and_over_side_by_side_pay_each_period_once() {
    let house = Stage::new().policy(json!({"confirmations": 1})).build();
    asks(&house, "key {period}", "1s");
    drop(house.start());
    for round in 0..10_u64 {
        let two = [0, 1].map(|_| Watchkeeper::start_unheard(&house.deployment));
        let mut blocks = 0;
        eventually("blocks to come", SOON, || {
            house.mine_at_pace();
            blocks += 1;
            (blocks > 10 + 4 * round).then_some(())
        });
        for mut process in two {
            // One of them found that it wasn't alone.
            if process.ended().is_none() {
                process.signal(Signal::KILL);
            }
            process.wait(Duration::from_secs(20));
        }
    }
    house.deployment.remove_job("pays");
    let watchkeeper = house.start();
    house.settle(&watchkeeper);
    let rules = Rules {
        allowed: [(FRIEND.to_owned(), "0x".to_owned())].into(),
        max_payment: 7,
        max_spent: 700,
        max_fee: ONE / 20,
        ..Rules::default()
    };
    let evidence = Evidence::of(&house, &watchkeeper, &[]);
    let wrong = judge(&evidence, &rules);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!evidence.sent.is_empty(), "something was paid");
}

#[test]
fn a_second_process_on_a_ledger_of_its_own_finds_the_first_and_pays_nothing() {
    let house = House::new();
    asks(&house, "key", "8784h");
    let watchkeeper = house.start();
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["paid"]);
    house.settle(&watchkeeper);

    let mut other = Deployment::new("");
    copy(&house, &mut other);
    let second = super::support::ready(Watchkeeper::start(&other));
    let ran = second.ran_while("pays", || {});
    let (outcome, text) = ran.only();
    assert_eq!(outcome, "denied", "{text}");
    assert!(text.contains("another program uses its key"), "{text}");
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["repeated"], "the first goes on");
    assert_eq!((house.sent().len(), house.wire().len()), (1, 1));
}

/// All of the house but its ledger.
fn copy(house: &House, other: &mut Deployment) {
    let text = std::fs::read(house.deployment.path("watchkeeper.toml")).expect("its configuration");
    other.write("watchkeeper.toml", &text);
    let job = std::fs::read(house.deployment.path("jobs.d/pays.toml")).expect("its job");
    other.write("jobs.d/pays.toml", &job);
    other.plugin("payer");
    let status = std::process::Command::new("cp")
        .arg("-a")
        .arg(house.deployment.path("keys"))
        .arg(other.path("keys"))
        .status()
        .expect("cp runs");
    assert!(status.success());
}
