//! What a healthy node says is what the series say; what it doesn't say, or says wrongly, is absent and never zero.

use serde_json::{Value, json};
use watchkeeper_sdk::{log::Level, prelude::*, testing::Run};

use super::{
    fake::{Fake, lines},
    model::{ACCOUNT, Permission, Wrong, wrong},
};

const PRIVATE: &[&str] = &["private"];

/// The series of a node at block 10, and what they say.
const HEALTHY: [(&str, &[&str], f64); 24] = [
    ("da_head_block_number", &["private", "local"], 10.0),
    ("da_head_block_number", &["private", "network"], 10.0),
    ("da_head_block_timestamp_seconds", &["private", "local"], 1_767_225_660.125),
    ("da_head_block_timestamp_seconds", &["private", "network"], 1_767_225_660.125),
    ("da_tail_block_number", PRIVATE, 1.0),
    ("da_syncing", PRIVATE, 0.0),
    ("da_sync_target_block_number", PRIVATE, 10.0),
    ("da_sync_failed", PRIVATE, 0.0),
    ("da_sampled_head", PRIVATE, 10.0),
    ("da_sampling_catch_up_head", PRIVATE, 10.0),
    ("da_sampling_failed_headers", PRIVATE, 0.0),
    ("da_sampling_workers", &["private", "recent"], 0.0),
    ("da_sampling_workers", &["private", "catchup"], 0.0),
    ("da_sampling_workers", &["private", "retry"], 0.0),
    ("da_sampling_workers", &["private", "other"], 0.0),
    ("da_sampling_running", PRIVATE, 1.0),
    ("da_sampling_caught_up", PRIVATE, 1.0),
    ("da_balance_native", &["private", "batcher"], 7.5),
    ("da_ready", PRIVATE, 1.0),
    ("da_node_info", &["private", "Light", "v0.28.4"], 1.0),
    ("da_peers", PRIVATE, 1.0),
    ("da_network_receive_bytes_total", PRIVATE, 0.0),
    ("da_network_transmit_bytes_total", PRIVATE, 0.0),
    ("da_blocks_total", PRIVATE, 0.0),
];

/// A series as the catalogue of wrong answers names it: labels that matter in braces.
fn is_named(name: &str, family: &str, labels: &[&str]) -> bool {
    let (named, label) = name.split_once('{').map_or((name, None), |(family, label)| (family, label.split('"').nth(1)));
    named == family && label.is_none_or(|label| labels.contains(&label))
}

fn assert_all_but(run: &Run, costs: &[&str], what: &str) {
    for (family, labels, value) in HEALTHY {
        let expected = match costs.iter().any(|name| is_named(name, family, labels)) {
            true => vec![],
            false => vec![value],
        };
        assert_eq!(run.samples(family, labels), expected, "{family} {labels:?} with {what}");
    }
}

#[test]
fn a_healthy_node_says_everything() {
    let run = Fake::new(10).run();
    assert_eq!(run.outcome, Ok("head 10, blocks counted: 0".into()));
    assert_all_but(&run, &[], "nothing wrong");
    assert_eq!(run.logs, []);
}

#[test]
fn a_node_that_lags_samples_and_fails_says_so() {
    let fake = Fake::new(10);
    {
        let mut model = fake.model.borrow_mut();
        (model.behind, model.sync_error, model.ready) = (4, Some("no peers".into()), false);
        model.sampling.failed.extend([(3, 1), (5, 4)]);
        model.sampling.workers = vec!["catchup", "catchup", "recent", "invented"];
        (model.sampling.sampled, model.sampling.caught_up, model.sampling.running) = (2, false, false);
    }
    let run = fake.run();
    for (family, labels, value) in [
        ("da_head_block_number", &["private", "local"][..], 6.0),
        ("da_head_block_number", &["private", "network"], 10.0),
        ("da_syncing", PRIVATE, 1.0),
        ("da_sync_target_block_number", PRIVATE, 10.0),
        ("da_sync_failed", PRIVATE, 1.0),
        ("da_sampled_head", PRIVATE, 2.0),
        ("da_sampling_failed_headers", PRIVATE, 2.0),
        ("da_sampling_workers", &["private", "catchup"], 2.0),
        ("da_sampling_workers", &["private", "recent"], 1.0),
        ("da_sampling_workers", &["private", "other"], 1.0),
        ("da_sampling_running", PRIVATE, 0.0),
        ("da_sampling_caught_up", PRIVATE, 0.0),
        ("da_ready", PRIVATE, 0.0),
    ] {
        assert_eq!(run.samples(family, labels), [value], "{family} {labels:?}");
    }
    assert!(lines(&run, Level::Warn).iter().any(|line| line.contains("no peers")), "{:?}", run.logs);
}

#[test]
fn each_known_wrong_answer_costs_its_series_and_nothing_else() {
    let all = wrong::known(&Fake::new(10).model.borrow());
    assert!(all.len() > 40, "{}", all.len());
    for known in all {
        let fake = Fake::new(10);
        fake.model.borrow_mut().wrong.insert(known.method.into(), known.wrong.clone());
        let what = format!("{} answering {:?}", known.method, known.wrong);
        let run = fake.run();
        assert!(run.outcome.is_ok(), "{what}: {:?}", run.outcome);
        assert_all_but(&run, known.costs, &what);
        let said = |run: &Run| (lines(run, Level::Info).len(), lines(run, Level::Warn).len());
        let again = said(&fake.run());
        match known.for_good {
            true => assert_eq!((said(&run), again), ((1, 0), (0, 0)), "{what} is said once"),
            false => assert_eq!((said(&run), again), ((0, 1), (0, 1)), "{what} is said each time"),
        }
        fake.model.borrow_mut().wrong.clear();
        assert_all_but(&fake.run(), &[], "all well again");
    }
}

