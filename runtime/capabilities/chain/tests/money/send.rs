//! The broadcast: everybody who is in use is sent the same bytes, whatever one answers decides nothing, and nobody hears the
//! bytes from us.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use alloy_primitives::{B256, hex, keccak256};
use serde_json::{Value, json};
use tracing::{Level, subscriber::set_default};
use tracing_subscriber::fmt::MakeWriter;
use watchkeeper_chain::{SendAnswer, Sent};
use watchkeeper_contract::Open;

use super::{
    honest, in_block, opened,
    support::{
        anvil::Anvil,
        fake::{Fake, Say},
        open, settings,
    },
};

const SEND: &str = "eth_sendRawTransaction";

fn answers(sent: Vec<Sent>) -> Vec<SendAnswer> {
    sent.into_iter().map(|sent| sent.answer).collect()
}

async fn transfer(anvil: &Anvil) -> (Vec<u8>, B256) {
    let raw = anvil.signed(anvil.account(0).await, anvil.account(1).await, 0, 2_000_000_000).await;
    let hash = keccak256(&raw);
    (raw, hash)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_is_sent_the_same_bytes() {
    let (anvil, other) = (Anvil::start(), Anvil::start());
    let (one, two, three) = (honest(&anvil).await, honest(&other).await, honest(&anvil).await);
    let opened = opened(&[&one, &two, &three]);
    let (raw, hash) = transfer(&anvil).await;
    anvil.ask("evm_setAutomine", json!([false])).await;
    let sent = opened.money().broadcast(&raw).await;
    let names: Vec<&str> = sent.iter().map(|sent| sent.endpoint.as_str()).collect();
    assert_eq!(names, ["one", "two", "three"]);
    let said = answers(sent);
    assert_eq!(said[1], SendAnswer::Accepted(hash));
    let mut same_pool = [said[0].clone(), said[2].clone()];
    same_pool.sort_by_key(|answer| *answer == SendAnswer::Known);
    assert_eq!(same_pool, [SendAnswer::Accepted(hash), SendAnswer::Known]);
    anvil.ask("anvil_mine", json!(["0x1"])).await;
    in_block(&anvil, hash).await;
    in_block(&other, hash).await;
    let said = answers(opened.money().broadcast(&raw).await);
    assert!(
        said.iter().all(|answer| matches!(answer, SendAnswer::Refused { .. })),
        "nonce too low, though paid: {said:?}"
    );
    let series = "watchkeeper_chain_requests_total{chain=\"local\",endpoint=\"one\",method=\"eth_sendRawTransaction\"";
    assert!(opened.exposition().contains(series));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_may_hide_a_transaction_that_is_on_its_way() {
    let anvil = Anvil::start();
    let liar = anvil
        .altered(|request, answer| {
            if request["method"] == SEND {
                *answer =
                    json!({ "id": answer["id"], "error": { "code": -32_000, "message": "nonce too\u{1b}[31m low" } });
            }
        })
        .await;
    let (raw, hash) = transfer(&anvil).await;
    let money = opened(&[&liar]).money();
    let refused = SendAnswer::Refused { code: -32_000, message: "nonce too[31m low".to_owned() };
    assert_eq!(answers(money.broadcast(&raw).await), [refused]);
    in_block(&anvil, hash).await;
    assert!(money.receipt(hash).await.unwrap().unwrap().success);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_may_be_a_transaction_that_was_dropped() {
    let anvil = Anvil::start();
    let (raw, hash) = transfer(&anvil).await;
    let drops = Fake::node(move |request| {
        Say::result(request, if request["method"] == SEND { json!(hash) } else { Value::Null })
    })
    .await;
    let money = opened(&[&drops]).money();
    assert_eq!(answers(money.broadcast(&raw).await), [SendAnswer::Accepted(hash)]);
    assert!(!money.transaction(hash).await.unwrap());
    assert_eq!(money.receipt(hash).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_silent_keeps_nobody_from_hearing_of_it() {
    let anvil = Anvil::start();
    let (raw, hash) = transfer(&anvil).await;
    let silent = Fake::node(|_| Say::Silence).await;
    let one = honest(&anvil).await;
    let mut both = settings(&[("silent", silent.url()), ("one", one.url())]);
    both.timeout = Duration::from_secs(2);
    let opened = open(both);
    let accepted = SendAnswer::Accepted(hash);
    let said = answers(opened.money().broadcast(&raw).await);
    assert_eq!(said, [SendAnswer::NoAnswer("no answer in time".to_owned()), accepted]);
    let said = answers(opened.money().broadcast(&raw).await);
    assert_eq!(said[0], SendAnswer::NoAnswer("not asked: it rests".to_owned()));
    assert_eq!(silent.asked(SEND), 1);

    let mut only = settings(&[("silent", silent.url())]);
    only.timeout = Duration::from_millis(200);
    let opened = open(only);
    for _ in 0..2 {
        opened.money().broadcast(&raw).await;
    }
    assert_eq!(silent.asked(SEND), 3, "one that rests is asked where there is no other");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_chain_is_sent_anything() {
    let anvil = Anvil::start();
    let (raw, hash) = transfer(&anvil).await;
    let wrong = Fake::start(|request| Say::result(request, json!("0x5"))).await;
    let one = honest(&anvil).await;
    let money = opened(&[&wrong, &one]).money();
    let said = answers(money.broadcast(&raw).await);
    assert_eq!(said, [SendAnswer::NoAnswer("serves chain id 5, not 31337".to_owned()), SendAnswer::Accepted(hash)]);
    let said = answers(money.broadcast(&raw).await);
    assert_eq!(said[0], SendAnswer::NoAnswer("not asked: serves chain id 5, not 31337".to_owned()));
    assert_eq!((wrong.asked(SEND), wrong.asked("eth_chainId")), (0, 1));
}

/// Everything that is logged, at the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Ways to send the bytes back.
const ECHOES: [fn(&Value) -> Say; 6] = [
    |request| Say::error(request, -32_000, &format!("rlp: invalid transaction {}", request["params"][0])),
    |request| Say::error(request, -32_000, &request["params"][0].as_str().unwrap().to_uppercase()),
    |request| Say::result(request, request["params"][0].clone()),
    |request| Say::json(&request["params"][0]),
    |request| Say::json(&json!({ "id": request["params"][0], "result": null })),
    |request| Say::Http(400, String::new(), request["params"][0].to_string().into_bytes()),
];

#[tokio::test]
async fn the_bytes_are_in_no_answer_no_log_and_on_no_page() {
    let raw = [0x5a; 110];
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(Level::TRACE).with_ansi(false).with_writer(log.clone()).finish();
    let _logged = set_default(subscriber);
    for (place, echo) in ECHOES.into_iter().enumerate() {
        let node = Fake::node(echo).await;
        let opened = opened(&[&node]);
        let sent = opened.money().broadcast(&raw).await;
        assert_eq!(node.asked(SEND), 1);
        let shown = format!("{sent:?} {} {:?}", sent[0].answer, Open::chains(&opened.chains));
        assert!(!matches!(sent[0].answer, SendAnswer::Accepted(_) | SendAnswer::Known), "{place}: {shown}");
        assert!(!shown.to_lowercase().contains("5a5a5a5a"), "{place}: {shown}");
        assert!(!opened.exposition().contains("5a5a5a5a"), "{place}");
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("method=\"eth_sendRawTransaction\""), "the requests are logged: {logged}");
    let line = logged.lines().find(|line| line.to_lowercase().contains(&hex::encode(&raw[..16])));
    assert_eq!(line, None);
}
