//! A rollup with a contract of its own, from before the rollup manager.

use std::cell::Cell;

use super::{Scene, close, cost, number, value};
use crate::{
    stand_ins::zkevm::Batches,
    support::{Watchkeeper, contracts},
};

#[test]
fn a_standalone_contract_is_watched_by_its_own_views_and_events() {
    let scene = Scene::with(|l1, sequencer, aggregator| {
        let account =
            |account: &serde_json::Value| format!("{:0>64}", account.as_str().unwrap().trim_start_matches("0x"));
        let arguments = format!("{:0>64x}{}{}", 31337, account(sequencer), account(aggregator));
        contracts::deploy(l1, "StandaloneRollupEvents", &arguments)
    });
    let last = Cell::new(Vec::new());
    let send = |signature: &str, batch: &str| {
        let receipt = scene.send(&scene.sequencer, signature, &[batch]);
        last.set([last.take(), vec![receipt]].concat());
    };
    send("sequence(uint64)", "5");
    send("sequence(uint64)", "9");
    send("sequenceForced(uint64)", "10");
    let proof = scene.send(&scene.aggregator, "verifyTrusted(uint64)", &["7"]);
    scene.node.says(Batches { trusted: 12, sequenced: 10, verified: 7 });

    let deployment = scene.watch_contract(scene.l1.url(), r#"kind = "standalone""#);
    let watchkeeper = Watchkeeper::start(&deployment);
    let scrape = scene.settled(&watchkeeper);
    assert_eq!((number(&scrape, "virtual", "l1"), number(&scrape, "verified", "l1")), (Some(10.0), Some(7.0)));
    assert_eq!(value(&scrape, "rollup_batches_total", &[("stage", "virtual")]), Some(5.0));
    assert_eq!(value(&scrape, "rollup_batch_fee_tokens", &[]), Some(0.25));
    let costs: f64 = last.take().iter().map(cost).sum();
    let cost_of = |role: &str| value(&scrape, "rollup_batch_cost_native_total", &[("role", role)]);
    close("cost of sending", cost_of("sequencer"), costs);
    close("cost of proving", cost_of("aggregator"), cost(&proof));
    for role in ["sequencer", "aggregator"] {
        let balance = value(&scrape, "rollup_operator_balance_native", &[("role", role)]);
        assert!(balance.is_some_and(|balance| balance > 9_000.0 && balance < 10_000.0), "{role}: {balance:?}");
    }
}
