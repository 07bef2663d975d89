//! One decision is of one block, and no later one is of an older block.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use alloy_primitives::B256;
use prometheus::Registry;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use watchkeeper_chain::{ChainMetrics, Chains, Money, ReadError};
use watchkeeper_model::{Clock, SystemClock};

use super::{
    disagree, honest, opened, sent,
    support::{
        anvil::Anvil,
        fake::{Fake, Say, block},
        open, settings,
    },
};

/// A node whose newest block is at a height that can be set, on a branch.
async fn node_at(head: &Arc<AtomicU64>, branch: &'static str) -> Fake {
    let head = Arc::clone(head);
    Fake::node(move |request| {
        let head = head.load(Ordering::SeqCst);
        let number = match request["params"][0].as_str() {
            Some("latest") => head,
            Some(number) => u64::from_str_radix(number.trim_start_matches("0x"), 16).unwrap(),
            None => return Say::result(request, Value::Null),
        };
        Say::result(request, if number <= head { block(number, branch) } else { Value::Null })
    })
    .await
}

fn heights<const N: usize>(heights: [u64; N]) -> [Arc<AtomicU64>; N] {
    heights.map(|height| Arc::new(AtomicU64::new(height)))
}

fn is_old(error: &ReadError) -> bool {
    matches!(error, ReadError::Unavailable(text) if text.contains("seen before"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_is_the_newest_block_that_two_have() {
    let [low, high, far] = heights([18, 20, 30]);
    let (one, two, fork) = (node_at(&low, "ab").await, node_at(&high, "ab").await, node_at(&far, "ee").await);
    assert_eq!(opened(&[&one, &two]).money().head().await.unwrap().number, 18);
    assert_eq!(opened(&[&fork, &one, &two]).money().head().await.unwrap().number, 18);
    assert!(disagree(&opened(&[&two, &fork]).money().head().await.unwrap_err()));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_head_is_older_than_one_seen_before() {
    let [first, second, third] = heights([20, 20, 18]);
    let (one, two) = (node_at(&first, "ab").await, node_at(&second, "ab").await);
    let money = opened(&[&one, &two]).money();
    assert_eq!(money.head().await.unwrap().number, 20);
    second.store(19, Ordering::SeqCst);
    let error = money.head().await.unwrap_err();
    assert!(is_old(&error) && error.to_string().contains("block is 19, below block 20"), "{error}");
    first.store(19, Ordering::SeqCst);
    assert!(is_old(&money.head().await.unwrap_err()), "that both agree changes nothing");
    first.store(25, Ordering::SeqCst);
    second.store(21, Ordering::SeqCst);
    assert_eq!(money.head().await.unwrap().number, 21);

    let three = node_at(&third, "ab").await;
    let money = opened(&[&three]).money();
    assert_eq!(money.head().await.unwrap().number, 18);
    third.store(17, Ordering::SeqCst);
    assert!(is_old(&money.head().await.unwrap_err()), "also where there is one endpoint");
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_lag_keep_none_that_don_t_from_agreeing() {
    let [new, old] = heights([20, 20]);
    let (one, two, three) = (node_at(&old, "ab").await, node_at(&new, "ab").await, node_at(&new, "ab").await);
    let money = opened(&[&one, &two, &three]).money();
    money.head().await.unwrap();
    old.store(12, Ordering::SeqCst);
    assert_eq!(money.head().await.unwrap().number, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_configuration_does_not_go_back_either() {
    let [height] = heights([20]);
    let node = node_at(&height, "ab").await;
    let metrics = ChainMetrics::register(&Registry::new()).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let money = |chain: &str| -> Money {
        let all = BTreeMap::from([(chain.to_owned(), settings(&[("one", node.url())]))]);
        Chains::open(&all, &metrics, &Handle::current(), &clock).unwrap().money(chain).unwrap()
    };
    money("local").head().await.unwrap();
    height.store(19, Ordering::SeqCst);
    assert!(is_old(&money("local").head().await.unwrap_err()));
    assert_eq!(money("another").head().await.unwrap().number, 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_old_decides_nothing() {
    let (one, two) = (Fake::honest().await, Fake::honest().await);
    let mut settings = settings(&[("one", one.url()), ("two", two.url())]);
    settings.max_head_age = Some(Duration::from_secs(3_600));
    let opened = open(settings);
    for _ in 0..2 {
        let error = opened.money().head().await.unwrap_err();
        assert!(matches!(&error, ReadError::Unavailable(text) if text.contains("its newest block is")), "{error}");
    }
    assert_eq!(one.asked("eth_getBlockByNumber"), 1, "it is out");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_serves_another_chain_by_now_has_no_say() {
    let [id] = heights([31_337]);
    let moved = Arc::clone(&id);
    let one = Fake::start(move |request| match request["method"].as_str() {
        Some("eth_chainId") => Say::result(request, json!(format!("{:#x}", moved.load(Ordering::SeqCst)))),
        _ => Say::result(request, block(16, "ab")),
    })
    .await;
    let two = Fake::honest().await;
    let money = opened(&[&one, &two]).money();
    let head = money.head().await.unwrap();
    id.store(5, Ordering::SeqCst);
    let error = money.still(&head).await.unwrap_err();
    assert!(error.to_string().contains("one: serves chain id 5, not 31337"), "{error}");
    assert!(money.head().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_was_replaced_is_noticed() {
    let anvil = Anvil::start();
    let (one, two) = (honest(&anvil).await, honest(&anvil).await);
    let money = opened(&[&one, &two]).money();
    let before = anvil.ask("evm_snapshot", json!([])).await;
    let hash = sent(&anvil).await;
    let (head, of) = (money.head().await.unwrap(), anvil.account(0).await);
    let receipt = money.receipt(hash).await.unwrap().unwrap();
    assert_eq!((receipt.block_number, receipt.block_hash), (head.number, head.hash));
    money.balance(&head, of).await.unwrap();
    money.still(&head).await.unwrap();

    assert_eq!(anvil.ask("evm_revert", json!([before])).await, json!(true));
    assert!(money.still(&head).await.is_err(), "it is gone");
    anvil.ask("evm_increaseTime", json!([1_000])).await;
    anvil.ask("anvil_mine", json!(["0x2"])).await;
    let error = money.still(&head).await.unwrap_err();
    assert!(matches!(&error, ReadError::Unavailable(text) if text.contains("was replaced meanwhile")), "{error}");
    assert!(money.balance(&head, of).await.is_err(), "nothing more is said of it");
    assert_eq!(money.receipt(hash).await.unwrap(), None);
    assert_eq!(money.head().await.unwrap().number, head.number + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_one_has_not_seen_yet_has_no_receipts_yet() {
    let anvil = Anvil::start();
    anvil.ask("anvil_mine", json!(["0x5"])).await;
    let hash = sent(&anvil).await;
    // The second is at block 5, the receipt in block 6.
    let behind = anvil
        .altered(|request, answer| match request["method"].as_str() {
            Some("eth_getBlockByNumber") if request["params"][0] == "latest" || request["params"][0] == "0x6" => {
                let late = request["params"][0] == "0x6";
                answer["result"] = if late { Value::Null } else { block(5, "ab") };
            }
            Some("eth_getBlockByNumber") => answer["result"] = block(5, "ab"),
            Some("eth_getTransactionReceipt") => answer["result"] = Value::Null,
            _ => {}
        })
        .await;
    let ahead = anvil
        .altered(|request, answer| {
            if request["params"][0] == "0x5" {
                answer["result"] = block(5, "ab");
            }
        })
        .await;
    let money = opened(&[&ahead, &behind]).money();
    assert!(disagree(&money.receipt(hash).await.unwrap_err()), "no block was agreed on yet");
    let head = money.head().await.unwrap();
    assert_eq!((head.number, head.hash), (5, B256::repeat_byte(0xab)));
    assert_eq!(money.receipt(hash).await.unwrap(), None, "up to block 5 both say that there is none");
    assert!(opened(&[&ahead]).money().receipt(hash).await.unwrap().is_some());
}
