//! A payment outlives what asked for it: a run that is cancelled or runs out of time, a job or an account that is removed, a
//! configuration that changes. It is followed to its end, counts all the while, and is paid once.

use serde_json::{Value, json};

use super::{
    SOON,
    support::{Ask, House, ONE, Runs, Stage, coins, journal, payer, transfer_rule},
};
use crate::support::{FaultProxy, Watchkeeper, eventually};

const TARGETS: [&str; 3] = [
    "0x00000000000000000000000000000000000ab001",
    "0x00000000000000000000000000000000000ab002",
    "0x00000000000000000000000000000000000ab003",
];

fn lent() -> Value {
    json!({"dry_run": false, "allow": TARGETS.map(transfer_rule)})
}

/// A house, and a run of its job `pays` whose payment waits for a block.
fn under_way(timeout: &str) -> (House, Watchkeeper, String) {
    let house = House::new();
    house.job("pays", &payer(json!({"timeout": timeout}), &[Ask::pay("key", TARGETS[0], ONE)], lent()));
    let watchkeeper = house.start();
    let asked = watchkeeper.post("jobs/pays/run", &json!({}));
    assert!(asked.status < 300, "{}", asked.text());
    let run = asked.json()["run"].as_str().expect("a run").to_owned();
    house.reaches(&watchkeeper, "key", "broadcast");
    (house, watchkeeper, run)
}

/// It was paid once.
#[track_caller]
fn is_paid_once(house: &House, watchkeeper: &Watchkeeper) {
    let entries = house.settle(watchkeeper);
    assert_eq!(entries.iter().map(|entry| entry.state.as_str()).collect::<Vec<_>>(), ["confirmed"]);
    assert_eq!((house.sent().len(), house.wire().len()), (1, 1));
}

#[track_caller]
fn reload(watchkeeper: &Watchkeeper) {
    let reloaded = watchkeeper.act("/-/reload", &[]);
    assert_eq!(reloaded.status, 200, "{}", reloaded.text());
}

#[test]
fn of_a_run_that_is_cancelled() {
    let (house, watchkeeper, run) = under_way("60s");
    let cancelled = watchkeeper.post(&format!("runs/{run}/cancel"), &json!({}));
    assert!(cancelled.status < 300, "{}", cancelled.text());
    eventually("the run to end", SOON, || {
        (watchkeeper.api(&format!("runs/{run}"))["run"]["outcome"] == "cancelled").then_some(())
    });
    assert_eq!(journal(&watchkeeper)[0].state, "broadcast", "it goes on without it");
    is_paid_once(&house, &watchkeeper);
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["repeated"]);
}

#[test]
fn of_a_run_that_has_no_time_left() {
    let (house, watchkeeper, run) = under_way("3s");
    let detail = eventually("the run to end", SOON, || {
        let detail = watchkeeper.api(&format!("runs/{run}"));
        detail["run"]["outcome"].is_string().then_some(detail)
    });
    assert_eq!(detail["run"]["message"], "indeterminate: 1", "it is told in time: {detail}");
    assert_eq!(watchkeeper.ran_while("pays", || {}).outcomes(), ["indeterminate"], "asking again changes nothing");
    is_paid_once(&house, &watchkeeper);
    assert_eq!(watchkeeper.ran(&house, "pays").outcomes(), ["repeated"]);
}

#[test]
fn of_a_job_that_is_removed() {
    let (house, watchkeeper, _) = under_way("60s");
    house.deployment.remove_job("pays");
    eventually("the job to be gone", SOON, || watchkeeper.overview().jobs().is_empty().then_some(()));
    is_paid_once(&house, &watchkeeper);
}

