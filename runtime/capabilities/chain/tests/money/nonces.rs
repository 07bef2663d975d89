//! What used a nonce.

use alloy_primitives::{Address, B256, keccak256};
use serde_json::json;
use watchkeeper_chain::{Header, Money, ReadError};

use super::{disagree, honest, in_block, opened, sent, support::anvil::Anvil};

async fn used(money: &Money, sender: Address, nonce: u64, after: u64, head: &Header) -> Option<(B256, u64)> {
    let used = money.nonce_user(sender, nonce, after, head).await.unwrap()?;
    assert_eq!(money.header(used.1.number).await.unwrap(), used.1);
    Some((used.0, used.1.number))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transaction_that_used_a_nonce_is_found() {
    let anvil = Anvil::start();
    let (one, two) = (honest(&anvil).await, honest(&anvil).await);
    let money = opened(&[&one, &two]).money();
    let mut hashes = Vec::new();
    for _ in 0..4 {
        anvil.ask("anvil_mine", json!(["0x7"])).await;
        hashes.push(sent(&anvil).await);
    }
    anvil.ask("anvil_mine", json!(["0x40"])).await;
    let (head, sender) = (money.head().await.unwrap(), anvil.account(0).await);
    for (nonce, hash) in (0_u64..).zip(&hashes) {
        let block = 8 * (nonce + 1);
        for after in [0, block - 1] {
            assert_eq!(used(&money, sender, nonce, after, &head).await, Some((*hash, block)));
        }
        for after in [block, head.number, head.number + 1] {
            let error = money.nonce_user(sender, nonce, after, &head).await.unwrap_err();
            assert!(error.to_string().contains("was used at or below block"), "{error}");
        }
        let before = money.header(block - 1).await.unwrap();
        assert_eq!(used(&money, sender, nonce, 0, &before).await, None, "not yet");
    }
    assert_eq!(used(&money, sender, 4, 0, &head).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_replacement_it_is_the_one_that_got_into_a_block() {
    let anvil = Anvil::start();
    let (one, two) = (honest(&anvil).await, honest(&anvil).await);
    let money = opened(&[&one, &two]).money();
    anvil.ask("evm_setAutomine", json!([false])).await;
    let (sender, to) = (anvil.account(0).await, anvil.account(1).await);
    let first = anvil.signed(sender, to, 0, 2_000_000_000).await;
    let second = anvil.signed(sender, to, 0, 3_000_000_000).await;
    money.broadcast(&first).await;
    assert!(money.transaction(keccak256(&first)).await.unwrap());
    money.broadcast(&second).await;
    assert_eq!(money.pending_count(sender).await.unwrap(), 1);
    anvil.ask("anvil_mine", json!(["0x3"])).await;
    in_block(&anvil, keccak256(&second)).await;
    let head = money.head().await.unwrap();
    assert_eq!(used(&money, sender, 0, 0, &head).await, Some((keccak256(&second), 1)));
    assert_eq!(money.receipt(keccak256(&first)).await.unwrap(), None);
    assert!(money.receipt(keccak256(&second)).await.unwrap().unwrap().success);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_endpoints_don_t_remember_or_don_t_agree_on_is_unknown() {
    let anvil = Anvil::start();
    anvil.ask("anvil_mine", json!(["0x7"])).await;
    sent(&anvil).await;
    let pruned = async || {
        anvil
            .altered(|request, answer| {
                if request["method"] == "eth_getTransactionCount" && request["params"][1].is_string() {
                    let error = json!({ "code": -32_000, "message": "missing trie node" });
                    *answer = json!({ "id": answer["id"], "error": error });
                }
            })
            .await
    };
    let (one, two) = (pruned().await, pruned().await);
    let money = opened(&[&one, &two]).money();
    let (head, sender) = (money.head().await.unwrap(), anvil.account(0).await);
    let error = money.nonce_user(sender, 0, 0, &head).await.unwrap_err();
    assert!(matches!(&error, ReadError::Rpc { message, .. } if message == "missing trie node"), "{error}");

    let liar = anvil
        .altered(|request, answer| {
            if request["params"][1] == json!(true) {
                answer["result"]["transactions"][0]["hash"] = json!(B256::repeat_byte(0xab));
            }
        })
        .await;
    let (one, empty) = (honest(&anvil).await, empty(&anvil).await);
    let error = opened(&[&one, &liar]).money().nonce_user(sender, 0, 0, &head).await.unwrap_err();
    assert!(disagree(&error), "{error}");
    let error = opened(&[&empty]).money().nonce_user(sender, 0, 0, &head).await.unwrap_err();
    assert!(error.to_string().contains("block 8, which has no such transaction"), "{error}");
}

/// A node whose full blocks have no transactions.
async fn empty(anvil: &Anvil) -> super::Fake {
    anvil
        .altered(|request, answer| {
            if request["params"][1] == json!(true) {
                answer["result"]["transactions"] = json!([]);
            }
        })
        .await
}
