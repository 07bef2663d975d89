//! Endpoints that are slow, behind, on another fork or asked too much: one that is right is enough, and none is believed that
//! too few agree with.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{
    Opened,
    anvil::Anvil,
    fake::{Fake, Say, block},
    open, settings, until,
};
use watchkeeper_chain::{At, Call, ChainSettings, LogQuery, ReadError, Reply};

fn out(opened: &Opened, endpoint: &str, reason: &str) -> bool {
    let labels = format!("chain=\"local\",endpoint=\"{endpoint}\",reason=\"{reason}\"");
    opened.exposition().contains(&format!("watchkeeper_chain_endpoint_out{{{labels}}} 1"))
}

/// A node whose newest block, and each lower one, is of one branch.
async fn node_at(head: u64, branch: &'static str) -> Fake {
    Fake::node(move |request| {
        if request["method"] == "eth_call" {
            return Say::result(request, json!("0x01"));
        }
        let number = match request["params"][0].as_str() {
            Some("latest") => head,
            Some(number) => u64::from_str_radix(number.trim_start_matches("0x"), 16).unwrap(),
            None => return Say::result(request, json!([])),
        };
        Say::result(request, if number <= head { block(number, branch) } else { Value::Null })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_asks_for_peace_has_it() {
    let tired = Fake::node(|_| Say::Http(429, "retry-after: 120\r\n".to_owned(), vec![])).await;
    let honest = Fake::honest().await;
    let opened = open(settings(&[("tired", tired.url()), ("good", honest.url())]));
    for _ in 0..3 {
        assert_eq!(opened.head().await.unwrap().number, 16);
    }
    assert_eq!(tired.asked("eth_getBlockByNumber"), 1);
    assert!(out(&opened, "tired", "throttled"));
    let rests = "watchkeeper_chain_endpoint_rests_total{chain=\"local\",endpoint=\"tired\",reason=\"throttled\"} 1";
    assert!(opened.exposition().contains(rests));

    let only = open(settings(&[("tired", tired.url())]));
    for _ in 0..3 {
        let error = only.head().await.unwrap_err();
        assert!(error.to_string().contains("asked for no requests for 120 s"), "{error}");
        assert!(matches!(error, ReadError::Unavailable(_)));
    }
    assert_eq!(tired.asked("eth_getBlockByNumber"), 2, "it was asked once more, by the other configuration");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_at_an_old_head_is_out_and_shown() {
    let (stuck, anvil) = (Fake::honest().await, Anvil::start());
    let aged = |endpoints: &[(&str, String)]| ChainSettings {
        max_head_age: Some(Duration::from_secs(3_600)),
        ..settings(endpoints)
    };
    let opened = open(aged(&[("stuck", stuck.url()), ("good", anvil.url())]));
    assert_eq!(opened.head().await.unwrap().number, 0);
    let balance = || opened.reads().request("local", "eth_gasPrice", "[]".to_owned()).unwrap().answer();
    balance().await.unwrap();
    assert_eq!(stuck.asked("eth_gasPrice"), 0, "it is asked for nothing else");
    assert!(out(&opened, "stuck", "stale"));

    let error = open(aged(&[("stuck", stuck.url())])).head().await.unwrap_err();
    assert!(matches!(&error, ReadError::Unavailable(text) if text.contains("its newest block is")), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_one_node_lacks_yet_is_asked_of_the_next() {
    let (behind, ahead) = (node_at(10, "ab").await, node_at(20, "ab").await);
    let opened = open(settings(&[("behind", behind.url()), ("ahead", ahead.url())]));
    let header = opened.reads().header("local", At::Number(15)).unwrap().answer().await.unwrap();
    assert_eq!(header.number, 15);
    assert_eq!(opened.up("behind").as_deref(), Some("1"), "that is no fault");
    let query = LogQuery { addresses: vec![], topics: vec![], from_block: 1, to_block: 15 };
    assert_eq!(opened.reads().logs("local", query).unwrap().answer().await.unwrap(), []);
    assert_eq!((behind.asked("eth_getLogs"), ahead.asked("eth_getLogs")), (0, 1), "fewer events are not all events");
    let error = opened.reads().header("local", At::Number(25)).unwrap().answer().await.unwrap_err();
    assert!(matches!(error, ReadError::NoBlock(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_of_three_say_is_the_chain_s_word() {
    let (one, two, liar) = (node_at(20, "ab").await, node_at(18, "ab").await, node_at(30, "ee").await);
    let agreed = |endpoints: &[(&str, String)]| ChainSettings { quorum: 2, ..settings(endpoints) };
    let opened = open(agreed(&[("liar", liar.url()), ("one", one.url()), ("two", two.url())]));
    let header = opened.head().await.unwrap();
    assert_eq!((header.number, header.hash), (18, [0xab; 32].into()), "the newest that two have");
    let calls = vec![Call { to: [7; 20].into(), data: Default::default() }];
    let (header, replies) = opened.reads().call_contracts("local", At::Latest, calls).unwrap().answer().await.unwrap();
    assert_eq!((header.number, header.hash), (18, [0xab; 32].into()), "and calls of it");
    assert_eq!(replies, [Reply::Returned([1].into())]);

    let opened = open(agreed(&[("liar", liar.url()), ("one", one.url())]));
    let error = opened.head().await.unwrap_err();
    assert!(
        matches!(&error, ReadError::Unavailable(text) if text.contains("no 2 endpoints agree: liar against one")),
        "{error}"
    );
    assert!(opened.exposition().contains("watchkeeper_chain_quorum_failures_total{chain=\"local\"} 1"));

    let opened = open(agreed(&[("gone", "http://127.0.0.1:9/".to_owned()), ("one", one.url())]));
    let error = opened.head().await.unwrap_err();
    assert!(matches!(&error, ReadError::Unavailable(text) if text.contains("fewer than 2 endpoints")), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_endpoint_keeps_no_two_others_from_agreeing() {
    let (one, two) = (node_at(20, "ab").await, node_at(18, "ab").await);
    let silent = Fake::start(|_| Say::Silence).await;
    let patient = ChainSettings {
        quorum: 2,
        timeout: Duration::from_secs(4),
        ..settings(&[("silent", silent.url()), ("one", one.url()), ("two", two.url())])
    };
    let opened = open(patient);
    for _ in 0..3 {
        assert_eq!(opened.head().await.unwrap().number, 18);
    }
    assert_eq!(silent.exchanges(), 1, "it rests, and two are enough");
    assert_eq!(opened.up("silent").as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_endpoints_on_different_forks_are_counted_and_shown() {
    let (one, other) = (node_at(20, "ab").await, node_at(22, "ee").await);
    let opened = open(settings(&[("one", one.url()), ("other", other.url())]));
    opened.head().await.unwrap();
    until("the fork to be noticed", || {
        opened.exposition().contains("watchkeeper_chain_head_mismatch{chain=\"local\"} 1")
    })
    .await;
    assert!(opened.exposition().contains("watchkeeper_chain_head_mismatches_total{chain=\"local\"} 1"));
    let lag = "watchkeeper_chain_endpoint_head_lag_blocks{chain=\"local\",endpoint=\"one\"} ";
    assert!(opened.exposition().contains(lag), "the second was looked at although nobody needed it");
    let health = watchkeeper_contract::Open::chains(&opened.chains);
    let wanted = "one and other have different blocks at height 20";
    assert_eq!(health.first().unwrap().problem.as_deref(), Some(wanted));
}

/// What a node does to a batch, after it gave the block that the batch is to be read at; and what the plugin hears if there is
/// no other endpoint.
type Breaks = (&'static str, fn(&[Value]) -> Say, &'static str);

fn returned(requests: &[Value]) -> Vec<Value> {
    requests.iter().map(|request| json!({ "jsonrpc": "2.0", "id": request["id"], "result": "0xbad0" })).collect()
}

const BREAKS: &[Breaks] = &[
    (
        "a reset in the middle",
        |_| Say::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n[{\"id\":".to_vec()),
        "unavailable",
    ),
    ("no first byte", |_| Say::Silence, "unavailable"),
    ("429", |_| Say::Http(429, String::new(), vec![]), "unavailable"),
    ("429 for a while", |_| Say::Http(429, "retry-after: 60\r\n".to_owned(), vec![]), "unavailable"),
    (
        "503 until a date",
        |_| Say::Http(503, "retry-after: Fri, 31 Dec 2100 23:59:59 GMT\r\n".to_owned(), vec![]),
        "unavailable",
    ),
    ("502 as a web page", |_| Say::Http(502, String::new(), b"<html>bad gateway</html>".to_vec()), "unavailable"),
    ("200 as a web page", |_| Say::Body(b"<html>welcome</html>".to_vec()), "malformed"),
    ("one answer too few", |requests| Say::json(&returned(requests.get(1..).unwrap()).into()), "malformed"),
    (
        "an answer to another request",
        |requests| {
            let mut answers = returned(requests);
            answers.first_mut().unwrap()["id"] = json!(u32::MAX);
            Say::json(&answers.into())
        },
        "malformed",
    ),
    ("a huge body", |_| Say::Body(vec![b' '; 2 << 20]), "malformed"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_breaks_is_read_whole_from_the_next_endpoint() {
    let anvil = Anvil::start();
    for (name, breaks, alone) in BREAKS {
        let bad = Fake::node(|request| match request.as_array() {
            Some(batch) => breaks(batch),
            None => Say::result(request, block(16, "ab")),
        })
        .await;
        let hasty = |endpoints: &[(&str, String)]| ChainSettings {
            timeout: Duration::from_secs(2),
            multicall: None,
            ..settings(endpoints)
        };
        let calls = || (0..20).map(|to| Call { to: [to; 20].into(), data: Default::default() }).collect();
        let read = |opened: &Opened| opened.reads().call_contracts("local", At::Latest, calls()).unwrap().answer();

        let opened = open(hasty(&[("bad", bad.url()), ("good", anvil.url())]));
        let (header, replies) = read(&opened).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(header.number, 0, "{name}");
        assert_eq!(replies, vec![Reply::Returned(Default::default()); 20], "{name}: none is of the broken batch");
        assert!(bad.batches() > 0, "{name}: it was asked for a batch");

        let error = read(&open(hasty(&[("bad", bad.url())]))).await.unwrap_err();
        let kind = match &error {
            ReadError::Unavailable(_) => "unavailable",
            ReadError::Malformed(_) => "malformed",
            other => panic!("{name}: {other}"),
        };
        assert_eq!(kind, *alone, "{name}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_at_its_pace_is_not_to_blame() {
    let node = Fake::honest().await;
    let mut settings = settings(&[("paced", node.url())]);
    settings.timeout = Duration::from_millis(200);
    settings.endpoints.iter_mut().for_each(|endpoint| endpoint.requests_per_second = Some(0.5));
    let opened = open(settings);
    // The chain's id took the first place.
    let error = opened.head().await.unwrap_err();
    assert!(error.to_string().contains("as many requests as it may have"), "{error}");
    assert_eq!(opened.up("paced").as_deref(), Some("1"));
    assert_eq!(node.exchanges(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_split_to_what_an_endpoint_takes_and_what_it_takes_is_remembered() {
    let hash = |number: u64| format!("0x{number:064x}");
    let node = Fake::node(move |request| {
        let quantity =
            |value: &Value| u64::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
        if request["method"] == "eth_getBlockByNumber" {
            return Say::result(request, block(quantity(&request["params"][0]), "ab"));
        }
        let filter = &request["params"][0];
        let (from, to) = (quantity(&filter["fromBlock"]), quantity(&filter["toBlock"]));
        if to - from >= 100 {
            return Say::error(request, -32_005, "query exceeds max block range 100");
        }
        let event = |number: u64| {
            json!({
                "address": format!("0x{}", "22".repeat(20)), "topics": [], "data": "0x",
                "blockNumber": format!("{number:#x}"), "blockHash": hash(number), "transactionHash": hash(number),
                "logIndex": "0x0",
            })
        };
        Say::result(request, (from..=to).map(event).collect())
    })
    .await;
    let opened = open(settings(&[("main", node.url())]));
    let read = async || {
        let query = LogQuery { addresses: vec![], topics: vec![], from_block: 1, to_block: 2_000 };
        let entries = opened.reads().logs("local", query).unwrap().answer().await.unwrap();
        let numbers: Vec<u64> = entries.iter().map(|entry| entry.block_number).collect();
        assert_eq!(numbers, (1..=2_000).collect::<Vec<_>>());
    };
    read().await;
    let first = node.asked("eth_getLogs");
    read().await;
    let second = node.asked("eth_getLogs") - first;
    assert!((20..=30).contains(&second), "{first}, then {second}");
}
