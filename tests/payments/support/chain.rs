//! What the chain itself has of the account and of paymasters. Nothing here asks the program.

use serde_json::{Value, json};

use crate::support::{Anvil, quantity, wire};

/// `Deposited(address indexed account, uint256 totalDeposit)`, the same in every version.
const DEPOSITED: &str = "0x2da466a7b24304f47e87fa2e1e5a81b9831ce54fec19055ce277ca2f39ba42c4";

/// A transaction of an account in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) hash: String,
    pub(crate) nonce: u64,
    /// `0x` and lower-case digits; empty where it creates a contract.
    pub(crate) to: String,
    pub(crate) value: u128,
    /// `0x` and digits.
    pub(crate) data: String,
    pub(crate) block: u64,
    pub(crate) success: bool,
    /// What it cost beside its value.
    pub(crate) fee: u128,
}

/// A deposit at an EntryPoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deposited {
    pub(crate) block: u64,
    /// What the paymaster had after it.
    pub(crate) total: u128,
}

/// The newest block's number.
#[track_caller]
pub(crate) fn head(anvil: &Anvil) -> u64 {
    anvil.quantity("eth_blockNumber", json!([]))
}

/// Every transaction of an account, in the order of their nonces: all blocks are looked through.
#[track_caller]
pub(crate) fn sent(anvil: &Anvil, from: &str) -> Vec<Sent> {
    let blocks =
        (0..=head(anvil)).map(|number| anvil.rpc("eth_getBlockByNumber", json!([format!("{number:#x}"), true])));
    let of_block = |block: Value| block["transactions"].as_array().cloned().unwrap_or_default();
    let ours = blocks.flat_map(of_block).filter(|transaction| is(&transaction["from"], from));
    ours.map(|transaction| read(anvil, &transaction)).collect()
}

#[track_caller]
fn read(anvil: &Anvil, transaction: &Value) -> Sent {
    let receipt = anvil.rpc("eth_getTransactionReceipt", json!([transaction["hash"]]));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    Sent {
        hash: text(&transaction["hash"]),
        nonce: quantity(&transaction["nonce"]),
        to: text(&transaction["to"]),
        value: wire::number(&transaction["value"]).to(),
        data: text(&transaction["input"]),
        block: quantity(&transaction["blockNumber"]),
        success: receipt["status"] == "0x1",
        fee: u128::from(quantity(&receipt["gasUsed"])) * u128::from(quantity(&receipt["effectiveGasPrice"])),
    }
}

/// Every deposit of a paymaster at an EntryPoint, by its events.
#[track_caller]
pub(crate) fn deposited(anvil: &Anvil, entry_point: &str, paymaster: &str) -> Vec<Deposited> {
    let whose = format!("0x{:0>64}", paymaster.trim_start_matches("0x").to_lowercase());
    let filter = json!([{"address": entry_point, "fromBlock": "0x0", "topics": [DEPOSITED, whose]}]);
    let logs = anvil.rpc("eth_getLogs", filter);
    let read = |log: &Value| Deposited { block: quantity(&log["blockNumber"]), total: wire::number(&log["data"]).to() };
    logs.as_array().expect("a list of logs").iter().map(read).collect()
}

/// What a paymaster has at an EntryPoint.
#[track_caller]
pub(crate) fn total_deposit(anvil: &Anvil, entry_point: &str, paymaster: &str) -> u128 {
    let data = format!("0x70a08231{:0>64}", paymaster.trim_start_matches("0x").to_lowercase());
    wire::number(&anvil.rpc("eth_call", json!([{"to": entry_point, "data": data}, "latest"]))).to()
}

fn is(value: &Value, address: &str) -> bool {
    value.as_str().is_some_and(|found| found.eq_ignore_ascii_case(address))
}
