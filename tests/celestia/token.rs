//! The node's token: attached by the host, seen by nobody, and good only for the methods that the job's grants name.

use std::collections::BTreeSet;

use serde_json::json;

use super::{METHODS, PATIENCE, caught_up, submission, value, watch};
use crate::{
    stand_ins::celestia::{
        Celestia,
        model::{Model, Permission},
        token,
    },
    support::{Watchkeeper, eventually},
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

#[test]
fn another_plugin_with_the_same_grant_cannot_use_the_admin_token_for_anything_else() {
    let node = Celestia::start(Model::new(10));
    let deployment = watch(&node, Permission::Admin, &METHODS);
    deployment.remove_job("da");
    deployment.plugin("fetcher");
    let calls = [
        ("mint", "node.AuthNew", json!([["admin"]])),
        ("transfer", "state.Transfer", json!(["celestia1", "1", {}])),
        ("submit", "blob.Submit", json!([[], {}])),
        ("silence", "node.LogLevelSet", json!(["*", "fatal"])),
        ("block", "p2p.BlockPeer", json!(["12D3KooWPRb5h3g9MH7sx9qfbSQZG5cXv1a2Qs3o4aW5YmmzPq82"])),
    ];
    for (name, method, params) in &calls {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        deployment.job(
            name,
            &format!(
                "plugin = \"fetcher\"\nevery = \"250ms\"\n[config]\nurl = \"{}/\"\nmethod = \"POST\"\nbody = '{call}'\n\
                 [grants.http.celestia]\njson_rpc_methods = {METHODS:?}\n",
                node.url()
            ),
        );
    }
    let watchkeeper = Watchkeeper::start(&deployment);
    for (name, method, _) in calls {
        let message = eventually(&format!("job {name} to be denied"), PATIENCE, || {
            let overview = watchkeeper.overview();
            let (outcome, message) = overview.last_run(name)?;
            assert_eq!(outcome, "denied", "{name}: {message}");
            Some(message.to_owned())
        });
        for words in [method, name, "celestia", "grants.http.celestia.json_rpc_methods"] {
            assert!(message.contains(words), "{words} isn't in: {message}");
        }
    }
    assert_eq!(node.model().calls, Vec::<String>::new());
}

#[test]
fn the_example_job_names_every_method_that_the_plugin_asks_for_and_no_other() {
    let example: toml::Table = include_str!("../../config/example/jobs.d/celestia.toml").parse().expect("the example");
    let named = example["grants"]["http"]["celestia"]["json_rpc_methods"].as_array().expect("a list");
    let named: BTreeSet<_> = named.iter().filter_map(toml::Value::as_str).collect();
    // The node's own account is asked for where the job names no signers.
    assert_eq!(named, METHODS.into_iter().chain(["state.AccountAddress"]).collect());
}
