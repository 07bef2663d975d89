//! Whatever an endpoint answers, the next one is asked, and nothing false is taken for the chain's word.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{
    CHAIN_ID,
    fake::{Fake, Say, block, nested, with_result},
    open, settings,
};
use watchkeeper_chain::ReadError;

/// Wrong answers to a question for a header: what it is called, how it is said, whether the endpoint rests for it, and
/// what the plugin hears if there is no other endpoint.
type Case = (&'static str, fn(&Value) -> Say, bool, &'static str);

const CASES: &[Case] = &[
    ("garbage", |_| Say::Body(b"\xff\x00garbage".to_vec()), true, "malformed"),
    ("a web page", |_| Say::Body(b"<html>hello</html>".to_vec()), true, "malformed"),
    ("an empty body", |_| Say::Body(vec![]), true, "malformed"),
    ("another id", |_| Say::json(&json!({ "id": 999_999, "result": block(1, "ee") })), true, "malformed"),
    ("no id", |_| Say::json(&json!({ "result": block(1, "ee") })), true, "malformed"),
    ("a batch", |r| Say::json(&json!([{ "id": r["id"], "result": block(1, "ee") }])), true, "malformed"),
    ("a number for a block", |r| Say::result(r, json!(0)), true, "malformed"),
    ("an empty object", |r| Say::result(r, json!({})), true, "malformed"),
    ("no result", |r| Say::json(&json!({ "id": r["id"] })), true, "malformed"),
    ("a deep nest", |_| Say::Body(nested(200_000)), true, "malformed"),
    ("a deep nest as result", |r| with_result(r, &nested(200_000)), true, "malformed"),
    ("a huge body", |_| Say::Body(vec![b' '; 2 << 20]), false, "malformed"),
    ("a body without end", |_| Say::Drip(&[b' '; 65_536]), false, "malformed"),
    ("a truncated body", |_| Say::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{".to_vec()), true, "unavailable"),
    ("no HTTP", |_| Say::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), true, "unavailable"),
    ("a closed connection", |_| Say::Raw(vec![]), true, "unavailable"),
    ("HTTP 500", |_| Say::Http(500, String::new(), vec![]), true, "unavailable"),
    ("HTTP 429", |_| Say::Http(429, String::new(), vec![]), true, "unavailable"),
    ("HTTP 401", |_| Say::Http(401, String::new(), vec![]), true, "unavailable"),
    (
        "HTTP 500 with an answer",
        |r| Say::Http(500, String::new(), json!({ "id": r["id"], "result": block(1, "ee") }).to_string().into()),
        true,
        "unavailable",
    ),
    (
        "HTTP 400 with an answer",
        |r| Say::Http(400, String::new(), json!({ "id": r["id"], "result": block(1, "ee") }).to_string().into()),
        false,
        "unavailable",
    ),
    ("HTTP 204", |_| Say::Http(204, String::new(), vec![]), true, "malformed"),
    ("a rate limit", |r| Say::error(r, -32_005, "daily request count exceeded"), false, "rpc -32005"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_answer_costs_one_try_and_is_never_believed() {
    for (name, say, rests, alone) in CASES {
        let (hostile, honest) = (Fake::node(say).await, Fake::honest().await);
        let opened = open(settings(&[("bad", hostile.url()), ("good", honest.url())]));
        let header = opened.head().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((header.number, header.timestamp), (16, 0x6500_0000), "{name}");
        opened.head().await.unwrap();
        let asked = hostile.asked("eth_getBlockByNumber");
        assert_eq!(asked, if *rests { 1 } else { 2 }, "{name}: how often it was asked");
        assert_eq!(opened.up("bad").as_deref(), Some(if *rests { "0" } else { "1" }), "{name}");

        let only = open(settings(&[("bad", hostile.url())]));
        let error = only.head().await.unwrap_err();
        let kind = match &error {
            ReadError::Malformed(_) => "malformed".to_owned(),
            ReadError::Unavailable(_) => "unavailable".to_owned(),
            ReadError::Rpc { code, .. } => format!("rpc {code}"),
            other => panic!("{name}: {other}"),
        };
        assert_eq!(kind, *alone, "{name}: {error}");
        assert!(!error.to_string().contains("127.0.0.1"), "{name}: {error}");
        only.head().await.unwrap_err();
        assert_eq!(hostile.asked("eth_getBlockByNumber"), asked + 2, "{name}: a lone endpoint is still asked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_endpoint_costs_its_share_of_the_time_once() {
    let (silent, honest) = (Fake::start(|_| Say::Silence).await, Fake::honest().await);
    let mut settings = settings(&[("silent", silent.url()), ("good", honest.url())]);
    settings.timeout = Duration::from_secs(4);
    let opened = open(settings);
    for _ in 0..5 {
        assert_eq!(opened.head().await.unwrap().number, 16);
    }
    assert_eq!(silent.exchanges(), 1);
    assert_eq!(opened.up("silent").as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_another_chain_is_out_and_shown() {
    let wrong = Fake::start(|request| Say::result(request, json!("0x5"))).await;
    let honest = Fake::honest().await;
    let opened = open(settings(&[("wrong", wrong.url()), ("good", honest.url())]));
    opened.head().await.unwrap();
    opened.head().await.unwrap();
    assert_eq!(opened.up("wrong").as_deref(), Some("0"));
    assert_eq!((wrong.asked("eth_chainId"), wrong.exchanges()), (1, 1), "it is asked for nothing else");

    let only = open(settings(&[("wrong", wrong.url())]));
    for _ in 0..2 {
        let error = only.head().await.unwrap_err();
        let text = format!("chain \"local\": no endpoint answered: wrong: serves chain id 5, not {CHAIN_ID}");
        assert_eq!(error, ReadError::Unavailable(text));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_hides_its_chain_is_not_asked_for_data() {
    let hiding = Fake::start(|request| Say::error(request, -32_601, "method not found")).await;
    let honest = Fake::honest().await;
    let opened = open(settings(&[("hiding", hiding.url()), ("good", honest.url())]));
    assert_eq!(opened.head().await.unwrap().number, 16);
    assert_eq!((hiding.asked("eth_chainId"), hiding.exchanges()), (1, 1));
    assert_eq!(opened.up("hiding").as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed() {
    let target = Fake::honest().await;
    let location = format!("location: {}\r\n", target.url());
    let redirects = Fake::start(move |_| Say::Http(307, location.clone(), vec![])).await;
    let error = open(settings(&[("main", redirects.url())])).head().await.unwrap_err();
    assert_eq!(
        error,
        ReadError::Unavailable("chain \"local\": no endpoint answered: main: HTTP status 307".to_owned())
    );
    assert_eq!(target.exchanges(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_chain_is_passed_on_and_not_asked_for_twice() {
    let first = Fake::node(|request| {
        let error = json!({ "id": request["id"], "error": { "code": -32_000, "message": "no\u{1b}[31m state" } });
        Say::Http(400, String::new(), error.to_string().into())
    })
    .await;
    let second = Fake::honest().await;
    let opened = open(settings(&[("first", first.url()), ("second", second.url())]));
    let error = opened.head().await.unwrap_err();
    assert_eq!(error, ReadError::Rpc { code: -32_000, message: "no[31m state".to_owned() });
    assert_eq!(second.exchanges(), 0);
    assert_eq!(opened.up("first").as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_were_not_asked_for_are_not_believed() {
    let node = Fake::node(|request| {
        if let Some(number) = request["params"][0].as_str() {
            return Say::result(request, block(number.trim_start_matches("0x").parse().unwrap(), "ab"));
        }
        let hash = format!("0x{}", "ab".repeat(32));
        Say::result(
            request,
            json!([{
                "address": format!("0x{}", "22".repeat(20)), "topics": [], "data": "0x", "blockNumber": "0x1",
                "blockHash": hash, "transactionHash": hash, "logIndex": "0x0",
            }]),
        )
    })
    .await;
    let opened = open(settings(&[("main", node.url())]));
    let read = async |contract: u8, to_block| {
        let query = watchkeeper_chain::LogQuery {
            addresses: vec![[contract; 20].into()],
            topics: vec![],
            from_block: 0,
            to_block,
        };
        opened.reads().logs("local", query).unwrap().answer().await
    };
    assert_eq!(read(0x22, 1).await.unwrap().len(), 1);
    assert!(matches!(read(0x33, 1).await, Err(ReadError::Malformed(_))), "another contract");
    assert!(matches!(read(0x22, 0).await, Err(ReadError::Malformed(_))), "another block");
}
