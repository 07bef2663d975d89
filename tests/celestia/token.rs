//! The node's token: attached by the host, seen by nobody, and good only for the methods that the job's grants name.

use std::collections::BTreeSet;

use super::{METHODS, caught_up, submission, value, watch};
use crate::{
    stand_ins::celestia::{
        Celestia,
        model::{Model, Permission},
        token,
    },
    support::Watchkeeper,
};

#[test]
fn an_admin_token_is_in_no_metric_log_or_answer_of_the_api() {
    let mut model = Model::new(10);
    model.produce(vec![submission(5)]);
    let node = Celestia::start(model);
    let deployment = watch(&node, Permission::Admin, &METHODS);
    let watchkeeper = Watchkeeper::start_with(&deployment, &["--log", "trace"]);
    let scrape = caught_up(&watchkeeper, &node);
    assert_eq!(value(&scrape, "da_peers", &[]), Some(1.0), "the token is in use");
    let secret = token(Permission::Admin);
    let mut shown = vec![watchkeeper.metrics_text(), watchkeeper.log()];
    for path in ["jobs", "runs?limit=500", "plugins"] {
        shown.push(watchkeeper.api(path).to_string());
    }
    let runs = watchkeeper.ended_runs();
    let id = runs.first().and_then(|run| run["id"].as_str()).expect("a run").to_owned();
    shown.push(watchkeeper.api(&format!("runs/{id}")).to_string());
    for text in shown {
        assert!(!text.contains(&secret), "the token is in: {text}");
    }
}

#[test]
fn with_an_admin_token_the_node_is_asked_for_nothing_that_was_not_named() {
    let granted: Vec<_> = METHODS.into_iter().filter(|method| !method.starts_with("p2p.")).collect();
    let mut model = Model::new(10);
    model.produce(vec![submission(5)]);
    let node = Celestia::start(model);
    let deployment = watch(&node, Permission::Admin, &granted);
    let watchkeeper = Watchkeeper::start(&deployment);
    let scrape = caught_up(&watchkeeper, &node);
    assert_eq!(value(&scrape, "da_peers", &[]), None);
    assert_eq!(value(&scrape, "da_network_receive_bytes_total", &[]), None);
    assert_eq!(value(&scrape, "da_ready", &[]), Some(1.0), "the rest is there");
    watchkeeper.after_run("da", "success");
    let called: BTreeSet<_> = node.model().calls.iter().cloned().collect();
    assert_eq!(called, granted.iter().map(|method| (*method).to_owned()).collect());
    assert_eq!(watchkeeper.log().matches("no peers, said once").count(), 1, "{}", watchkeeper.log());
    assert!(watchkeeper.log().contains("p2p.Peers"), "{}", watchkeeper.log());
}

#[test]
fn a_token_that_may_only_read_leaves_peers_and_bandwidth_absent() {
    let node = Celestia::start(Model::new(10));
    let deployment = watch(&node, Permission::Read, &METHODS);
    let watchkeeper = Watchkeeper::start(&deployment);
    let scrape = caught_up(&watchkeeper, &node);
    for name in ["da_peers", "da_network_receive_bytes_total", "da_node_info"] {
        assert_eq!(scrape.all(name, &[]), Vec::<&_>::new(), "{name}");
    }
    assert_eq!(value(&scrape, "da_sampled_head", &[]), Some(10.0));
    watchkeeper.after_run("da", "success");
    assert_eq!(watchkeeper.log().matches("missing permission to invoke 'Peers'").count(), 1, "{}", watchkeeper.log());
}
