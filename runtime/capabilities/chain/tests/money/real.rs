//! What is told of a real chain is what its node says.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::json;
use watchkeeper_chain::{EstimateError, ReadError};

use super::{CONTRACT, RETURNS_42, honest, in_block, nothing, number, opened, put_code, sent, support::anvil::Anvil};

#[tokio::test(flavor = "multi_thread")]
async fn what_an_address_has_is_what_the_node_says() {
    let anvil = Anvil::start();
    let (one, two) = (honest(&anvil).await, honest(&anvil).await);
    let money = opened(&[&one, &two]).money();
    assert_eq!((money.name(), money.chain_id()), ("local", 31_337));
    put_code(&anvil, RETURNS_42).await;
    sent(&anvil).await;
    let head = money.head().await.unwrap();
    sent(&anvil).await;

    let block = anvil.ask("eth_getBlockByNumber", json!(["0x2", false])).await;
    assert_eq!((head.number, json!(head.hash)), (2, block["hash"].clone()));
    assert_eq!(
        (json!(head.parent_hash), U256::from(head.timestamp)),
        (block["parentHash"].clone(), number(&block["timestamp"]))
    );
    for place in [0, 1] {
        let of = anvil.account(place).await;
        let balance = anvil.ask("eth_getBalance", json!([of, "0x2"])).await;
        assert_eq!(money.balance(&head, of).await.unwrap(), number(&balance));
        assert_ne!(balance, anvil.ask("eth_getBalance", json!([of, "latest"])).await, "not of a later block");
    }
    let sender = anvil.account(0).await;
    assert_eq!(money.transaction_count(&head, sender).await.unwrap(), 1);
    assert_eq!(money.pending_count(sender).await.unwrap(), 2);
    let nobody = Address::repeat_byte(0xdd);
    assert_eq!(money.balance(&head, nobody).await.unwrap(), U256::ZERO);
    assert_eq!(money.code(&head, CONTRACT).await.unwrap(), RETURNS_42.parse::<Bytes>().unwrap());
    assert_eq!(money.code(&head, nobody).await.unwrap(), nothing());
    assert_eq!(money.word(&head, CONTRACT, nothing()).await.unwrap(), U256::from(42));
    money.still(&head).await.unwrap();
    assert_eq!(money.header(2).await.unwrap(), head);
    assert!(money.header(9).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_contract_s_32_bytes_are_a_word() {
    let anvil = Anvil::start();
    let (one, two) = (honest(&anvil).await, honest(&anvil).await);
    let opened = opened(&[&one, &two]);
    let word = async || {
        let head = opened.money().head().await.unwrap();
        let error = opened.money().word(&head, CONTRACT, nothing()).await.unwrap_err();
        let ReadError::Malformed(text) = error else { panic!("{error}") };
        text
    };
    assert!(word().await.ends_with("at block 0: there is no code"));
    for bytes in [0, 31, 33, 64] {
        put_code(&anvil, &format!("0x60{bytes:02x}6000f3")).await;
        let text = word().await;
        assert!(text.ends_with(&format!("it answered {bytes} bytes, not 32")), "{text}");
    }
    put_code(&anvil, "0x60ab60005260206000fd").await;
    let text = word().await;
    assert!(text.contains(&CONTRACT.to_string()) && text.ends_with("it reverted, with 32 bytes"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_says_what_became_of_a_transaction_and_what_it_cost() {
    let anvil = Anvil::start();
    let (one, two) = (honest(&anvil).await, honest(&anvil).await);
    let money = opened(&[&one, &two]).money();
    put_code(&anvil, "0x60006000fd").await;
    let sender = anvil.account(0).await;
    let reverts = json!([{ "from": sender, "to": CONTRACT, "gas": "0x186a0" }]);
    let reverted = anvil.ask("eth_sendTransaction", reverts).await.as_str().unwrap().parse().unwrap();
    for (hash, success) in [(sent(&anvil).await, true), (reverted, false)] {
        let told = in_block(&anvil, hash).await;
        let receipt = money.receipt(hash).await.unwrap().unwrap();
        assert_eq!((receipt.hash, receipt.from, receipt.success), (hash, sender, success));
        assert_eq!(U256::from(receipt.block_number), number(&told["blockNumber"]));
        assert_eq!(json!(receipt.block_hash), told["blockHash"]);
        assert_eq!(receipt.fee, number(&told["gasUsed"]) * number(&told["effectiveGasPrice"]));
        assert!(money.transaction(hash).await.unwrap());
    }
    let nobody = B256::repeat_byte(0xdd);
    assert_eq!(money.receipt(nobody).await.unwrap(), None);
    assert!(!money.transaction(nobody).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_without_a_price_and_one_of_a_rollup_are_read_too() {
    let anvil = Anvil::start();
    let rollup = async || {
        anvil
            .altered(|request, answer| {
                if request["method"] == "eth_getTransactionReceipt" {
                    answer["result"].as_object_mut().unwrap().remove("effectiveGasPrice");
                    answer["result"]["l1Fee"] = json!("0x64");
                }
            })
            .await
    };
    let (one, two) = (rollup().await, rollup().await);
    let hash = sent(&anvil).await;
    let told = in_block(&anvil, hash).await;
    let receipt = opened(&[&one, &two]).money().receipt(hash).await.unwrap().unwrap();
    assert_eq!(receipt.fee, number(&told["gasUsed"]) * number(&told["effectiveGasPrice"]) + U256::from(100));
}

#[tokio::test(flavor = "multi_thread")]
async fn gas_and_its_price_are_what_the_node_says() {
    let anvil = Anvil::start();
    let one = honest(&anvil).await;
    let money = opened(&[&one]).money();
    put_code(&anvil, "0x60ab60005260206000fd").await;
    let fees = money.fees().await.unwrap();
    let block = anvil.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(fees.base_fee, Some(number(&block["baseFeePerGas"])));
    assert_eq!(fees.priority_fee, number(&anvil.ask("eth_maxPriorityFeePerGas", json!([])).await));
    assert_eq!(fees.gas_price, number(&anvil.ask("eth_gasPrice", json!([])).await));

    let (from, to) = (anvil.account(0).await, anvil.account(1).await);
    assert_eq!(money.estimate_gas(from, to, U256::from(7), nothing()).await, Ok(21_000));
    let reverted = money.estimate_gas(from, CONTRACT, U256::ZERO, nothing()).await.unwrap_err();
    assert!(matches!(&reverted, EstimateError::Reverted(why) if why.contains("reverted")), "{reverted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_without_a_base_fee_has_one_price() {
    let anvil = Anvil::start();
    let legacy = anvil
        .altered(|request, answer| match request["method"].as_str() {
            Some("eth_getBlockByNumber") => {
                answer["result"].as_object_mut().unwrap().remove("baseFeePerGas");
            }
            Some("eth_maxPriorityFeePerGas") => {
                *answer = json!({ "id": answer["id"], "error": { "code": -32_601, "message": "no such method" } });
            }
            _ => {}
        })
        .await;
    let fees = opened(&[&legacy]).money().fees().await.unwrap();
    let price = number(&anvil.ask("eth_gasPrice", json!([])).await);
    assert_eq!((fees.base_fee, fees.priority_fee, fees.gas_price), (None, U256::ZERO, price));
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_without_block_hashes_are_asked_by_number_and_checked() {
    let anvil = Anvil::start();
    let old = async |replaced: bool| {
        anvil
            .altered(move |request, answer| {
                if request["params"].as_array().unwrap().iter().any(|param| param.get("blockHash").is_some()) {
                    let error = json!({ "code": -32_000, "message": "can't unmarshal object" });
                    *answer = json!({ "id": answer["id"], "error": error });
                }
                if replaced && request["method"] == "eth_getBlockByNumber" && request["params"][0] != "latest" {
                    answer["result"]["hash"] = json!(B256::repeat_byte(0xab));
                }
            })
            .await
    };
    put_code(&anvil, RETURNS_42).await;
    let (one, two) = (old(false).await, old(false).await);
    let money = opened(&[&one, &two]).money();
    let (head, sender) = (money.head().await.unwrap(), anvil.account(0).await);
    let wanted = number(&anvil.ask("eth_getBalance", json!([sender, "latest"])).await);
    assert_eq!(money.balance(&head, sender).await.unwrap(), wanted);
    assert_eq!(money.word(&head, CONTRACT, nothing()).await.unwrap(), U256::from(42));

    let replaced = old(true).await;
    let money = opened(&[&replaced]).money();
    for error in
        [money.balance(&head, sender).await.unwrap_err(), money.word(&head, CONTRACT, nothing()).await.unwrap_err()]
    {
        assert!(
            matches!(&error, ReadError::Unavailable(text) if text.contains("replaced while it was read")),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_never_read_from_a_cache() {
    let anvil = Anvil::start();
    let (one, two) = (honest(&anvil).await, honest(&anvil).await);
    let money = opened(&[&one, &two]).money();
    let (head, of) = (money.head().await.unwrap(), anvil.account(0).await);
    for _ in 0..3 {
        money.balance(&head, of).await.unwrap();
    }
    assert_eq!((one.asked("eth_getBalance"), two.asked("eth_getBalance")), (3, 3));
}