#[test]
fn of_a_configuration_that_changes_and_it_still_counts() {
    let (mut house, watchkeeper, _) = under_way("60s");
    // Other endpoints and another cap; nothing of the payment is lost.
    house.nodes.insert(0, FaultProxy::start(house.anvil.url()));
    house.nodes.push(FaultProxy::start(house.anvil.url()));
    let (max_payment, max_24h) = (coins(2 * ONE), coins(2 * ONE));
    house.reconfigure(json!({"max_payment": max_payment, "max_24h": max_24h}));
    let asks = [Ask::pay("another", TARGETS[1], ONE), Ask::pay("too much", TARGETS[2], 1)];
    house.job("also", &payer(json!({}), &asks, lent()));
    reload(&watchkeeper);
    let ran = watchkeeper.ran(&house, "also");
    assert_eq!(ran.outcomes(), ["paid", "over_budget"], "what is under way counts: {ran:#?}");
    house.settle(&watchkeeper);
    let sent = house.sent();
    assert_eq!(sent.iter().map(|sent| (sent.nonce, sent.value)).collect::<Vec<_>>(), [(0, ONE), (1, ONE)]);
    assert_eq!(house.wire().len(), 2);
}

#[test]
fn of_an_account_that_is_removed_and_comes_back() {
    let (mut house, watchkeeper, _) = under_way("60s");
    let with = std::fs::read_to_string(house.deployment.path("watchkeeper.toml")).expect("the configuration");
    let (without, _) = with.split_once("[accounts.funder]").expect("an account, after the chains");
    let chains = with.find("[chains").expect("chains");
    assert!(chains > without.len(), "the account stands first: {with}");
    let text = format!("{without}{}", &with[chains..]);
    house.deployment.write("watchkeeper.toml", text.as_bytes());
    house.deployment.remove_job("pays");
    eventually("the account to be gone", SOON, || {
        let _reloaded = watchkeeper.act("/-/reload", &[]);
        watchkeeper.api("accounts")["accounts"].as_array().is_some_and(Vec::is_empty).then_some(())
    });
    house.anvil.mine(5);
    house.reconfigure(json!({}));
    reload(&watchkeeper);
    is_paid_once(&house, &watchkeeper);
}

#[test]
fn jobs_that_pay_from_one_account_at_once_share_no_nonce_and_no_target() {
    let house = Stage::new().policy(json!({"confirmations": 1})).build();
    let own = |job: usize, number: usize| format!("0x{:040x}", 0xabc_000 + 0x100 * job + number);
    const JOBS: usize = 3;
    const EACH: usize = 6;
    for job in 0..JOBS {
        let targets: Vec<String> = (0..EACH).map(|number| own(job, number)).chain([TARGETS[0].to_owned()]).collect();
        let asks: Vec<Ask> = targets.iter().map(|target| Ask::pay(target, target, ONE)).collect();
        let rules: Vec<Value> = targets.iter().map(|target| transfer_rule(target)).collect();
        let keys = json!({"config": {"together": true}});
        house.job(&format!("pays-{job}"), &payer(keys, &asks, json!({"dry_run": false, "allow": rules})));
    }
    let watchkeeper = house.start();
    for job in 0..JOBS {
        let asked = watchkeeper.post(&format!("jobs/pays-{job}/run"), &json!({}));
        assert!(asked.status < 300, "{}", asked.text());
    }
    // All that can be signed is, before the first block comes.
    eventually("all to be signed", SOON, || (house.wire().len() > JOBS * EACH).then_some(()));
    eventually("the others to be refused", SOON, || {
        let refused = journal(&watchkeeper).iter().filter(|entry| entry.state == "refused").count();
        (refused == JOBS - 1).then_some(())
    });
    house.settle(&watchkeeper);
    let sent = house.sent();
    assert_eq!(sent.len(), JOBS * EACH + 1, "{sent:?}");
    assert_eq!(
        sent.iter().filter(|sent| sent.to == TARGETS[0]).count(),
        1,
        "one was under way, the others were refused"
    );
    assert_eq!(sent.iter().map(|sent| sent.nonce).collect::<Vec<_>>(), (0..sent.len() as u64).collect::<Vec<_>>());
    assert_eq!(house.wire().len(), sent.len());
}
