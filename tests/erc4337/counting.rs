//! Each operation once: whatever becomes of the process, and whatever the chain takes back before it is settled.

use std::time::Duration;

use serde_json::json;

use super::{DEPTH, PATIENCE, close, deployment, job, receipts, settled, sponsored, stage_with_paymaster, value};
use crate::support::{Anvil, Exposition, Fault, FaultProxy, Signal, Watchkeeper, contracts::EntryPoint, eventually};

const VERSION: EntryPoint = EntryPoint::V07;
const OURS: [(&str, &str); 1] = [("paymaster", "ours")];

fn operations(scrape: &Exposition) -> f64 {
    let labels = [OURS[0], ("outcome", "success")];
    value(scrape, VERSION, "erc4337_operations_total", &labels).unwrap_or(0.0)
}

fn cost(scrape: &Exposition) -> f64 {
    value(scrape, VERSION, "erc4337_operation_cost_native_total", &OURS).unwrap_or(0.0)
}

/// How many settled operations the chain has, and their cost.
fn there(anvil: &Anvil) -> (f64, f64) {
    let last = anvil.quantity("eth_blockNumber", json!([])) - DEPTH;
    let told = receipts::operations(anvil, VERSION, last);
    (told.len() as f64, told.iter().map(|told| told.cost).sum::<u128>() as f64 / 1e18)
}

#[test]
fn a_kill_at_any_time_loses_and_doubles_nothing() {
    let anvil = Anvil::start(&[]);
    let proxy = FaultProxy::start(anvil.url());
    let (stage, ours) = stage_with_paymaster(&anvil, VERSION);
    let deployment = deployment(&proxy.url(), &job(&[("ours", &ours)], ""));
    let mut watchkeeper = Watchkeeper::start(&deployment);
    settled(&watchkeeper, &anvil);
    // Counters begin anew with the process: what one showed before its end is added to what the next one shows.
    let (mut counted, mut spent) = (0.0, 0.0);
    // Killed early in a run, and late in one.
    for requests in [2, 9] {
        proxy.set(Fault::Slow(Duration::from_millis(500)));
        sponsored(&stage, &ours);
        anvil.mine(DEPTH);
        let asked = proxy.requests();
        eventually("a run to be on its way", PATIENCE, || (proxy.requests() >= asked + requests).then_some(()));
        let shown = watchkeeper.metrics();
        watchkeeper.signal(Signal::KILL);
        assert_eq!(watchkeeper.wait(), None);
        (counted, spent) = (counted + operations(&shown), spent + cost(&shown));
        proxy.set(Fault::Pass);
        watchkeeper = Watchkeeper::start(&deployment);
        let scrape = settled(&watchkeeper, &anvil);
        let (count, wei) = there(&anvil);
        assert_eq!(counted + operations(&scrape), count);
        assert!(close(spent + cost(&scrape), wei), "{spent} and {}, not {wei}", cost(&scrape));
    }
}

#[test]
fn what_is_taken_back_before_it_settles_is_never_counted() {
    let anvil = Anvil::start(&[]);
    let (stage, ours) = stage_with_paymaster(&anvil, VERSION);
    let folder = deployment(anvil.url(), &job(&[("ours", &ours)], ""));
    let watchkeeper = Watchkeeper::start(&folder);
    settled(&watchkeeper, &anvil);
    for _ in 0..3 {
        sponsored(&stage, &ours);
        watchkeeper.after_run("ops", "success");
        anvil.rpc("anvil_reorg", json!([1, []]));
        sponsored(&stage, &ours);
        let scrape = settled(&watchkeeper, &anvil);
        let (count, spent) = there(&anvil);
        assert_eq!(operations(&scrape), count);
        assert!(close(cost(&scrape), spent));
        assert_eq!(scrape.value("erc4337_reorganisations_total", &[]), Some(0.0));
    }
}

#[test]
fn a_reorganisation_below_the_depth_is_said_and_rates_are_those_of_the_chain_that_is_there() {
    let anvil = Anvil::start(&[]);
    let (stage, ours) = stage_with_paymaster(&anvil, VERSION);
    let folder = deployment(anvil.url(), &job(&[("ours", &ours)], "windows = [\"1h\"]\n"));
    let watchkeeper = Watchkeeper::start(&folder);
    for _ in 0..3 {
        sponsored(&stage, &ours);
    }
    let before = settled(&watchkeeper, &anvil);
    anvil.rpc("anvil_reorg", json!([DEPTH + 2, []]));
    anvil.mine(1);
    let after = settled(&watchkeeper, &anvil);
    assert_eq!(after.value("erc4337_reorganisations_total", &[]), Some(1.0));
    assert_eq!(operations(&after), operations(&before), "what was counted stays");
    let (count, spent) = there(&anvil);
    assert_eq!(count, operations(&before) - 2.0);
    let end = after.value("paymaster_windows_end_timestamp_seconds", &[]).unwrap() as u64;
    let seconds = end - (end - 3_600) / 60 * 60;
    let rate = value(&after, VERSION, "paymaster_burn_native_per_second", &[OURS[0], ("window", "1h")]).unwrap();
    assert!(close(rate, spent / seconds as f64), "{rate}, not {spent} in {seconds} s");
}
