//! Another program that uses the account's key: it can't be prevented, so it is found, shown, and never answered by a second
//! payment.

use alloy_primitives::U256;
use serde_json::json;

use super::{
    ANYBODY, SOON,
    support::{Ask, House, ONE, Runs, Stage, coins, deposit_rule, deposited, payer, total_deposit},
};
use crate::support::{Fault, Sending, Watchkeeper, eventually, wire};

/// A house with a job `pays`, which deposits 2 for the paymaster where that has less than 1.
fn house(policy: serde_json::Value) -> House {
    let house = Stage::new().policy(policy).build();
    asks(&house, "key");
    house
}

fn asks(house: &House, key: &str) {
    let ask = Ask::deposit(key, house.entry_point, &house.paymaster, 2 * ONE);
    let rule = deposit_rule(house.entry_point, &house.paymaster, &coins(ONE), &coins(2 * ONE));
    house.job("pays", &payer(json!({}), &[ask], json!({"dry_run": false, "allow": [rule]})));
}

/// Why the account pays nothing.
fn stopped(watchkeeper: &Watchkeeper) -> Option<String> {
    let accounts = watchkeeper.api("accounts");
    accounts["accounts"][0]["stopped"].as_str().map(str::to_owned)
}

#[test]
fn a_transaction_that_the_journal_does_not_know_stops_the_account_until_it_is_adopted() {
    let house = house(json!({}));
    let foreign = house.foreign(ANYBODY, 7, 0, 5);
    let watchkeeper = house.start();
    // It waits for a block, and a block has it: both stop the account.
    for mined in [false, true] {
        if mined {
            house.anvil.mine(1);
        }
        let ran = watchkeeper.ran_while("pays", || {});
        let (outcome, text) = ran.only();
        assert_eq!(outcome, "denied", "mined: {mined}: {text}");
        assert!(text.contains("account funder") && text.contains("watchkeeper account adopt funder"), "{text}");
        assert!(stopped(&watchkeeper).is_some_and(|why| why.contains("another program uses its key")));
        assert_eq!(house.wire(), [], "nothing was signed");
    }
    let shown = watchkeeper.metrics();
    assert_eq!(shown.value("watchkeeper_account_stopped", &[("account", "funder")]), Some(1.0));

    let adopted = watchkeeper.ask(&["account", "adopt", "funder"]);
    assert_eq!(adopted.code, Some(0), "{adopted:?}");
    assert_eq!(stopped(&watchkeeper), None);
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["paid"]);
    house.settle(&watchkeeper);
    let hashes: Vec<String> = house.sent().into_iter().map(|sent| sent.hash).collect();
    assert_eq!(hashes[0], foreign);
    assert_eq!(hashes.len(), 2, "one of theirs, one of ours");
    assert_eq!(total_deposit(&house.anvil, house.entry_point, &house.paymaster), 2 * ONE);
}

#[test]
fn a_payment_whose_nonce_another_program_used_is_abandoned_and_says_by_what() {
    let house = house(json!({"replace_after": "1h"}));
    let watchkeeper = house.start();
    let mut foreign = None;
    let ran = watchkeeper.ran_while("pays", || match (&foreign, house.wire().first()) {
        (None, Some(ours)) => foreign = Some(house.foreign(ANYBODY, 7, ours.nonce, 500)),
        (Some(_), _) => house.mine_at_pace(),
        (None, None) => {}
    });
    let foreign = foreign.expect("it was sent");
    let (outcome, text) = ran.only();
    assert_eq!(outcome, "abandoned", "{text}");
    assert!(text.contains(&foreign), "it names what used the nonce: {text}");
    let entry = house.reaches(&watchkeeper, "key", "abandoned");
    assert!(entry.reason.is_some_and(|reason| reason.contains(&foreign)));
    assert_eq!(deposited(&house.anvil, house.entry_point, &house.paymaster), [], "it was not paid");

    // The key is used up; another one pays.
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["abandoned"]);
    asks(&house, "another key");
    assert_eq!(watchkeeper.act("/-/reload", &[]).status, 200);
    let ran = watchkeeper.ran(&house, "pays");
    let (outcome, text) = ran.only();
    assert_eq!(outcome, "denied", "somebody has to look at it first: {text}");
    assert!(text.contains("watchkeeper account adopt funder") && stopped(&watchkeeper).is_some(), "{text}");
    let adopted = watchkeeper.post("accounts/funder/adopt", &json!({}));
    assert_eq!(adopted.status, 200, "{}", adopted.text());
    let ran = watchkeeper.ran(&house, "pays");
    assert_eq!(ran.outcomes(), ["paid"], "{ran:#?}");
    house.settle(&watchkeeper);
    assert_eq!(deposited(&house.anvil, house.entry_point, &house.paymaster).len(), 1);
}

