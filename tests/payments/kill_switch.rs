//! The kill switch: a file and an API call stop all payments at once, whatever is going on, and across restarts.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    SOON,
    support::{Ask, House, ONE, Runs, Stage, payer, transfer_rule},
};
use crate::support::{Fault, Sending, Watchkeeper, eventually};

const FRIEND: &str = "0x00000000000000000000000000000000000d0001";
/// Long enough for a transaction to be replaced, and sent again, twice.
const WHILE: Duration = Duration::from_secs(3);

fn house() -> House {
    let house = Stage::new().policy(json!({"replace_after": "1s"})).build();
    asks(&house, "key");
    house
}

fn asks(house: &House, key: &str) {
    let lent = json!({"dry_run": false, "allow": [transfer_rule(FRIEND)]});
    house.job("pays", &payer(json!({}), &[Ask::pay(key, FRIEND, ONE)], lent));
}

#[track_caller]
fn pays_nothing(house: &House, watchkeeper: &Watchkeeper, words: &str) {
    let ran = watchkeeper.ran(house, "pays");
    let (outcome, text) = ran.only();
    assert_eq!(outcome, "denied", "{text}");
    assert!(text.contains("all payments are stopped") && text.contains(words), "{words}: {text}");
    let stopped = watchkeeper.api("accounts")["stopped"].clone();
    assert!(stopped["note"].as_str().is_some_and(|note| note.contains(words)), "{words}: {stopped}");
    assert_eq!(watchkeeper.get("/accounts", &[]).text().matches(words).count().min(1), 1, "people see it");
    house.nothing_left();
}

#[test]
fn a_call_stops_payments_until_another_lets_them_go_on() {
    let house = house();
    let mut watchkeeper = house.start();
    let stopped = watchkeeper.post("payments/stop", &json!({"note": "something smells"}));
    assert_eq!(stopped.status, 200, "{}", stopped.text());
    pays_nothing(&house, &watchkeeper, "something smells");
    eventually("the metric to say so", SOON, || {
        (watchkeeper.metrics().value("watchkeeper_payments_stopped", &[]) == Some(1.0)).then_some(())
    });
    let actions = watchkeeper.api("actions");
    let written = actions["actions"].as_array().expect("a list").iter();
    let stops: Vec<&Value> = written.filter(|action| action["verb"] == "stop-payments").collect();
    assert_eq!((stops.len(), &stops[0]["note"]), (1, &json!("something smells")), "it is written down: {actions}");
    assert_eq!(watchkeeper.end(), Some(0));
    let watchkeeper = house.start();
    pays_nothing(&house, &watchkeeper, "something smells");
    let resumed = watchkeeper.post("payments/resume", &json!({}));
    assert_eq!(resumed.status, 200, "{}", resumed.text());
    assert_eq!(watchkeeper.api("accounts")["stopped"], Value::Null);
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["paid"]);
}

#[test]
fn a_command_stops_payments_and_another_lets_them_go_on() {
    let house = house();
    let watchkeeper = house.start();
    let stopped = watchkeeper.ask(&["payments", "stop", "--note", "by hand"]);
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    pays_nothing(&house, &watchkeeper, "by hand");
    let resumed = watchkeeper.ask(&["payments", "resume"]);
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["paid"]);
}

#[test]
fn a_file_stops_payments_as_long_as_it_is_there() {
    let house = house();
    let watchkeeper = house.start();
    house.deployment.write("payments.stop", b"");
    pays_nothing(&house, &watchkeeper, "payments.stop");
    let resumed = watchkeeper.post("payments/resume", &json!({}));
    assert_eq!(resumed.status, 409, "the file says otherwise: {}", resumed.text());
    pays_nothing(&house, &watchkeeper, "payments.stop");
    fs::remove_file(house.deployment.path("payments.stop")).expect("our file");
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["paid"]);
}

#[test]
fn what_is_under_way_is_followed_and_not_sent_again() {
    for by_file in [true, false] {
        let house = house();
        let watchkeeper = house.start();
        house.node().set(Fault::Sending(Sending::Forgets));
        let asked = watchkeeper.post("jobs/pays/run", &json!({}));
        assert!(asked.status < 300, "{}", asked.text());
        house.reaches(&watchkeeper, "key", "broadcast");
        if by_file {
            house.deployment.write("payments.stop", b"");
        } else {
            assert_eq!(watchkeeper.post("payments/stop", &json!({})).status, 200);
        }
        // What was on its way when it was stopped has arrived after that.
        let since = Instant::now();
        eventually("a moment", SOON, || (since.elapsed() > WHILE / 3).then_some(()));
        let before = house.node().signed();
        eventually("time to pass", SOON, || (since.elapsed() > WHILE + WHILE / 3).then_some(()));
        assert_eq!(house.node().signed(), before, "nothing is sent while it is stopped");
        // Somebody had kept it: a block has it now.
        house.anvil.rpc("eth_sendRawTransaction", json!([before[0]]));
        house.anvil.mine(1);
        let entries = house.settle(&watchkeeper);
        assert_eq!(entries[0].state, "confirmed", "{entries:?}");
        assert_eq!(house.sent().len(), 1);
    }
}

#[test]
fn a_stop_in_the_midst_of_many_payments_leaves_each_whole_or_not_made() {
    let house = house();
    let targets: Vec<String> = (0..20).map(|number| format!("0x{:040x}", 0xd0000 + number)).collect();
    let asks: Vec<Ask> = targets.iter().map(|target| Ask::pay(&target[36..], target, ONE)).collect();
    let rules: Vec<Value> = targets.iter().map(|target| transfer_rule(target)).collect();
    let keys = json!({"config": {"together": true}});
    house.job("many", &payer(keys, &asks, json!({"dry_run": false, "allow": rules})));
    let watchkeeper = house.start();
    let mut stopped = None;
    let ran = watchkeeper.ran_while("many", || {
        if stopped.is_none() && house.node().signed().len() >= 3 {
            assert_eq!(watchkeeper.post("payments/stop", &json!({"note": "now"})).status, 200);
            stopped = Some(house.wire().len());
        }
        if stopped.is_some() {
            house.mine_what_waits();
        }
    });
    let signed = house.wire().len();
    let stopped = stopped.expect("it was stopped");
    assert!(signed <= stopped + 1 && signed < targets.len(), "{signed} were signed, {stopped} before the stop");
    assert_eq!(ran.said.len(), targets.len(), "{ran:#?}");
    let denied = ran.outcomes().iter().filter(|outcome| **outcome == "denied").count();
    assert!(denied >= targets.len() - signed - 1, "{ran:#?}");

    // One may have been signed and not sent: it goes on with all else.
    assert_eq!(watchkeeper.post("payments/resume", &json!({})).status, 200);
    let entries = house.settle(&watchkeeper);
    let confirmed = entries.iter().filter(|entry| entry.state == "confirmed").count();
    assert_eq!((confirmed, house.sent().len()), (house.wire().len(), house.wire().len()), "{entries:?}");
    assert!(confirmed <= stopped + 1, "{entries:?}");
}
