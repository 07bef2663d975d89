//! Endpoints that lie, and endpoints that are of two minds.

use alloy_primitives::{B256, U256};
use serde_json::{Value, json};
use watchkeeper_chain::{Header, Money, ReadError};

use super::{
    CONTRACT, RETURNS_42, disagree, honest, lying, nothing, number, opened, put_code, sent,
    support::{
        anvil::Anvil,
        fake::{Fake, Say, block},
    },
};

/// All reads that several endpoints have to agree on, and what they ask.
const AGREED: [&str; 5] =
    ["eth_getBalance", "eth_getTransactionCount", "eth_getCode", "eth_call", "eth_getTransactionReceipt"];

/// What a read gives, as text.
async fn read(money: &Money, method: &str, head: &Header, hash: B256) -> Result<String, ReadError> {
    Ok(match method {
        "eth_getBalance" => money.balance(head, CONTRACT).await?.to_string(),
        "eth_getTransactionCount" => money.transaction_count(head, CONTRACT).await?.to_string(),
        "eth_getCode" => money.code(head, CONTRACT).await?.to_string(),
        "eth_call" => money.word(head, CONTRACT, nothing()).await?.to_string(),
        _ => format!("{:?}", money.receipt(hash).await?),
    })
}

/// Another answer of the right kind.
fn plausible(method: &str, receipt: &Value) -> Value {
    match method {
        "eth_getBalance" | "eth_getTransactionCount" => json!("0x7"),
        "eth_getCode" => json!("0x00"),
        "eth_call" => json!(format!("0x{:064x}", 41)),
        _ => {
            let mut other = receipt.clone();
            other["status"] = json!("0x0");
            other
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_disagree_decide_nothing_and_two_of_three_are_enough() {
    let anvil = Anvil::start();
    put_code(&anvil, RETURNS_42).await;
    let hash = sent(&anvil).await;
    let receipt = anvil.ask("eth_getTransactionReceipt", json!([hash])).await;
    for method in AGREED {
        let liar = lying(&anvil, method, plausible(method, &receipt)).await;
        let (one, two) = (honest(&anvil).await, honest(&anvil).await);
        let alone = opened(&[&one]).money();
        let head = alone.head().await.unwrap();
        let wanted = read(&alone, method, &head, hash).await.unwrap();

        let error = read(&opened(&[&one, &liar]).money(), method, &head, hash).await.unwrap_err();
        assert!(disagree(&error), "{method}: {error}");
        let found = read(&opened(&[&liar, &one, &two]).money(), method, &head, hash).await.unwrap();
        assert_eq!(found, wanted, "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_only_one_has_is_neither_there_nor_not() {
    let anvil = Anvil::start();
    let hash = sent(&anvil).await;
    let (one, liar) = (honest(&anvil).await, lying(&anvil, "eth_getTransactionReceipt", Value::Null).await);
    let money = opened(&[&one, &liar]).money();
    for _ in 0..2 {
        let error = money.receipt(hash).await.unwrap_err();
        assert!(disagree(&error), "{error}");
        money.head().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_of_a_block_that_was_replaced_counts_for_nothing() {
    let anvil = Anvil::start();
    let hash = sent(&anvil).await;
    let mut receipt = anvil.ask("eth_getTransactionReceipt", json!([hash])).await;
    receipt["blockHash"] = json!(B256::repeat_byte(0xab));
    let liar = lying(&anvil, "eth_getTransactionReceipt", receipt).await;
    let error = opened(&[&liar]).money().receipt(hash).await.unwrap_err();
    assert!(error.to_string().contains("the block was replaced"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_never_a_zero_and_never_nothing() {
    let anvil = Anvil::start();
    put_code(&anvil, RETURNS_42).await;
    let hash = sent(&anvil).await;
    let one = honest(&anvil).await;
    let head = opened(&[&one]).money().head().await.unwrap();
    let bytes = |count: usize| json!(format!("0x{}", "00".repeat(count)));
    let lies =
        [json!("0x"), json!(""), json!(0), json!(7), json!([]), json!({}), json!(false), json!("0x0g"), json!("7")];
    let lengths = [bytes(31), bytes(33), bytes(64)];
    for method in AGREED {
        for lie in lies.iter().chain(&lengths).chain([&Value::Null]) {
            // Code may be of any length, and no receipt is an answer.
            let is_answer = match method {
                "eth_getCode" => *lie == json!("0x") || lengths.contains(lie),
                "eth_getTransactionReceipt" => lie.is_null(),
                _ => false,
            };
            let liar = lying(&anvil, method, lie.clone()).await;
            if !is_answer {
                let alone = read(&opened(&[&liar]).money(), method, &head, hash).await;
                assert!(alone.is_err(), "{method} {lie}: {alone:?}");
            }
            let error = read(&opened(&[&one, &liar]).money(), method, &head, hash).await;
            assert!(error.is_err(), "{method} {lie}: {error:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_endpoint_is_not_enough_where_there_are_two() {
    let anvil = Anvil::start();
    let one = honest(&anvil).await;
    let head = opened(&[&one]).money().head().await.unwrap();
    let wrong = Fake::start(|request| Say::result(request, json!("0x5"))).await;
    let silent = anvil.altered(|_, answer| *answer = json!("hello")).await;
    for (name, other, why) in [("another chain", &wrong, "serves chain id 5"), ("no answers", &silent, "malformed")] {
        let money = opened(&[&one, other]).money();
        let of = anvil.account(0).await;
        for error in [money.head().await.unwrap_err(), money.balance(&head, of).await.unwrap_err()] {
            let ReadError::Unavailable(text) = error else { panic!("{name}: {error}") };
            assert!(text.contains("fewer than 2 endpoints answered"), "{name}: {text}");
        }
        assert!(money.head().await.unwrap_err().to_string().contains(why), "{name}");
    }
    assert_eq!(wrong.asked("eth_chainId"), wrong.exchanges(), "it is asked for nothing else");
    let error = opened(&[&wrong]).money().head().await.unwrap_err();
    assert!(error.to_string().contains("serves chain id 5, not 31337"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_highest_pending_count_counts_and_one_answer_is_enough() {
    let anvil = Anvil::start();
    let (of, low) = (anvil.account(0).await, honest(&anvil).await);
    let high = lying(&anvil, "eth_getTransactionCount", json!("0x9")).await;
    let broken = lying(&anvil, "eth_getTransactionCount", json!("0x")).await;
    assert_eq!(opened(&[&low, &high, &broken]).money().pending_count(of).await.unwrap(), 9);
    assert_eq!(opened(&[&broken, &low]).money().pending_count(of).await.unwrap(), 0);
    assert!(matches!(opened(&[&broken]).money().pending_count(of).await, Err(ReadError::Malformed(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_unknown_only_if_all_say_so() {
    let anvil = Anvil::start();
    let hash = sent(&anvil).await;
    let forgetful = lying(&anvil, "eth_getTransactionByHash", Value::Null).await;
    let broken = lying(&anvil, "eth_getTransactionByHash", json!("0x")).await;
    let knows = honest(&anvil).await;
    assert!(opened(&[&forgetful, &knows]).money().transaction(hash).await.unwrap());
    assert!(opened(&[&broken, &knows]).money().transaction(hash).await.unwrap());
    assert!(!opened(&[&forgetful, &forgetful]).money().transaction(hash).await.unwrap());
    assert!(opened(&[&forgetful, &broken]).money().transaction(hash).await.is_err());
    let wrong = Fake::start(|request| Say::result(request, json!("0x5"))).await;
    let money = opened(&[&forgetful, &wrong]).money();
    for _ in 0..2 {
        assert!(money.transaction(hash).await.is_err(), "one that is out has no say, and is missing");
    }
    let other = anvil
        .altered(|request, answer| {
            if request["method"] == "eth_getTransactionByHash" {
                answer["result"]["hash"] = json!(B256::repeat_byte(0xab));
            }
        })
        .await;
    assert!(opened(&[&other]).money().transaction(hash).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn advice_on_fees_is_read_strictly() {
    let anvil = Anvil::start();
    for method in ["eth_gasPrice", "eth_maxPriorityFeePerGas", "eth_estimateGas"] {
        for lie in [json!("0x"), Value::Null, json!(0), json!("0x00"), json!(format!("0x1{}", "0".repeat(64)))] {
            let liar = lying(&anvil, method, lie.clone()).await;
            let money = opened(&[&liar]).money();
            let (from, to) = (anvil.account(0).await, anvil.account(1).await);
            let failed = match method {
                "eth_estimateGas" => money.estimate_gas(from, to, U256::ONE, nothing()).await.is_err(),
                _ => money.fees().await.is_err(),
            };
            assert!(failed, "{method} {lie}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_agree_in_all_that_they_say() {
    let node = async |field: &'static str, value: &'static str| {
        Fake::node(move |request| {
            let mut block = block(16, "ab");
            block[field] = json!(value);
            Say::result(request, block)
        })
        .await
    };
    let honest = Fake::honest().await;
    let (early, same) = (node("timestamp", "0x64000000").await, node("extra", "0x10").await);
    let error = opened(&[&honest, &early]).money().head().await.unwrap_err();
    assert!(disagree(&error), "{error}");
    let head = opened(&[&honest, &same]).money().head().await.unwrap();
    assert_eq!((head.number, head.timestamp), (16, 0x6500_0000));
    let head = opened(&[&early, &honest, &same]).money().head().await.unwrap();
    assert_eq!(head.timestamp, number(&json!("0x65000000")).to::<u64>());
}