#[test]
fn a_payment_is_not_given_up_before_what_used_its_nonce_is_deep() {
    let house = house(json!({"replace_after": "1h", "confirmations": 3}));
    let watchkeeper = house.start();
    house.node().set(Fault::Sending(Sending::Forgets));
    let mut steps = 0;
    let ran = watchkeeper.ran_while("pays", || match (steps, house.wire().first()) {
        (0, Some(ours)) => {
            house.foreign(ANYBODY, 7, ours.nonce, 5);
            house.anvil.mine(1);
            steps = 1;
        }
        (1, _) if super::support::journal(&watchkeeper)[0].undecided.is_some() => {
            let entry = super::support::journal(&watchkeeper)[0].clone();
            assert_eq!(entry.state, "broadcast", "the block may yet be replaced: {entry:?}");
            steps = 2;
        }
        (2, _) => house.mine_at_pace(),
        _ => {}
    });
    assert_eq!(ran.outcomes(), ["abandoned"], "{ran:#?}");
    assert_eq!(deposited(&house.anvil, house.entry_point, &house.paymaster), []);
}

#[test]
fn what_left_the_account_without_the_journal_is_shown() {
    let house = house(json!({}));
    let mut watchkeeper = house.start();
    let unexplained = |watchkeeper: &Watchkeeper| {
        let account = watchkeeper.api("accounts")["accounts"][0].clone();
        account["balance"].is_object().then(|| account["unexplained"].as_str().map(str::to_owned))
    };
    assert_eq!(eventually("the account to be read", SOON, || unexplained(&watchkeeper)), None);
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["paid"]);
    house.settle(&watchkeeper);
    assert_eq!(watchkeeper.end(), Some(0));

    // What the journal knows explains all that is gone.
    let mut watchkeeper = house.start();
    assert_eq!(eventually("the account to be read", SOON, || unexplained(&watchkeeper)), None);
    assert_eq!(watchkeeper.end(), Some(0));

    let balance = wire::number(&house.anvil.rpc("eth_getBalance", json!([House::ACCOUNT, "latest"])));
    house.anvil.rpc("anvil_setBalance", json!([House::ACCOUNT, format!("{:#x}", balance - U256::from(3 * ONE))]));
    house.anvil.mine(1);
    let mut watchkeeper = house.start();
    let why = eventually("what is missing to be noticed", SOON, || unexplained(&watchkeeper).flatten());
    assert!(why.contains("account funder") && why.contains("3 USDC"), "{why}");
    let labels = [("account", "funder")];
    assert_eq!(watchkeeper.metrics().value("watchkeeper_account_unexplained_outflow", &labels), Some(3.0));
    let adopted = watchkeeper.post("accounts/funder/adopt", &json!({}));
    assert_eq!(adopted.status, 200, "{}", adopted.text());
    assert_eq!(watchkeeper.end(), Some(0));

    house.foreign(ANYBODY, 1, 1, 5);
    house.anvil.mine(1);
    let watchkeeper = house.start();
    let why = eventually("the transaction to be noticed", SOON, || unexplained(&watchkeeper).flatten());
    assert!(why.contains("another program uses its key"), "{why}");
    assert_eq!(watchkeeper.metrics().value("watchkeeper_account_unexplained_transactions", &labels), Some(1.0));
}
