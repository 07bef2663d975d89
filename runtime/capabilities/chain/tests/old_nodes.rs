//! Nodes that lack batches or calls by block hash are read all the same, and as exactly.

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use support::{
    fake::{Fake, Say, block},
    open, settings,
};
use watchkeeper_chain::{At, Call, ReadError, Reply};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_refuses_batches_is_asked_one_by_one() {
    let node = Fake::node(|request| match (request.is_array(), request["method"].as_str()) {
        (true, _) => Say::json(&json!({ "id": null, "error": { "code": -32_600, "message": "no batches" } })),
        (_, Some("eth_call")) => Say::result(request, request["params"][0]["input"].clone()),
        _ => Say::result(request, block(16, "ab")),
    })
    .await;
    let opened = open(settings(&[("main", node.url())]));
    for _ in 0..2 {
        let calls = (0..20).map(|n: u8| Call { to: [0; 20].into(), data: vec![n].into() }).collect();
        let (_, replies) = opened.reads().call_contracts("local", At::Latest, calls).unwrap().answer().await.unwrap();
        let wanted: Vec<_> = (0..20).map(|n: u8| Reply::Returned(vec![n].into())).collect();
        assert_eq!(replies, wanted);
    }
    assert_eq!(node.batches(), 1, "it is offered a batch once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_block_hashes_is_asked_by_number_and_checked() {
    static REPLACED: AtomicBool = AtomicBool::new(false);
    static HEADERS: AtomicUsize = AtomicUsize::new(0);
    let node = Fake::node(|request| match request["method"].as_str() {
        Some("eth_call") if request["params"][1].is_object() => Say::error(request, -32_602, "invalid block"),
        Some("eth_call") => Say::result(request, json!("0x2a")),
        _ => {
            let replaced = HEADERS.fetch_add(1, Ordering::SeqCst) % 2 == 1 && REPLACED.load(Ordering::SeqCst);
            Say::result(request, block(16, if replaced { "ef" } else { "ab" }))
        }
    })
    .await;
    let opened = open(settings(&[("main", node.url())]));
    let read = async |data: u8| {
        let calls = vec![Call { to: [0; 20].into(), data: vec![data].into() }];
        opened.reads().call_contracts("local", At::Latest, calls).unwrap().answer().await
    };
    assert_eq!(read(1).await.unwrap().1, [Reply::Returned(vec![0x2a].into())]);
    REPLACED.store(true, Ordering::SeqCst);
    let error = read(2).await.unwrap_err();
    let text = "chain \"local\": no endpoint answered: main: the block was replaced while it was read";
    assert_eq!(error, ReadError::Unavailable(text.to_owned()));
    assert_eq!(opened.up("main").as_deref(), Some("1"), "it is not the endpoint's fault");
}
