//! What the rollup's node says is shown if it can be true: false zeros told from real ones, numbers that fall, that are
//! out of order, and that L1 denies.

use serde_json::json;

use super::{Scene, next, number, value};
use crate::{
    stand_ins::zkevm::{Batches, ZkevmNode},
    support::{Exposition, Watchkeeper},
};

/// A way in which a node is wrong.
type Lie = fn(&ZkevmNode);

const HEALTHY: Batches = Batches { trusted: 33, sequenced: 28, verified: 21 };

/// A scene in which 28 batches are sent and 21 proved.
fn sent() -> Scene {
    let scene = Scene::new();
    scene.sequence(28);
    scene.verify(21);
    scene
}

#[track_caller]
fn false_zeros(scrape: &Exposition, stage: &str) -> f64 {
    value(scrape, "rollup_batch_false_zeros_total", &[("stage", stage)]).expect("a counter")
}

#[test]
fn a_false_zero_is_absent_and_counted_however_a_node_says_it() {
    let scene = sent();
    // From the first run on: nothing is remembered, and L1 knows better.
    scene.node.says(Batches { trusted: 33, ..HEALTHY });
    scene.node.forgets_l1();
    let deployment = scene.watch(scene.l1.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    let lies: [(Lie, bool); 4] = [
        (ZkevmNode::forgets_l1, true),
        (ZkevmNode::forgets_l1_before_fork_7, true),
        (ZkevmNode::forgets_l1_with_an_error, false),
        (ZkevmNode::has_no_virtual_batch, false),
    ];
    for (lie, virtual_is_counted) in lies {
        let before = next(&watchkeeper);
        lie(&scene.node);
        let scrape = next(&watchkeeper);
        for stage in ["virtual", "verified"] {
            assert_eq!(number(&scrape, stage, "l2"), None, "{stage}");
            assert!(number(&scrape, stage, "l1").is_some_and(|number| number > 0.0));
            assert_eq!(value(&scrape, "rollup_batch_l1_lead", &[("stage", stage)]), None);
        }
        assert!(false_zeros(&scrape, "verified") > false_zeros(&before, "verified"));
        assert_eq!(virtual_is_counted, false_zeros(&next(&watchkeeper), "virtual") > false_zeros(&scrape, "virtual"));
        assert_eq!(number(&scrape, "trusted", "l2"), Some(33.0));
        assert_eq!(value(&scrape, "rollup_consolidated_block_number", &[]), None);
        assert_eq!(value(&scrape, "rollup_batch_order_violated", &[("source", "l2")]), None);
    }
    scene.node.says(HEALTHY);
    let scrape = next(&watchkeeper);
    assert_eq!((number(&scrape, "virtual", "l2"), number(&scrape, "verified", "l2")), (Some(28.0), Some(21.0)));
    for stage in ["trusted", "virtual", "verified"] {
        let labels = [("stage", stage), ("source", "l2")];
        assert_eq!(value(&scrape, "rollup_batch_regressions_total", &labels), Some(0.0), "a lie is no regression");
    }
    assert_eq!(watchkeeper.runs("zk", "failed"), 0.0);
}

#[test]
fn a_remembered_number_tells_a_false_zero_while_l1_is_away_also_after_a_restart() {
    let scene = sent();
    scene.node.says(HEALTHY);
    let deployment = scene.watch(scene.l1.url());
    let mut watchkeeper = Watchkeeper::start(&deployment);
    next(&watchkeeper);
    assert_eq!(watchkeeper.end(), Some(0));
    let Scene { l1, node, l2: _l2, .. } = scene;
    l1.kill();
    node.forgets_l1();
    let watchkeeper = Watchkeeper::start(&deployment);
    let scrape = next(&watchkeeper);
    assert_eq!(value(&scrape, "rollup_l1_up", &[]), Some(0.0));
    assert_eq!((number(&scrape, "virtual", "l2"), number(&scrape, "verified", "l2")), (None, None));
    assert_eq!((number(&scrape, "virtual", "l1"), number(&scrape, "trusted", "l2")), (None, Some(33.0)));
    assert!(false_zeros(&scrape, "verified") > 0.0);
}

#[test]
fn a_rollup_that_began_just_now_has_real_zeros() {
    let scene = Scene::new();
    scene.node.says(Batches { trusted: 2, sequenced: 0, verified: 0 });
    let deployment = scene.watch(scene.l1.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    next(&watchkeeper);
    let scrape = next(&watchkeeper);
    for source in ["l1", "l2"] {
        assert_eq!((number(&scrape, "virtual", source), number(&scrape, "verified", source)), (Some(0.0), Some(0.0)));
    }
    assert_eq!((false_zeros(&scrape, "virtual"), false_zeros(&scrape, "verified")), (0.0, 0.0));
    assert_eq!(value(&scrape, "rollup_consolidated_block_number", &[]), Some(0.0));
    assert_eq!(watchkeeper.log().matches("can't be true").count(), 0, "{}", watchkeeper.log());
}

#[test]
fn a_number_that_falls_is_counted_and_said() {
    let scene = sent();
    scene.node.says(HEALTHY);
    let deployment = scene.watch(scene.l1.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    next(&watchkeeper);
    scene.node.says(Batches { trusted: 30, ..HEALTHY });
    next(&watchkeeper);
    let scrape = next(&watchkeeper);
    assert_eq!(number(&scrape, "trusted", "l2"), Some(30.0));
    let fell = |stage: &str| value(&scrape, "rollup_batch_regressions_total", &[("stage", stage), ("source", "l2")]);
    assert_eq!((fell("trusted"), fell("virtual")), (Some(1.0), Some(0.0)));
    assert_eq!(watchkeeper.log().matches("the trusted batch fell from 33 to 30").count(), 1, "{}", watchkeeper.log());
}

#[test]
fn numbers_that_cannot_be_true_together_are_shown_as_such() {
    let scene = sent();
    scene.node.says(Batches { verified: 29, ..HEALTHY });
    let deployment = scene.watch(scene.l1.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    next(&watchkeeper);
    let scrape = next(&watchkeeper);
    let of = |scrape: &Exposition, name: &str, source: &str| value(scrape, name, &[("source", source)]);
    assert_eq!(of(&scrape, "rollup_batch_order_violated", "l2"), Some(1.0));
    assert_eq!(of(&scrape, "rollup_batch_order_violated", "l1"), Some(0.0));
    assert_eq!(of(&scrape, "rollup_batch_order_violations_total", "l2"), Some(1.0), "in two runs or more");

    scene.node.says(HEALTHY);
    assert_eq!(of(&next(&watchkeeper), "rollup_batch_order_violated", "l2"), Some(0.0));
    scene.node.says(Batches { trusted: 27, ..HEALTHY });
    let scrape = next(&watchkeeper);
    assert_eq!(of(&scrape, "rollup_batch_order_violated", "l2"), Some(1.0));
    assert_eq!(of(&scrape, "rollup_batch_order_violations_total", "l2"), Some(2.0));
}

#[test]
fn a_node_may_lag_behind_l1_but_not_claim_more() {
    let scene = sent();
    scene.node.says(Batches { trusted: 33, sequenced: 25, verified: 20 });
    let deployment = scene.watch(scene.l1.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    let compared = |scrape: &Exposition, stage: &str| {
        let labels = [("stage", stage)];
        (value(scrape, "rollup_batch_l1_lead", &labels), value(scrape, "rollup_batch_disagreement", &labels))
    };
    let scrape = next(&watchkeeper);
    assert_eq!(compared(&scrape, "virtual"), (Some(3.0), Some(0.0)));
    assert_eq!(compared(&scrape, "verified"), (Some(1.0), Some(0.0)));
    assert_eq!(compared(&scrape, "trusted"), (None, Some(0.0)));

    scene.node.says(Batches { trusted: 33, sequenced: 30, verified: 22 });
    let scrape = next(&watchkeeper);
    assert_eq!(compared(&scrape, "virtual"), (Some(-2.0), Some(1.0)));
    assert_eq!(compared(&scrape, "verified"), (Some(-1.0), Some(1.0)));

    // A proof that somebody else sent: it is on L1, and the contract waits before it counts.
    let args = [super::ROLLUP, "22"];
    scene.send(&scene.aggregator, "verifyPending(uint32,uint64)", &args);
    scene.node.says(Batches { trusted: 27, sequenced: 26, verified: 22 });
    let scrape = next(&watchkeeper);
    assert_eq!(compared(&scrape, "verified"), (Some(-1.0), Some(0.0)));
    assert_eq!(compared(&scrape, "trusted"), (None, Some(1.0)), "L1 was sent 28");
}

#[test]
fn an_answer_that_is_no_number_is_absent_and_never_zero() {
    let scene = sent();
    scene.node.says(HEALTHY);
    let deployment = scene.watch(scene.l1.url());
    let watchkeeper = Watchkeeper::start(&deployment);
    for answer in [json!(28), json!("28"), json!("0x"), json!("0x01c"), json!(null), json!({"number": "0x1c"})] {
        scene.node.answers_virtual_batch(answer.clone());
        let scrape = next(&watchkeeper);
        assert_eq!(number(&scrape, "virtual", "l2"), None, "{answer}");
        assert_eq!(number(&scrape, "verified", "l2"), Some(21.0), "{answer}");
        assert_eq!(false_zeros(&scrape, "virtual"), 0.0);
    }
}
