//! Submissions between two runs: each counted once, whatever happens to the process.

use super::{METHODS, PATIENCE, blobs, caught_up, submission, watch};
use crate::{
    stand_ins::celestia::{
        Celestia,
        model::{Model, Permission},
    },
    support::{Signal, Watchkeeper, eventually},
};

#[test]
fn every_submission_is_counted_once_while_runs_go_on() {
    let node = Celestia::start(Model::new(10));
    let deployment = watch(&node, Permission::Read, &METHODS);
    let watchkeeper = Watchkeeper::start(&deployment);
    let mut made = 0;
    for round in 0..3 {
        for block in 0..30 {
            node.model().produce(vec![submission(100); block % 4]);
            made += block % 4;
        }
        assert_eq!(blobs(&caught_up(&watchkeeper, &node)), Some(made as f64), "round {round}");
    }
}

#[test]
fn submissions_of_a_run_that_a_kill_cut_off_are_counted_once_by_the_next() {
    let node = Celestia::start(Model::new(10));
    let deployment = watch(&node, Permission::Read, &METHODS);
    let mut watchkeeper = Watchkeeper::start(&deployment);
    caught_up(&watchkeeper, &node);
    let mut counted = Vec::new();
    for _ in 0..3 {
        node.hold(Some("share.GetNamespaceData"));
        node.model().calls.clear();
        for _ in 0..5 {
            node.model().produce(vec![submission(9)]);
        }
        eventually("a run to read submissions", PATIENCE, || {
            node.model().calls.iter().any(|method| method == "share.GetNamespaceData").then_some(())
        });
        counted.push(blobs(&watchkeeper.metrics()).unwrap_or_default());
        watchkeeper.signal(Signal::KILL);
        assert_eq!(watchkeeper.wait(), None);
        node.hold(None);
        watchkeeper = Watchkeeper::start(&deployment);
        caught_up(&watchkeeper, &node);
    }
    counted.push(blobs(&watchkeeper.metrics()).unwrap_or_default());
    assert_eq!(counted.iter().sum::<f64>(), 15.0, "{counted:?} by one process after another");
}

#[test]
fn nothing_is_counted_twice_after_an_orderly_restart() {
    let node = Celestia::start(Model::new(10));
    let deployment = watch(&node, Permission::Read, &METHODS);
    node.model().produce(vec![submission(1); 3]);
    let mut watchkeeper = Watchkeeper::start(&deployment);
    assert_eq!(blobs(&caught_up(&watchkeeper, &node)), Some(3.0));
    assert_eq!(watchkeeper.end(), Some(0));
    node.model().produce(vec![submission(1); 2]);
    let watchkeeper = Watchkeeper::start(&deployment);
    assert_eq!(blobs(&caught_up(&watchkeeper, &node)), Some(2.0));
}
