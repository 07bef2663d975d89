//! Anvil as the demo's chain: a block each second, epochs of four slots so that `safe` and `finalized` move, and a few
//! transfers a second between its unlocked accounts.

use std::{
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::deployment::free_port;
use crate::{
    service::{GLANCE, Service},
    steps::Done,
};

/// Anvil's usual port, and the one that `config/demo` names.
pub(crate) const USUAL_PORT: u16 = 8545;
const CHAIN_ID: &str = "31337";
const START: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);

/// A running chain.
pub(crate) struct DevChain {
    service: Service,
    port: u16,
    http: ureq::Agent,
    accounts: Vec<String>,
    sent: usize,
    last: Instant,
}

impl DevChain {
    /// Starts Anvil and waits for its first answer.
    pub(crate) fn start(anvil: &Path) -> Done<Self> {
        let port = free_port(USUAL_PORT)?;
        let text = port.to_string();
        let arguments = ["--host", "127.0.0.1", "--port", &text, "--chain-id", CHAIN_ID, "--silent"];
        let mining = ["--block-time", "1", "--slots-in-an-epoch", "4"];
        let arguments: Vec<_> = arguments.iter().chain(&mining).map(AsRef::as_ref).collect();
        let service = Service::start("anvil", anvil, &arguments, (Stdio::null(), Stdio::inherit()))?;
        let http = ureq::Agent::config_builder().timeout_global(Some(PAUSE)).proxy(None).build().into();
        let mut chain = Self { service, port, http, accounts: Vec::new(), sent: 0, last: Instant::now() };
        chain.accounts = chain.wait_for_accounts()?;
        let note = format!("{}, chain id {CHAIN_ID}, a block each second", chain.url());
        Ok((chain, note))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// # Errors
    /// If Anvil has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.service.check()
    }

    /// Once a second, sends one to five transfers. One that fails is only missing: the chain may be paused by a person.
    pub(crate) fn keep_busy(&mut self) {
        if self.last.elapsed() < PAUSE {
            return;
        }
        self.last = Instant::now();
        for _ in 0..=self.sent % 5 {
            let mut accounts = self.accounts.iter().cycle().skip(self.sent % self.accounts.len().max(1));
            let transfer = json!({"from": accounts.next(), "to": accounts.next(), "value": "0x1"});
            if self.call("eth_sendTransaction", &json!([transfer])).is_err() {
                return;
            }
            self.sent += 1;
        }
    }

    /// Ends Anvil.
    pub(crate) fn end(self) -> Result<()> {
        self.service.end(Duration::from_secs(10), || false).map(|_| ())
    }

    fn wait_for_accounts(&mut self) -> Result<Vec<String>> {
        let start = Instant::now();
        loop {
            self.check()?;
            match self.call("eth_accounts", &json!([])) {
                Ok(accounts) => return Ok(serde_json::from_value(accounts)?),
                Err(reason) if start.elapsed() > START => return Err(reason).context("Anvil doesn't answer"),
                Err(_) => thread::sleep(GLANCE),
            }
        }
    }

    fn call(&self, method: &str, params: &Value) -> Result<Value> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let mut answer: Value = self.http.post(self.url()).send_json(request)?.body_mut().read_json()?;
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => bail!("{method}: {answer}"),
        }
    }
}
