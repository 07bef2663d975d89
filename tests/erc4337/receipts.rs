//! What the receipts of a chain tell of operations, read without any code of the plugin.

use serde_json::{Value, json};

use crate::support::{Anvil, contracts::EntryPoint, quantity};

const OPERATION: &str = "0x49628fd1471006c1482da88028e9ce4dbb080b815c9b0344d39e5a8e6ec1419f";
const BUNDLE: &str = "0xbb47ee3e183a558b1a2ff0874b079f3fc5478b7454eacf2bfc5af2ff5878f972";

/// An operation as its event tells it.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// When its block was.
    pub(super) time: u64,
    /// In lower case.
    pub(super) paymaster: String,
    pub(super) success: bool,
    /// In wei.
    pub(super) cost: u128,
    pub(super) gas: u128,
}

/// All operations at an EntryPoint up to a block.
pub(super) fn operations(anvil: &Anvil, version: EntryPoint, last: u64) -> Vec<Told> {
    let mut told = Vec::new();
    for number in 0..=last {
        let time = quantity(&anvil.rpc("eth_getBlockByNumber", json!([format!("{number:#x}"), false]))["timestamp"]);
        for log in events(anvil, version, number, OPERATION) {
            let words = log["data"].as_str().unwrap().trim_start_matches("0x");
            let word = |place: usize| u128::from_str_radix(&words[64 * place + 32..64 * (place + 1)], 16).unwrap();
            told.push(Told {
                time,
                paymaster: format!("0x{}", &log["topics"][3].as_str().unwrap()[26..]),
                success: word(1) == 1,
                cost: word(2),
                gas: word(3),
            });
        }
    }
    told
}

/// How many bundles were executed up to a block.
pub(super) fn bundles(anvil: &Anvil, version: EntryPoint, last: u64) -> usize {
    (0..=last).map(|number| events(anvil, version, number, BUNDLE).len()).sum()
}

fn events(anvil: &Anvil, version: EntryPoint, number: u64, signature: &str) -> Vec<Value> {
    let receipts = anvil.rpc("eth_getBlockReceipts", json!([format!("{number:#x}")]));
    let logs = receipts.as_array().unwrap().iter().flat_map(|receipt| receipt["logs"].as_array().unwrap().clone());
    let ours = |log: &Value| log["address"].as_str().unwrap().eq_ignore_ascii_case(version.address());
    logs.filter(|log| ours(log) && log["topics"][0] == signature).collect()
}
