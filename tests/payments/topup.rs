//! `paymaster-topup` with the real EntryPoints of every version: each paymaster in need gets exactly one deposit in a period, up to
//! the level; what the chain has is what is compared.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::support::{
    House, ONE, Runs, SYMBOL, Stage, coins, deposit_data, deposit_rule, deposited, topup, total_deposit,
};
use crate::support::{Watchkeeper, eventually};

const THRESHOLD: u128 = ONE / 2;
const TARGET: u128 = 2 * ONE;
/// So long that no test passes from one to the next by itself.
const PERIOD: &str = "365d";
const PERIOD_SECONDS: u64 = 365 * 86_400;

/// A paymaster at an EntryPoint.
#[derive(Debug, Clone)]
struct Place {
    version: &'static str,
    entry_point: &'static str,
    paymaster: String,
}

impl Place {
    fn deposits(&self, house: &House) -> Vec<u128> {
        let deposited = deposited(&house.anvil, self.entry_point, &self.paymaster);
        deposited.iter().map(|deposited| deposited.total).collect()
    }

    fn total(&self, house: &House) -> u128 {
        total_deposit(&house.anvil, self.entry_point, &self.paymaster)
    }
}

/// The job `topup` for these paymasters; keys of its config and of its grant.
fn job(house: &House, places: &[Place], config: Value, grant: Value) {
    let mut entry_points: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for place in places {
        entry_points.entry(place.version).or_default().push(json!({"address": place.paymaster}));
    }
    let entry_points =
        entry_points.iter().map(|(version, paymasters)| json!({"version": version, "paymasters": paymasters}));
    let entry_points: Vec<Value> = entry_points.collect();
    let rule = |place: &Place| deposit_rule(place.entry_point, &place.paymaster, &coins(THRESHOLD), &coins(TARGET));
    let rules: Vec<Value> = places.iter().map(rule).collect();
    let mut lent = json!({"dry_run": false, "allow": rules});
    super::support::merge(&mut lent, grant);
    let mut keys = json!({"config": {
        "currency": {"symbol": SYMBOL, "decimals": 18},
        "entry_points": entry_points,
        "threshold": coins(THRESHOLD),
        "target": coins(TARGET),
        "period": PERIOD,
    }});
    super::support::merge(&mut keys["config"], config);
    house.deployment.plugin("paymaster-topup");
    house.job("topup", &topup(keys, lent));
}

/// A paymaster of EntryPoint 0.7 with a deposit.
fn with_deposit(house: &House, wei: u128) -> Place {
    let place =
        Place { version: "0.7", entry_point: house.entry_point, paymaster: house.paymaster_of(house.entry_point) };
    if wei > 0 {
        house.endow(place.entry_point, &place.paymaster, wei);
    }
    place
}

fn counted(watchkeeper: &Watchkeeper, name: &str, labels: &[(&str, &str)]) -> f64 {
    watchkeeper.metrics().all(name, labels).iter().map(|sample| sample.value).sum()
}

#[test]
fn with_every_version_who_is_below_gets_one_deposit_and_who_is_not_gets_none() {
    let house = House::new();
    let versions = house.all_entry_points();
    let place = |(version, entry_point): (&'static str, &'static str), wei: u128| {
        let paymaster = house.paymaster_of(entry_point);
        house.endow(entry_point, &paymaster, wei);
        Place { version, entry_point, paymaster }
    };
    let poor = versions.map(|version| place(version, THRESHOLD - 1));
    let rich = versions.map(|version| place(version, THRESHOLD));
    job(&house, &[&poor[..], &rich[..]].concat(), json!({}), json!({}));
    let watchkeeper = house.start();
    let ran = watchkeeper.ran(&house, "topup");
    assert_eq!(ran.outcome, "success", "{ran:#?}");
    assert!(ran.message.contains("for 4 of 8 paymasters"), "a line for people: {}", ran.message);
    house.settle(&watchkeeper);
    for place in &poor {
        assert_eq!(place.deposits(&house), [THRESHOLD - 1, TARGET], "{place:?}");
        assert_eq!(place.total(&house), TARGET, "{place:?}");
    }
    for place in &rich {
        assert_eq!(place.deposits(&house), [THRESHOLD], "{place:?}");
    }
    let sent = house.sent();
    let mut paid: Vec<_> = sent.iter().map(|sent| (sent.to.clone(), sent.data.clone(), sent.value)).collect();
    let mut wanted: Vec<_> = poor
        .iter()
        .map(|place| (place.entry_point.to_lowercase(), deposit_data(&place.paymaster), TARGET - THRESHOLD + 1))
        .collect();
    paid.sort();
    wanted.sort();
    assert_eq!(paid, wanted);
    assert_eq!(house.wire().len(), 4, "nothing else was signed");
    assert_eq!(counted(&watchkeeper, "topup_intents_total", &[("outcome", "paid")]), 4.0);
    let spent = counted(&watchkeeper, "topup_spent_native_total", &[]);
    assert!((spent - 4.0 * 1.5).abs() < 1e-9, "{spent}");
    let fees: u128 = sent.iter().map(|sent| sent.fee).sum();
    let shown = counted(&watchkeeper, "topup_fee_native_total", &[]);
    assert!((shown - fees as f64 / 1e18).abs() < 1e-15, "{shown} is not {fees}");

    // All have enough now.
    let ran = watchkeeper.ran(&house, "topup");
    assert_eq!(ran.outcome, "success", "{ran:#?}");
    assert_eq!((house.sent().len(), house.wire().len()), (4, 4));
}

