//! Burn rate and runway against the receipts: right at once, after a crash, and with nothing remembered; unknown until covered.

use serde_json::json;

use super::{
    DEPTH, ETHER, PATIENCE, close, deployment, job, receipts, settled, sponsored, stage_with_paymaster, value,
};
use crate::support::{
    Anvil, Exposition, Signal, Watchkeeper,
    contracts::{EntryPoint, cast_call},
    eventually, quantity,
    user_operations::{Paymaster, first_word},
};

const VERSION: EntryPoint = EntryPoint::V07;
const WINDOWS: [(&str, u64); 4] = [("10m", 600), ("1h", 3_600), ("3h", 10_800), ("1d", 86_400)];
const CONFIG: &str = "windows = [\"10m\", \"1h\", \"3h\", \"1d\"]\n";

#[test]
fn rates_and_runways_are_those_of_the_receipts_at_once_and_after_a_crash() {
    let anvil = Anvil::start(&[]);
    let (stage, busy) = stage_with_paymaster(&anvil, VERSION);
    let idle = stage.paymaster();
    stage.deposit(&idle, ETHER / 4);
    for minutes in [200, 50, 31, 17, 11, 7, 3] {
        anvil.rpc("evm_increaseTime", json!([minutes * 60]));
        sponsored(&stage, &busy);
    }
    let job = job(&[("busy", &busy), ("idle", &idle)], CONFIG);
    let folder = deployment(anvil.url(), &job);
    let mut watchkeeper = Watchkeeper::start(&folder);
    let scrape = settled(&watchkeeper, &anvil);
    compare(&anvil, &scrape, &busy);
    for (window, _) in WINDOWS {
        let labels = [("paymaster", "idle"), ("window", window)];
        assert_eq!(value(&scrape, VERSION, "paymaster_burn_native_per_second", &labels), Some(0.0));
        assert_eq!(value(&scrape, VERSION, "paymaster_runway_seconds", &labels), Some(f64::INFINITY));
    }

    watchkeeper.signal(Signal::KILL);
    assert_eq!(watchkeeper.wait(), None);
    anvil.rpc("evm_increaseTime", json!([240]));
    sponsored(&stage, &busy);
    let watchkeeper = Watchkeeper::start(&folder);
    compare(&anvil, &settled(&watchkeeper, &anvil), &busy);

    let with_nothing_remembered = deployment(anvil.url(), &job);
    let other = Watchkeeper::start(&with_nothing_remembered);
    other.after_run("ops", "success");
    compare(&anvil, &other.metrics(), &busy);
}

#[test]
fn a_window_is_unknown_until_the_blocks_that_may_be_read_cover_it() {
    let anvil = Anvil::start(&[]);
    let (stage, busy) = stage_with_paymaster(&anvil, VERSION);
    anvil.rpc("anvil_mine", json!(["0x32", "0x3c"]));
    sponsored(&stage, &busy);
    let job = job(&[("busy", &busy)], &format!("{CONFIG}max_window_blocks = 5\n"));
    let folder = deployment(anvil.url(), &job);
    let watchkeeper = Watchkeeper::start(&folder);
    let scrape = settled(&watchkeeper, &anvil);
    assert!(scrape.all("paymaster_burn_native_per_second", &[]).is_empty());
    assert!(scrape.all("paymaster_runway_seconds", &[]).is_empty());
    assert!(value(&scrape, VERSION, "paymaster_deposit_native", &[("paymaster", "busy")]).is_some());

    anvil.rpc("anvil_mine", json!(["0xa", "0x3c"]));
    sponsored(&stage, &busy);
    let scrape = settled(&watchkeeper, &anvil);
    let known = scrape.all("paymaster_burn_native_per_second", &[("paymaster", "busy")]);
    assert_eq!(known.iter().map(|sample| sample.labels["window"].as_str()).collect::<Vec<_>>(), ["10m"]);
    compare_window(&anvil, &scrape, &busy, "10m", 600);
}

#[test]
fn a_paymaster_that_is_added_has_its_rate_at_the_next_run() {
    let anvil = Anvil::start(&[]);
    let (stage, late) = stage_with_paymaster(&anvil, VERSION);
    let first = stage.paymaster();
    anvil.rpc("evm_increaseTime", json!([300]));
    sponsored(&stage, &late);
    let deployment = deployment(anvil.url(), &job(&[("first", &first)], CONFIG));
    let watchkeeper = Watchkeeper::start(&deployment);
    settled(&watchkeeper, &anvil);
    deployment.job("ops", &job(&[("first", &first), ("busy", &late)], CONFIG));
    let labels = [("paymaster", "busy"), ("window", "1d")];
    let scrape = eventually("a rate of the new paymaster", PATIENCE, || {
        let scrape = watchkeeper.metrics();
        value(&scrape, VERSION, "paymaster_burn_native_per_second", &labels).map(|_| scrape)
    });
    compare(&anvil, &scrape, &late);
}

/// All windows of the paymaster `busy`.
#[track_caller]
fn compare(anvil: &Anvil, scrape: &Exposition, busy: &Paymaster) {
    for (window, seconds) in WINDOWS {
        compare_window(anvil, scrape, busy, window, seconds);
    }
}

#[track_caller]
fn compare_window(anvil: &Anvil, scrape: &Exposition, busy: &Paymaster, window: &str, seconds: u64) {
    let last = anvil.quantity("eth_blockNumber", json!([])) - DEPTH;
    let block = anvil.rpc("eth_getBlockByNumber", json!([format!("{last:#x}"), false]));
    let now = quantity(&block["timestamp"]);
    let begin = (now - seconds) / (seconds / 60) * (seconds / 60);
    let told = receipts::operations(anvil, VERSION, last);
    let within = told.iter().filter(|told| told.paymaster == busy.address && told.time >= begin);
    let cost: u128 = within.map(|told| told.cost).sum();
    assert!(cost > 0, "something was spent in {window}");
    let rate = cost as f64 / 1e18 / (now - begin) as f64;
    let deposit = cast_call(anvil, VERSION.address(), "balanceOf(address)(uint256)", &[&busy.address]);
    let runway = first_word(&deposit).parse::<f64>().unwrap() / 1e18 / rate;

    let labels = [("paymaster", "busy"), ("window", window)];
    for (name, wanted) in [("paymaster_burn_native_per_second", rate), ("paymaster_runway_seconds", runway)] {
        let found = value(scrape, VERSION, name, &labels);
        assert!(found.is_some_and(|found| close(found, wanted)), "{name} over {window}: {found:?}, not {wanted}");
    }
}
