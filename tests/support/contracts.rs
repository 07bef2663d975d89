//! Contracts on a test's chain: the tests' own, the real ones at the addresses that they have on every chain, and `cast`, a
//! client that isn't ours, to send to them and to say what they say.

use std::{fs, process::Command, time::Duration};

use serde_json::{Value, json};

use super::{Anvil, eventually, programs};

/// Where Multicall3 is on every chain that has it.
pub(crate) const MULTICALL3: &str = "0xcA11bde05977b3631167028862bE2a173976CA11";

/// Where EntryPoint 0.9 is on every chain.
pub(crate) const ENTRY_POINT_09: &str = "0x433709009B8330FDa32311DF1C2AFA402eD8D009";

/// The proxy that makes contracts at the same address on every chain; Anvil has it.
const CREATE2_PROXY: &str = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
const GAS: &str = "0x1c9c380";
const MINED: Duration = Duration::from_secs(30);

/// A version of ERC-4337's EntryPoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryPoint {
    /// 0.6
    V06,
    /// 0.7
    V07,
    /// 0.8
    V08,
}

impl EntryPoint {
    /// All that are published.
    pub(crate) const ALL: [Self; 3] = [Self::V06, Self::V07, Self::V08];

    /// Where it is on every chain.
    pub(crate) fn address(self) -> &'static str {
        match self {
            Self::V06 => "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789",
            Self::V07 => "0x0000000071727De22E5E9d8BAf0edAc6f37da032",
            Self::V08 => "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108",
        }
    }

    /// The npm package that has it, and the accounts, factories and paymasters of its version.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::V06 => "aa06",
            Self::V07 => "aa07",
            Self::V08 => "aa08",
        }
    }

    fn salt(self) -> &'static str {
        match self {
            Self::V06 => "0000000000000000000000000000000000000000000000000000000000000000",
            Self::V07 => "90d8084deab30c2a37c45e8d47f49f2f7965183cb6990a98943ef94940681de3",
            Self::V08 => "0a59dbff790c23c976a548690c27297883cc66b4c67024f9117b0238995e35e9",
        }
    }

    /// Puts it where it is on every chain: the same byte code through the same proxy gives the same address.
    #[track_caller]
    pub(crate) fn deploy(self, anvil: &Anvil) {
        let code = published(self.package(), "EntryPoint");
        let data = format!("0x{}{}", self.salt(), code.trim_start_matches("0x"));
        transact(anvil, &json!({"to": CREATE2_PROXY, "data": data, "gas": GAS}));
        let there = anvil.rpc("eth_getCode", json!([self.address(), "latest"]));
        assert_ne!(there, "0x", "{self:?} is at another address");
    }
}

/// The byte code that creates a contract of a package, such as `aa07`.
#[track_caller]
pub(crate) fn published(package: &str, name: &str) -> String {
    bytecode(&format!("node_modules/{package}/artifacts/{name}.json"))
}

/// Creates one of the tests' own contracts (`tests/contracts/*.sol`); `arguments` are the constructor's, ABI-encoded, without
/// `0x`. Returns its address.
#[track_caller]
pub(crate) fn deploy(anvil: &Anvil, name: &str, arguments: &str) -> String {
    create(anvil, &format!("{}{arguments}", bytecode(&format!("build/{name}.json"))))
}

/// Creates a contract from byte code and encoded arguments; returns its address.
#[track_caller]
pub(crate) fn create(anvil: &Anvil, code: &str) -> String {
    let receipt = transact(anvil, &json!({"data": code, "gas": GAS}));
    receipt["contractAddress"].as_str().expect("a contract's address").to_owned()
}

/// Puts Multicall3 where it is on other chains.
#[track_caller]
pub(crate) fn install_multicall3(anvil: &Anvil) {
    let made = create(anvil, &bytecode("build/Multicall3.json"));
    let code = anvil.rpc("eth_getCode", json!([made, "latest"]));
    anvil.rpc("anvil_setCode", json!([MULTICALL3, code]));
}

/// Puts EntryPoint 0.9 where it is on other chains. What npm has of it is a candidate, whose byte code comes to another address.
#[track_caller]
pub(crate) fn install_entry_point_09(anvil: &Anvil) {
    let made = create(anvil, &published("aa09", "EntryPoint"));
    let code = anvil.rpc("eth_getCode", json!([made, "latest"]));
    anvil.rpc("anvil_setCode", json!([ENTRY_POINT_09, code]));
}

/// What a contract answers at the newest block, as `cast` shows it: `cast_call(&anvil, address, "count()(uint256)", &[])`.
#[track_caller]
pub(crate) fn cast_call(anvil: &Anvil, to: &str, signature: &str, arguments: &[&str]) -> String {
    cast(&[&["call", to, signature][..], arguments, &["--rpc-url", anvil.url()]].concat())
}

/// Sends a transaction from Anvil's first account, and waits until it is mined; returns its receipt, also if it failed.
#[track_caller]
pub(crate) fn cast_send(anvil: &Anvil, to: &str, signature: &str, arguments: &[&str]) -> Value {
    cast_send_from(anvil, &Value::Null, to, signature, arguments)
}

/// The same from another of Anvil's accounts.
#[track_caller]
pub(crate) fn cast_send_from(anvil: &Anvil, from: &Value, to: &str, signature: &str, arguments: &[&str]) -> Value {
    let data = cast(&[&["calldata", signature][..], arguments].concat());
    transact(anvil, &json!({"from": from, "to": to, "data": data, "gas": GAS}))
}

/// Sends a transaction, from Anvil's first account unless it says otherwise, and waits for its receipt.
#[track_caller]
pub(crate) fn transact(anvil: &Anvil, transaction: &Value) -> Value {
    let mut transaction = transaction.clone();
    if transaction["from"].is_null() {
        transaction["from"] = anvil.rpc("eth_accounts", json!([]))[0].clone();
    }
    let hash = anvil.rpc("eth_sendTransaction", json!([transaction]));
    eventually("a transaction to be mined", MINED, || {
        let receipt = anvil.rpc("eth_getTransactionReceipt", json!([hash]));
        (!receipt.is_null()).then_some(receipt)
    })
}

/// What `cast` prints when it is given these arguments.
#[track_caller]
pub(crate) fn cast(arguments: &[&str]) -> String {
    let output = Command::new(programs::cast()).args(arguments).output().expect("cast runs");
    assert!(output.status.success(), "cast {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[track_caller]
fn bytecode(file: &str) -> String {
    let text = fs::read_to_string(programs::contract(file)).expect("a contract's file");
    let contract: Value = serde_json::from_str(&text).expect("a contract as JSON");
    contract["bytecode"].as_str().expect("its byte code").to_owned()
}