#[test]
fn in_one_period_a_paymaster_is_paid_once_however_often_it_is_asked_for() {
    let house = House::new();
    let place = with_deposit(&house, 0);
    job(&house, std::slice::from_ref(&place), json!({}), json!({}));
    let mut watchkeeper = house.start();
    assert_eq!(watchkeeper.ran(&house, "topup").outcome, "success");
    house.settle(&watchkeeper);
    // It spends all of it at once; also another process knows that it was paid.
    house.drain(&place.paymaster, TARGET);
    house.anvil.mine(1);
    assert_eq!(watchkeeper.ran(&house, "topup").outcome, "success");
    assert_eq!(watchkeeper.end(), Some(0));
    let watchkeeper = house.start();
    for _ in 0..3 {
        let ran = watchkeeper.ran(&house, "topup");
        assert_eq!(ran.outcome, "success", "{ran:#?}");
        assert!(ran.message.contains("in this period already"), "{}", ran.message);
    }
    assert_eq!(place.deposits(&house), [TARGET]);
    assert_eq!(house.wire().len(), 1);

    house.anvil.rpc("evm_increaseTime", json!([PERIOD_SECONDS + 1]));
    house.anvil.mine(1);
    assert_eq!(watchkeeper.ran(&house, "topup").outcome, "success");
    house.settle(&watchkeeper);
    assert_eq!(place.deposits(&house), [TARGET, TARGET], "the next period pays again");
    assert_eq!(counted(&watchkeeper, "topup_intents_total", &[("outcome", "paid")]), 1.0, "since this process began");
}

#[test]
fn a_run_that_dies_after_it_paid_pays_nothing_more_in_the_next_try() {
    let house = House::new();
    let place = with_deposit(&house, 0);
    job(&house, std::slice::from_ref(&place), json!({}), json!({}));
    let mut watchkeeper = house.start();
    let asked = watchkeeper.post("jobs/topup/run", &json!({}));
    assert!(asked.status < 300, "{}", asked.text());
    eventually("it to be signed", super::SOON, || (!house.wire().is_empty()).then_some(()));
    watchkeeper.signal(crate::support::Signal::KILL);
    watchkeeper.wait();
    let watchkeeper = house.start();
    let ran = watchkeeper.ran(&house, "topup");
    assert!(["success", "indeterminate"].contains(&ran.outcome.as_str()), "{ran:#?}");
    house.settle(&watchkeeper);
    assert_eq!(watchkeeper.ran(&house, "topup").outcome, "success");
    assert_eq!(place.deposits(&house), [TARGET]);
    assert_eq!(counted(&watchkeeper, "topup_intents_total", &[("outcome", "paid")]), 1.0, "it is counted once");
}

#[test]
fn a_short_budget_serves_the_neediest_first_and_the_rest_in_part_if_so_configured() {
    for partial in [true, false] {
        let house = House::new();
        let needy = with_deposit(&house, 0);
        let poor = with_deposit(&house, THRESHOLD / 2);
        let budget = json!({"max_24h": coins(5 * ONE / 2)});
        job(&house, &[poor.clone(), needy.clone()], json!({"partial": partial}), budget);
        let watchkeeper = house.start();
        let ran = watchkeeper.ran(&house, "topup");
        assert_eq!(ran.outcome, "success", "{ran:#?}");
        house.settle(&watchkeeper);
        assert_eq!(needy.total(&house), TARGET, "partial = {partial}");
        let half = THRESHOLD / 2 + ONE / 2;
        assert_eq!(poor.total(&house), if partial { half } else { THRESHOLD / 2 }, "partial = {partial}");
        let short = counted(&watchkeeper, "topup_intents_total", &[("outcome", "budget_short")]);
        assert_eq!(short, if partial { 0.0 } else { 1.0 });
        let left = watchkeeper.metrics().value("topup_budget_remaining_native", &[("window", "24h")]);
        assert!(left.is_some(), "what is left is shown");
        assert!(house.sent().iter().map(|sent| sent.value).sum::<u128>() <= 5 * ONE / 2);
    }
}

#[test]
fn a_new_job_pays_nothing_until_its_grant_says_so() {
    let house = Stage::new().build();
    let place = with_deposit(&house, 0);
    // Left out, as in a grant that says nothing of it.
    job(&house, std::slice::from_ref(&place), json!({}), json!({}));
    let written = std::fs::read_to_string(house.deployment.path("jobs.d/topup.toml")).expect("the job");
    house.deployment.job("topup", &written.replace("dry_run = false\n", ""));
    let watchkeeper = house.start();
    let ran = watchkeeper.ran(&house, "topup");
    assert_eq!(ran.outcome, "success", "{ran:#?}");
    assert!(ran.message.contains("would deposit 2 USDC"), "{}", ran.message);
    assert_eq!(counted(&watchkeeper, "topup_intents_total", &[("outcome", "dry_run")]), 1.0);
    house.nothing_left();
    job(&house, std::slice::from_ref(&place), json!({}), json!({}));
    assert_eq!(watchkeeper.act("/-/reload", &[]).status, 200);
    assert_eq!(watchkeeper.ran(&house, "topup").outcome, "success");
    house.settle(&watchkeeper);
    assert_eq!(place.deposits(&house), [TARGET]);
}

#[test]
fn what_the_plugin_can_not_read_it_does_not_pay_and_the_others_are_served() {
    let house = House::new();
    let good = with_deposit(&house, 0);
    let place = Place { version: "0.8", entry_point: "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108", ..good.clone() };
    // Nothing is at that EntryPoint's address on this chain.
    job(&house, &[good.clone(), place], json!({}), json!({}));
    let watchkeeper = house.start();
    let ran = watchkeeper.ran(&house, "topup");
    assert_eq!(ran.outcome, "failed", "{ran:#?}");
    house.settle(&watchkeeper);
    assert_eq!(good.deposits(&house), [TARGET]);
    assert_eq!(house.wire().len(), 1);
}
