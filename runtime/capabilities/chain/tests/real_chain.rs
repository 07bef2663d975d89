//! What the capability says of a real chain is what the node says.
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod support;

use serde_json::{Value, json};
use support::{Opened, anvil::Anvil, open, settings};
use watchkeeper_chain::{At, Call, LogQuery, ReadError, Reply};

/// Code that returns the number 42.
const RETURNS_42: &str = "0x602a60005260206000f3";
/// Code that returns the block's number.
const RETURNS_NUMBER: &str = "0x4360005260206000f3";
/// Code that reverts with 32 bytes, the last of which is ab.
const REVERTS: &str = "0x60ab60005260206000fd";
/// Code that emits an event with the topic 7.
const EMITS_7: &str = "0x600760006000a100";

fn address(last: u8) -> String {
    format!("0x{}{last:02x}", "c0".repeat(19))
}

fn opened(anvil: &Anvil) -> Opened {
    open(settings(&[("main", anvil.url())]))
}

fn number(hex: &Value) -> u64 {
    u64::from_str_radix(hex.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

#[tokio::test]
async fn headers_are_the_nodes() {
    let anvil = Anvil::start();
    let opened = opened(&anvil);
    let reads = opened.reads();
    anvil.ask("anvil_mine", json!(["0x46"])).await;
    for (at, tag) in [
        (At::Latest, json!("latest")),
        (At::Safe, json!("safe")),
        (At::Finalized, json!("finalized")),
        (At::Number(3), json!("0x3")),
    ] {
        let header = reads.header("local", at).unwrap().answer().await.unwrap();
        let block = anvil.ask("eth_getBlockByNumber", json!([tag, false])).await;
        assert_eq!(header.number, number(&block["number"]), "{tag}");
        assert_eq!(header.timestamp, number(&block["timestamp"]), "{tag}");
        assert_eq!(json!(header.hash), block["hash"], "{tag}");
        assert_eq!(json!(header.parent_hash), block["parentHash"], "{tag}");
    }
}

#[tokio::test]
async fn a_block_keeps_the_time_at_which_it_was_first_seen() {
    let anvil = Anvil::start();
    let opened = opened(&anvil);
    let reads = opened.reads();
    let first = reads.header("local", At::Latest).unwrap().answer().await.unwrap();
    anvil.ask("anvil_mine", json!(["0x1"])).await;
    let second = reads.header("local", At::Latest).unwrap().answer().await.unwrap();
    let again = reads.header("local", At::Number(first.number)).unwrap().answer().await.unwrap();
    assert_eq!(again, first);
    assert!(second.seen > first.seen);
}

#[tokio::test]
async fn a_block_that_is_not_there_is_told_from_a_method_that_is_not() {
    let anvil = Anvil::start();
    let opened = opened(&anvil);
    let reads = opened.reads();
    let none = reads.header("local", At::Number(1_000)).unwrap().answer().await;
    assert_eq!(none, Err(ReadError::NoBlock("chain \"local\" has no such block".to_owned())));
    let peers = reads.request("local", "net_peerCount", "[]".to_owned()).unwrap().answer().await.unwrap_err();
    assert!(matches!(peers, ReadError::Rpc { code: -32_601, .. }), "{peers}");
    assert_eq!(opened.up("main").as_deref(), Some("1"), "neither is the endpoint's fault");
}

#[tokio::test]
async fn requests_give_what_the_node_gives() {
    let anvil = Anvil::start();
    let opened = opened(&anvil);
    let reads = opened.reads();
    for (method, params) in [
        ("eth_gasPrice", json!([])),
        ("web3_clientVersion", json!([])),
        ("txpool_status", json!([])),
        ("eth_feeHistory", json!(["0x1", "latest", [50]])),
    ] {
        let answer = reads.request("local", method, params.to_string()).unwrap().answer().await.unwrap();
        let answer: Value = serde_json::from_str(answer.get()).unwrap();
        assert_eq!(answer, anvil.ask(method, params).await, "{method}");
    }
}

#[tokio::test]
async fn contracts_are_called_at_the_block_of_the_header() {
    let anvil = Anvil::start();
    for (place, code) in [RETURNS_42, RETURNS_NUMBER, REVERTS].iter().enumerate() {
        anvil.ask("anvil_setCode", json!([address(u8::try_from(place).unwrap()), code])).await;
    }
    anvil.ask("anvil_mine", json!(["0x5"])).await;
    let opened = opened(&anvil);
    let call = |place| Call { to: address(place).parse().unwrap(), data: vec![].into() };
    let word = |last: u8| [&[0; 31][..], &[last]].concat().into();
    for at in [At::Latest, At::Number(5)] {
        let calls = (0..4).map(call).collect();
        let read = opened.reads().call_contracts("local", at, calls).unwrap().answer().await;
        let (header, replies) = read.unwrap();
        let number = u8::try_from(header.number).unwrap();
        assert_eq!(number, 5);
        let nothing_there = Reply::Returned(vec![].into());
        let wanted =
            [Reply::Returned(word(42)), Reply::Returned(word(number)), Reply::Reverted(word(0xab)), nothing_there];
        assert_eq!(replies, wanted);
    }
}

#[tokio::test]
async fn many_calls_come_back_in_their_order() {
    let anvil = Anvil::start();
    anvil.ask("anvil_setCode", json!([address(0), "0x60003560005260206000f3"])).await;
    anvil.ask("anvil_mine", json!(["0x1"])).await;
    let opened = opened(&anvil);
    let word = |number: usize| [&[0; 24][..], &number.to_be_bytes()].concat();
    let calls = (0..250).map(|n| Call { to: address(0).parse().unwrap(), data: word(n).into() }).collect();
    let read = opened.reads().call_contracts("local", At::Latest, calls).unwrap().answer().await;
    let wanted: Vec<Reply> = (0..250).map(|n| Reply::Returned(word(n).into())).collect();
    assert_eq!(read.unwrap().1, wanted);
}

#[tokio::test]
async fn logs_are_those_that_were_asked_for() {
    let anvil = Anvil::start();
    anvil.ask("anvil_setCode", json!([address(0), EMITS_7])).await;
    let sender = anvil.ask("eth_accounts", json!([])).await[0].clone();
    let sent = anvil.ask("eth_sendTransaction", json!([{ "from": sender, "to": address(0) }])).await;
    anvil.ask("anvil_mine", json!(["0xa"])).await;
    let opened = opened(&anvil);
    let query = |topic: u8, from_block| LogQuery {
        addresses: vec![address(0).parse().unwrap()],
        topics: vec![vec![alloy_primitives::B256::with_last_byte(topic)]],
        from_block,
        to_block: 10,
    };
    let read = async |query| opened.reads().logs("local", query).unwrap().answer().await.unwrap();
    let entries = read(query(7, 0)).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(json!(entries[0].transaction_hash), sent);
    assert_eq!(entries[0].block_number, 1);
    assert_eq!(read(query(8, 0)).await, []);
    assert_eq!(read(query(7, 2)).await, []);
}

#[tokio::test]
async fn when_an_endpoint_dies_the_next_one_answers() {
    let (mut first, second) = (Anvil::start(), Anvil::start());
    let opened = open(settings(&[("first", first.url()), ("second", second.url())]));
    let reads = opened.reads();
    first.ask("anvil_mine", json!(["0x1"])).await;
    second.ask("anvil_mine", json!(["0x2"])).await;
    assert_eq!(reads.header("local", At::Latest).unwrap().answer().await.unwrap().number, 1);
    first.kill();
    assert_eq!(reads.header("local", At::Latest).unwrap().answer().await.unwrap().number, 2);
    assert_eq!((opened.up("first").as_deref(), opened.up("second").as_deref()), (Some("0"), Some("1")));
}
