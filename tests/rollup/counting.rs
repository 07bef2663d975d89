//! Batches and costs on L1 are counted once each, whatever happens to the chain, its endpoint or the process.

use std::time::Duration;

use serde_json::json;

use super::{PATIENCE, Scene, close, cost, next, number, value};
use crate::support::{Exposition, Fault, FaultProxy, Signal, Watchkeeper, eventually};

#[track_caller]
fn sent(scrape: &Exposition) -> f64 {
    value(scrape, "rollup_batches_total", &[("stage", "virtual")]).expect("a counter")
}

#[track_caller]
fn transactions(scrape: &Exposition) -> f64 {
    value(scrape, "rollup_transactions_total", &[("role", "sequencer")]).expect("a counter")
}

#[track_caller]
fn paid(scrape: &Exposition) -> Option<f64> {
    value(scrape, "rollup_batch_cost_native_total", &[("role", "sequencer")])
}

#[test]
fn a_reorganisation_while_running_takes_back_what_was_not_settled() {
    let scene = Scene::new();
    let first = scene.sequence(10);
    scene.l1.mine(3);
    let deployment = scene.watch(scene.l1.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    scene.counted(&watchkeeper);

    scene.sequence(20);
    let scrape = eventually("the head to be seen", PATIENCE, || {
        let scrape = watchkeeper.metrics();
        (number(&scrape, "virtual", "l1") == Some(20.0)).then_some(scrape)
    });
    assert_eq!((sent(&scrape), transactions(&scrape)), (0.0, 1.0), "a counter waits, a gauge doesn't");
    scene.l1.rpc("anvil_reorg", json!([1, []]));
    eventually("the block to be taken back", PATIENCE, || {
        (number(&watchkeeper.metrics(), "virtual", "l1") == Some(10.0)).then_some(())
    });
    let second = scene.sequence(13);
    let scrape = scene.settled(&watchkeeper);
    assert_eq!((sent(&scrape), transactions(&scrape)), (3.0, 2.0));
    close("cost", paid(&scrape), cost(&first) + cost(&second));
    assert_eq!(value(&scrape, "rollup_l1_reorganisations_total", &[]), Some(0.0));
    let fell = value(&scrape, "rollup_batch_regressions_total", &[("stage", "virtual"), ("source", "l1")]);
    assert_eq!(fell, Some(1.0), "20, then 10");
}

#[test]
fn a_reorganisation_deeper_than_the_depth_is_said_and_doubles_nothing() {
    let scene = Scene::new();
    scene.sequence(10);
    scene.sequence(14);
    scene.l1.mine(3);
    let deployment = scene.watch(scene.l1.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    assert_eq!(sent(&scene.counted(&watchkeeper)), 4.0);
    scene.l1.rpc("anvil_reorg", json!([4, []]));
    let scrape = eventually("the reorganisation", PATIENCE, || {
        let scrape = watchkeeper.metrics();
        (value(&scrape, "rollup_l1_reorganisations_total", &[]) == Some(1.0)).then_some(scrape)
    });
    assert_eq!(sent(&scrape), 4.0, "what was counted stays counted");
    scene.sequence(15);
    assert_eq!(sent(&scene.settled(&watchkeeper)), 5.0);
}

#[test]
fn a_crash_in_the_middle_of_a_run_loses_and_doubles_nothing() {
    let scene = Scene::new();
    let proxy = FaultProxy::start(scene.l1.url());
    let deployment = scene.watch(&proxy.url());
    let mut receipts = vec![scene.sequence(1)];
    let mut watchkeeper = Watchkeeper::start(&deployment);
    let scrape = scene.settled(&watchkeeper);
    assert_eq!((sent(&scrape), transactions(&scrape)), (0.0, 1.0));

    receipts.extend((2..=12).map(|last| scene.sequence(last)));
    scene.l1.mine(2);
    let (mut batches, mut of, mut costs) = (0.0, 0.0, 0.0);
    for reads in [2, 5, 8, 11] {
        proxy.set(Fault::Slow(Duration::from_millis(400)));
        let asked = proxy.requests();
        scene.l1.mine(1);
        eventually("a run to be in the middle of its reads", PATIENCE, || {
            (proxy.requests() >= asked + reads).then_some(())
        });
        // The run stays there, so that nothing is counted between the scrape and the end.
        proxy.set(Fault::Silent);
        let scrape = watchkeeper.metrics();
        watchkeeper.signal(Signal::KILL);
        assert_eq!(watchkeeper.wait(), None);
        // Before the first run ends there are no counters.
        if value(&scrape, "rollup_l1_up", &[]).is_some() {
            (batches, of, costs) =
                (batches + sent(&scrape), of + transactions(&scrape), costs + paid(&scrape).unwrap());
        }
        watchkeeper = Watchkeeper::start(&deployment);
    }
    proxy.set(Fault::Pass);
    let scrape = scene.settled(&watchkeeper);
    assert_eq!((batches + sent(&scrape), of + transactions(&scrape)), (11.0, 12.0));
    close("cost", Some(costs + paid(&scrape).unwrap()), receipts.iter().map(cost).sum());
}

#[test]
fn an_l1_that_is_away_costs_its_series_only_and_is_made_up_for() {
    let scene = Scene::new();
    let proxy = FaultProxy::start(scene.l1.url());
    let deployment = scene.watch(&proxy.url());
    scene.sequence(1);
    let watchkeeper = Watchkeeper::start(&deployment);
    scene.settled(&watchkeeper);
    proxy.set(Fault::Answer(503, "busy".to_owned()));
    let scrape = next(&watchkeeper);
    assert_eq!(value(&scrape, "rollup_l1_up", &[]), Some(0.0));
    assert_eq!(number(&scrape, "virtual", "l1"), None);
    assert_eq!(number(&scrape, "trusted", "l2"), Some(0.0));
    let receipts: Vec<_> = (2..=6).map(|last| scene.sequence(last)).collect();
    proxy.set(Fault::Pass);
    let scrape = scene.settled(&watchkeeper);
    assert_eq!((sent(&scrape), transactions(&scrape)), (5.0, 1.0 + receipts.len() as f64));
    assert_eq!(watchkeeper.runs("zk", "failed") + watchkeeper.runs("zk", "unavailable"), 0.0);
}

#[test]
fn receipts_that_cannot_be_read_are_not_free() {
    let scene = Scene::new();
    let proxy = FaultProxy::start(scene.l1.url());
    proxy.set(Fault::Replace("eth_getTransactionReceipt", json!({"result": {"gasUsed": "0x5208"}})));
    let deployment = scene.watch(&proxy.url());
    scene.sequence(1);
    let kept = scene.sequence(2);
    let watchkeeper = Watchkeeper::start(&deployment);
    scene.l1.mine(3);
    let waiting = eventually("transactions to wait", PATIENCE, || {
        value(&watchkeeper.metrics(), "rollup_uncounted_transactions", &[]).filter(|waiting| *waiting > 0.0)
    });
    assert_eq!(waiting, 2.0);
    let scrape = eventually("their costs to be given up", PATIENCE, || {
        let scrape = watchkeeper.metrics();
        let unknown = value(&scrape, "rollup_unknown_costs_total", &[("role", "sequencer")]);
        (unknown == Some(2.0)).then_some(scrape)
    });
    assert_eq!((paid(&scrape), transactions(&scrape), sent(&scrape)), (Some(0.0), 0.0, 1.0));

    proxy.set(Fault::Pass);
    let third = scene.sequence(3);
    assert_ne!(kept["transactionHash"], third["transactionHash"]);
    close("cost", paid(&scene.settled(&watchkeeper)), cost(&third));
}
