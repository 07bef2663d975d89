//! Blocks between two runs: all counted, none twice, whatever happens to the process or the chain.

use std::time::Duration;

use serde_json::json;

use super::{JOB, PATIENCE, block, caught_up, number, value, watch};
use crate::support::{Anvil, Fault, FaultProxy, Signal, Watchkeeper, eventually};

#[test]
fn every_block_is_counted_once_while_runs_go_on() {
    let anvil = Anvil::start(&[]);
    let deployment = watch(&[anvil.url()]);
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    for _ in 0..3 {
        (0..40).for_each(|_| drop(anvil.transfer()));
        watchkeeper.after_run("dev", "success");
    }
    let scrape = caught_up(&watchkeeper, &anvil);
    assert_eq!(value(&scrape, "chain_blocks_total"), Some(121.0), "the first head and a block for each transfer");
    assert_eq!(value(&scrape, "chain_transactions_total"), Some(120.0));
    assert_eq!(value(&scrape, "chain_block_interval_seconds_count"), Some(120.0));
}

#[test]
fn a_run_counts_a_bounded_number_and_the_next_ones_the_rest() {
    let anvil = Anvil::start(&["--no-mining"]);
    let deployment = watch(&[anvil.url()]);
    // Far enough apart that what a run leaves is seen before the next one.
    let slowly = JOB.replace("250ms", "1s");
    deployment.job("dev", &slowly.replace("[config]", "[config]\nmax_blocks_per_run = 10"));
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    anvil.mine(35);
    eventually("blocks left for the next runs", PATIENCE, || {
        let scrape = watchkeeper.metrics();
        let left = value(&scrape, "chain_uncounted_blocks").filter(|left| *left > 0.0)?;
        assert_eq!(left % 10.0, 5.0, "each run counts 10 of 35");
        assert_eq!(value(&scrape, "chain_blocks_total"), Some(1.0 + 35.0 - left));
        Some(())
    });
    assert_eq!(value(&caught_up(&watchkeeper, &anvil), "chain_blocks_total"), Some(36.0));
}

#[test]
fn a_restart_or_a_crash_between_runs_loses_and_doubles_nothing() {
    let anvil = Anvil::start(&["--no-mining"]);
    let deployment = watch(&[anvil.url()]);
    let mut watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    anvil.mine(4);
    assert_eq!(value(&caught_up(&watchkeeper, &anvil), "chain_blocks_total"), Some(5.0));

    assert_eq!(watchkeeper.end(), Some(0));
    anvil.mine(7);
    let mut watchkeeper = Watchkeeper::start(&deployment);
    assert_eq!(value(&caught_up(&watchkeeper, &anvil), "chain_blocks_total"), Some(7.0));

    watchkeeper.signal(Signal::KILL);
    assert_eq!(watchkeeper.wait(), None);
    anvil.mine(3);
    let watchkeeper = Watchkeeper::start(&deployment);
    let scrape = caught_up(&watchkeeper, &anvil);
    assert_eq!(value(&scrape, "chain_blocks_total"), Some(3.0));
    assert_eq!(value(&scrape, "chain_reorganisations_total"), Some(0.0));
}

#[test]
fn blocks_of_a_run_that_a_crash_cut_off_are_counted_by_the_next() {
    let anvil = Anvil::start(&["--no-mining"]);
    let proxy = FaultProxy::start(anvil.url());
    let deployment = watch(&[&proxy.url()]);
    let mut watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    proxy.set(Fault::Slow(Duration::from_secs(2)));
    let asked = proxy.requests();
    anvil.mine(5);
    // After its ten reads of the node's state, a run fetches the new blocks.
    eventually("a run to fetch blocks", PATIENCE, || (proxy.requests() >= asked + 12).then_some(()));
    let counted = value(&watchkeeper.metrics(), "chain_blocks_total").unwrap();
    watchkeeper.signal(Signal::KILL);
    assert_eq!(watchkeeper.wait(), None);
    proxy.set(Fault::Pass);
    let watchkeeper = Watchkeeper::start(&deployment);
    let rest = value(&caught_up(&watchkeeper, &anvil), "chain_blocks_total").unwrap();
    assert_eq!(counted + rest, 6.0, "{counted} before the crash, {rest} after it");
}

#[test]
fn a_reorganisation_is_counted_with_its_depth_and_the_new_branch_too() {
    let anvil = Anvil::start(&["--no-mining"]);
    let deployment = watch(&[anvil.url()]);
    let watchkeeper = Watchkeeper::start(&deployment);
    watchkeeper.after_run("dev", "success");
    anvil.mine(10);
    let before = caught_up(&watchkeeper, &anvil);
    assert_eq!(value(&before, "chain_reorganisations_total"), Some(0.0));
    let abandoned = block(&anvil, "latest")["hash"].clone();

    anvil.rpc("anvil_reorg", json!([3, []]));
    assert_ne!(block(&anvil, "latest")["hash"], abandoned);
    let scrape = eventually("the reorganisation", PATIENCE, || {
        let scrape = watchkeeper.metrics();
        (value(&scrape, "chain_reorganisations_total") == Some(1.0)).then_some(scrape)
    });
    assert_eq!(value(&scrape, "chain_reorganisation_depth_blocks_sum"), Some(3.0));
    assert_eq!(value(&scrape, "chain_head_block_number"), Some(10.0));
    assert_eq!(value(&scrape, "chain_blocks_total"), Some(14.0), "11 and the 3 of the new branch");

    anvil.mine(2);
    let scrape = caught_up(&watchkeeper, &anvil);
    assert_eq!(value(&scrape, "chain_blocks_total"), Some(16.0));
    assert_eq!(value(&scrape, "chain_reorganisations_total"), Some(1.0));
}

#[test]
fn after_mining_stops_runs_succeed_and_the_heads_timestamp_stays() {
    let anvil = Anvil::start(&["--block-time", "1"]);
    let deployment = watch(&[anvil.url()]);
    let watchkeeper = Watchkeeper::start(&deployment);
    eventually("some blocks", PATIENCE, || {
        value(&watchkeeper.metrics(), "chain_blocks_total").filter(|blocks| *blocks >= 3.0)
    });
    anvil.rpc("anvil_setIntervalMining", json!([0]));
    caught_up(&watchkeeper, &anvil);
    let time = number(&block(&anvil, "latest")["timestamp"]);
    for _ in 0..2 {
        let scrape = watchkeeper.after_run("dev", "success");
        assert_eq!(value(&scrape, "chain_head_block_timestamp_seconds"), Some(time));
    }
    assert_eq!(number(&block(&anvil, "latest")["timestamp"]), time, "the chain stood still meanwhile");
}