#[test]
fn what_the_job_may_not_ask_is_absent_and_said_once() {
    let fake = Fake::new(10);
    fake.deny(&["node.Info", "p2p.Peers", "p2p.BandwidthStats"]);
    let costs = ["da_node_info", "da_peers", "da_network_receive_bytes_total", "da_network_transmit_bytes_total"];
    let run = fake.run();
    assert_all_but(&run, &costs, "methods without a grant");
    assert_eq!(lines(&run, Level::Info).len(), 3);
    assert_eq!(fake.run().logs, []);

    let fake = Fake::new(10);
    fake.permit(Permission::Read);
    assert_all_but(&fake.run(), &costs, "a token that may only read");
    assert_eq!(fake.run().logs, []);
}

#[test]
fn without_the_nodes_own_head_a_run_fails() {
    let fails = |wrong: Wrong| {
        let fake = Fake::new(10);
        fake.model.borrow_mut().wrong.insert("header.LocalHead".into(), wrong);
        let run = fake.run();
        assert_eq!(run.samples("da_ready", PRIVATE), [0.0; 0]);
        run.outcome.unwrap_err()
    };
    assert!(matches!(fails(Wrong::Http(429, "rate limit exceeded\n")), Error::Unavailable(_)));
    assert!(matches!(fails(Wrong::Error("header/store: store is empty".into())), Error::Failed(_)));
    assert!(matches!(fails(Wrong::Result(Value::Null)), Error::Failed(_)));
    let head = |change: fn(&mut Value)| {
        let mut head = Fake::new(10).model.borrow().header(10);
        change(&mut head);
        Wrong::Result(head)
    };
    assert!(matches!(fails(head(|head| head["header"]["height"] = json!(""))), Error::Failed(_)));
    assert!(matches!(fails(head(|head| head["header"]["time"] = json!("0001-01-01T00:00:00Z"))), Error::Failed(_)));
    let Error::Failed(other) = fails(head(|head| head["header"]["chain_id"] = json!("mocha-4"))) else { panic!() };
    assert!(other.starts_with("the node is of the network `mocha-4`, not of `private`\nhint: "), "{other}");

    let fake = Fake::new(10);
    fake.permit(Permission::Public);
    let Err(Error::Denied(why)) = fake.run().outcome else { panic!("no token, and the run isn't denied") };
    assert!(why.contains("missing permission to invoke 'LocalHead'") && why.contains("\nhint: "), "{why}");
}

#[test]
fn the_nodes_own_account_is_watched_where_none_is_named() {
    let mut fake = Fake::new(10);
    fake.config.as_object_mut().unwrap().remove("signers");
    assert_eq!(fake.run().samples("da_balance_native", &["private", "node"]), [7.5]);
    assert_eq!(fake.run().samples("da_balance_native", &["private", "batcher"]), [0.0; 0]);
    assert!(fake.model.borrow().calls.iter().any(|method| method == "state.AccountAddress"));
}

#[test]
fn falls_and_rises_of_a_balance_are_told_apart_and_a_gap_is_bridged() {
    let fake = Fake::new(10);
    let after = |balance: u128| {
        fake.model.borrow_mut().balances.insert(ACCOUNT.into(), balance);
        let run = fake.run();
        let of = |family: &str| run.samples(family, &["private", "batcher"]);
        (of("da_account_spent_native_total"), of("da_account_credited_native_total"))
    };
    assert_eq!(after(7_500_000), (vec![0.0], vec![0.0]));
    assert_eq!(after(7_200_000), (vec![0.3], vec![0.0]));
    assert_eq!(after(9_200_000), (vec![0.0], vec![2.0]));
    let wrong = || Wrong::Result(json!({ "denom": "utia", "amount": "" }));
    fake.model.borrow_mut().wrong.insert("state.BalanceForAddress".into(), wrong());
    assert_eq!(after(9_100_000), (vec![], vec![]));
    fake.model.borrow_mut().wrong.clear();
    assert_eq!(after(9_000_000), (vec![0.2], vec![0.0]));
}

#[test]
fn traffic_is_counted_from_the_first_run_on_also_when_the_node_restarts() {
    let fake = Fake::new(10);
    let after = |received: u64, sent: u64| {
        fake.model.borrow_mut().bandwidth = (received, sent);
        let run = fake.run();
        let of = |family: &str| run.samples(family, PRIVATE);
        (of("da_network_receive_bytes_total"), of("da_network_transmit_bytes_total"))
    };
    assert_eq!(after(5_000, 900), (vec![0.0], vec![0.0]));
    assert_eq!(after(7_000, 950), (vec![2_000.0], vec![50.0]));
    assert_eq!(after(300, 20), (vec![300.0], vec![20.0]), "the node's own totals began anew");
}

#[test]
fn a_config_that_cannot_work_names_its_key() {
    let with = |key: &str, value: Value| {
        let mut fake = Fake::new(10);
        fake.config[key] = value;
        match fake.run().outcome {
            Err(Error::InvalidConfig(message)) => message,
            other => panic!("{key}: {other:?}"),
        }
    };
    assert!(with("namespaces", json!({ "a": "c27f" })).contains("key `namespaces.a`: `c27f` is not a namespace"));
    assert!(
        with("signers", json!({ "b": "0x00" })).contains("key `signers.b`: `0x00` is not the address of an account")
    );
    assert!(with("expected_every", json!("0s")).contains("key `expected_every`: "));
    assert!(with("max_blocks_per_run", json!(0)).contains("key `max_blocks_per_run`: "));
    assert!(with("namespace", json!("a")).contains("unknown field `namespace`"));
}
