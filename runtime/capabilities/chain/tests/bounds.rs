//! A read ends in time, holds no more than it may, leaves nothing behind, and gives no URL away.

mod support;

use std::time::Duration;

use support::{
    fake::{Fake, Say, nested, with_result},
    open, settings, until,
};
use watchkeeper_chain::{At, ReadError};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_drips_in_does_not_outlast_the_timeout() {
    let slow = Fake::node(|_| Say::Drip(b" ")).await;
    let mut settings = settings(&[("slow", slow.url())]);
    settings.timeout = Duration::from_millis(500);
    let opened = open(settings);
    let error = opened.head().await.unwrap_err();
    assert_eq!(
        error,
        ReadError::Unavailable("chain \"local\": no endpoint answered: slow: no answer in time".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_wait_for_their_turn_no_longer_than_the_timeout() {
    let silent = Fake::node(|_| Say::Silence).await;
    let mut settings = settings(&[("main", silent.url())]);
    settings.max_concurrent = 1;
    settings.timeout = Duration::from_secs(2);
    let opened = open(settings);
    let first = opened.reads().header("local", At::Latest).unwrap();
    until("the first read is with the node", || silent.asked("eth_getBlockByNumber") == 1).await;
    let mut waiting = Vec::new();
    for _ in 0..8 {
        waiting.push(opened.reads().header("local", At::Latest).unwrap());
    }
    for read in waiting {
        assert!(matches!(read.answer().await, Err(ReadError::Unavailable(_))));
    }
    assert!(first.answer().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_read_ends_it() {
    let silent = Fake::node(|_| Say::Silence).await;
    let opened = open(settings(&[("main", silent.url())]));
    let read = opened.reads().header("local", At::Latest).unwrap();
    until("the read is with the node", || silent.asked("eth_getBlockByNumber") == 1).await;
    drop(read);
    until("the connection is closed", || silent.gone() == 1).await;
    let cancelled = r#"method="eth_getBlockByNumber",result="cancelled"} 1"#;
    until("the read is counted", || opened.exposition().contains(cancelled)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_are_told_to_nobody() {
    let node = Fake::start(|_| Say::Http(401, String::new(), vec![])).await;
    let url = format!("http://user:hush%40hush@127.0.0.1:{}/v3/hush-key?token=hush", node.port);
    let settings = settings(&[("main", url)]);
    let shown = format!("{settings:?}");
    let opened = open(settings);
    let error = opened.head().await.unwrap_err();
    let told = [shown, error.to_string(), format!("{error:?}"), format!("{:?}", opened.chains), opened.exposition()];
    for text in told {
        assert!(!text.contains("hush") && !text.contains("127.0.0.1"), "{text}");
    }
    let heads = node.heads();
    assert!(heads[0].starts_with("POST /v3/hush-key?token=hush HTTP/1.1\r\n"), "{heads:?}");
    assert!(heads[0].contains("authorization: Basic dXNlcjpodXNoQGh1c2g="), "{heads:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_results_are_passed_on_without_being_taken_apart() {
    let node = Fake::node(|request| with_result(request, &nested(200_000))).await;
    let opened = open(settings(&[("main", node.url())]));
    let read = opened.reads().request("local", "eth_feeHistory", "[]".to_owned()).unwrap();
    assert_eq!(read.answer().await.unwrap().get().len(), 400_000);
}
