//! Reads that decide money, and the broadcast: what enough endpoints of a real node say is told, and nothing else ever becomes
//! a number, an absence or an end.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed helper is a failed test")]

mod heads;
mod liars;
mod nonces;
mod real;
mod send;
#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};
use support::{Opened, anvil::Anvil, fake::Fake, open, settings};
use watchkeeper_chain::ReadError;

/// Where tests put code.
const CONTRACT: Address = Address::repeat_byte(0xc1);
/// Code that returns the number 42.
const RETURNS_42: &str = "0x602a60005260206000f3";

/// The chain with each of these as an endpoint, named `one`, `two`, `three`.
fn opened(endpoints: &[&Fake]) -> Opened {
    let names = ["one", "two", "three"].into_iter();
    let endpoints: Vec<_> = names.zip(endpoints).map(|(name, endpoint)| (name, endpoint.url())).collect();
    open(settings(&endpoints))
}

/// Changes the result of one method, at an endpoint that is honest in all else.
async fn lying(anvil: &Anvil, method: &'static str, lie: Value) -> Fake {
    anvil
        .altered(move |request, answer| {
            if request["method"] == method {
                answer["result"] = lie.clone();
                answer.as_object_mut().unwrap().remove("error");
            }
        })
        .await
}

async fn honest(anvil: &Anvil) -> Fake {
    anvil.altered(|_, _| {}).await
}

async fn put_code(anvil: &Anvil, code: &str) {
    anvil.ask("anvil_setCode", json!([CONTRACT, code])).await;
    anvil.ask("anvil_mine", json!(["0x1"])).await;
}

/// Sends something from one of the node's accounts to another, and waits for its block.
async fn sent(anvil: &Anvil) -> B256 {
    let (from, to) = (anvil.account(0).await, anvil.account(1).await);
    let hash = anvil.ask("eth_sendTransaction", json!([{ "from": from, "to": to, "value": "0x7" }])).await;
    let hash = hash.as_str().unwrap().parse().unwrap();
    in_block(anvil, hash).await;
    hash
}

/// Waits until the node has a receipt, and returns it.
async fn in_block(anvil: &Anvil, hash: B256) -> Value {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let receipt = anvil.ask("eth_getTransactionReceipt", json!([hash])).await;
        if !receipt.is_null() {
            return receipt;
        }
        assert!(Instant::now() < deadline, "{hash} is in no block");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn number(hex: &Value) -> U256 {
    U256::from_str_radix(hex.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

fn nothing() -> Bytes {
    Bytes::new()
}

fn disagree(error: &ReadError) -> bool {
    matches!(error, ReadError::Unavailable(text) if text.contains("no 2 endpoints agree"))
}
