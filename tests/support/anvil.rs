//! A real EVM chain of a test's own: Anvil.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    http::json_rpc,
    process::{Process, Signal},
    programs,
};

const START: Duration = Duration::from_secs(30);
const CALL: Duration = Duration::from_secs(10);

/// A running Anvil, chain id 31337, on a free port.
pub(crate) struct Anvil {
    process: Process,
    url: String,
}

impl Anvil {
    /// Starts Anvil with further options, such as `["--block-time", "1", "--slots-in-an-epoch", "4"]`, and waits until
    /// it answers. Without `--block-time` it mines a block for each transaction.
    pub(crate) fn start(options: &[&str]) -> Self {
        let arguments = [&["--host", "127.0.0.1", "--port", "0"], options].concat();
        let mut process = Process::start("anvil", programs::anvil().as_os_str(), &arguments);
        let address = process.wait_for_line(START, |line| line.strip_prefix("Listening on ").map(str::to_owned));
        let anvil = Self { process, url: format!("http://{address}") };
        anvil.rpc("eth_chainId", json!([]));
        anvil
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Calls a method and returns its result.
    ///
    /// # Panics
    /// If it answers an error or not at all.
    #[track_caller]
    pub(crate) fn rpc(&self, method: &str, params: Value) -> Value {
        json_rpc(&self.url, method, &params, CALL).unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    /// Calls a method; the error is the node's, or of the connection, in words.
    pub(crate) fn try_rpc(&self, method: &str, params: Value) -> Result<Value, String> {
        json_rpc(&self.url, method, &params, CALL)
    }

    /// Calls a method whose result is a quantity such as `"0x1f"`.
    #[track_caller]
    pub(crate) fn quantity(&self, method: &str, params: Value) -> u64 {
        quantity(&self.rpc(method, params))
    }

    /// Mines blocks now.
    pub(crate) fn mine(&self, blocks: u64) {
        self.rpc("anvil_mine", json!([format!("{blocks:#x}")]));
    }

    /// Sends a plain transfer of 1 wei between two unlocked accounts; returns its hash.
    pub(crate) fn transfer(&self) -> Value {
        let accounts = self.rpc("eth_accounts", json!([]));
        self.rpc("eth_sendTransaction", json!([{"from": accounts[0], "to": accounts[1], "value": "0x1"}]))
    }

    /// Kills it: connections are refused from now on.
    pub(crate) fn kill(mut self) {
        self.process.signal(Signal::KILL);
        self.process.wait(CALL);
    }
}

/// Reads a JSON-RPC quantity.
///
/// # Panics
/// If it is none, or above 64 bits.
#[track_caller]
pub(crate) fn quantity(value: &Value) -> u64 {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_else(|| panic!("no quantity: {value}"))
}
