//! The chain that is read: Anvil with Multicall3 and two small contracts; and the capability, opened on it as a keeper would.

use std::{
    any::Any,
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use alloy_primitives::Bytes;
use alloy_rpc_client::RpcClient;
use anyhow::{Context, Result, anyhow, bail, ensure};
use prometheus::Registry;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use watchkeeper_chain::{At, Call, ChainMetrics, ChainReads, ChainSettings, Chains, EndpointSettings, Reply};
use watchkeeper_contract::Open;
use watchkeeper_model::{Clock, JobName, SystemClock};

use crate::{built, node::CHAIN_ID};

/// Where Multicall3 is.
const MULTICALL3: &str = "0xcA11bde05977b3631167028862bE2a173976CA11";
/// The contract that has values: it gives the slot that it is asked for, added to its number.
pub(super) const VALUES: &str = "0x00000000000000000000000000000000000c0de1";
const VALUES_CODE: &str = "0x60003580540160005260206000f3";
/// The contract that emits as many events as it is told to.
pub(super) const EVENTS: &str = "0x00000000000000000000000000000000000c0de2";
const EVENTS_CODE: &str = "0x6000355b80600052600760206000a1600190038060035700";

/// A running chain; ends when dropped.
pub(crate) struct Chain {
    anvil: Child,
    url: String,
    client: RpcClient,
}

impl Chain {
    pub(crate) async fn start() -> Result<Self> {
        let mut anvil = Command::new(built::anvil()?)
            .args(["--host", "127.0.0.1", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("can't start Anvil")?;
        let mut lines = BufReader::new(anvil.stdout.take().context("Anvil says nothing")?).lines();
        let address =
            lines.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned));
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("http://{}", address.context("Anvil doesn't say where it listens")?.trim());
        let chain = Self { anvil, client: client(&url)?, url };
        chain.install().await?;
        Ok(chain)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What the node says, past the capability.
    pub(crate) async fn ask(&self, method: &'static str, params: Value) -> Result<Value> {
        self.client.request::<_, Value>(method, params).await.map_err(|error| anyhow!("{method}: {error}"))
    }

    /// A new head.
    pub(super) async fn mine(&self) -> Result<()> {
        self.ask("evm_mine", json!([])).await.map(drop)
    }

    /// Waits until a transaction is mined.
    pub(super) async fn receipt(&self, hash: &Value) -> Result<Value> {
        for _ in 0..1_000 {
            let receipt = self.ask("eth_getTransactionReceipt", json!([hash])).await?;
            if !receipt.is_null() {
                return Ok(receipt);
            }
        }
        bail!("a transaction is not mined")
    }

    async fn install(&self) -> Result<()> {
        let sender = self.ask("eth_accounts", json!([])).await?.get(0).context("no account")?.clone();
        let create = json!([{ "from": sender, "data": built::bytecode("Multicall3")?, "gas": "0x1c9c380" }]);
        let sent = self.ask("eth_sendTransaction", create).await?;
        let receipt = self.receipt(&sent).await?;
        let code = self.ask("eth_getCode", json!([receipt.get("contractAddress"), "latest"])).await?;
        for (address, code) in [(MULTICALL3, code), (VALUES, json!(VALUES_CODE)), (EVENTS, json!(EVENTS_CODE))] {
            self.ask("anvil_setCode", json!([address, code])).await?;
        }
        self.mine().await
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.anvil.kill());
        drop(self.anvil.wait());
    }
}

/// Alloy's own client, which keeps its connections.
pub(super) fn client(url: &str) -> Result<RpcClient> {
    Ok(RpcClient::new_http(url.parse()?))
}

/// The capability, opened on one endpoint.
pub(super) fn open(url: &str) -> Result<Chains> {
    let metrics = ChainMetrics::register(&Registry::new())?;
    let settings = ChainSettings {
        max_head_age: None,
        quorum: 1,
        chain_id: CHAIN_ID,
        endpoints: vec![EndpointSettings {
            name: "anvil".to_owned(),
            url: url.to_owned(),
            websocket: None,
            max_concurrent: 64,
            requests_per_second: None,
        }],
        timeout: Duration::from_mins(1),
        max_response: 64 << 20,
        max_concurrent: 32,
        multicall: Some(MULTICALL3.parse()?),
        cache: 8 << 20,
        poll_interval: Duration::from_secs(2),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Ok(Chains::open(&BTreeMap::from([("bench".to_owned(), settings)]), &metrics, &Handle::current(), &clock)?)
}

/// A new run's grant.
pub(super) fn reads(chains: &Chains) -> Result<ChainReads> {
    let job = JobName::new("reader")?;
    let grant =
        chains.grant(&job, &toml::Value::Array(vec!["bench".into()])).map_err(|error| anyhow!("{}", error.message))?;
    let begun: Box<dyn Any> = grant.begin(&job);
    begun.downcast::<ChainReads>().map(|reads| *reads).map_err(|_| anyhow!("another capability's grant"))
}

/// Has `jobs` jobs read `values` values together at the newest block, and checks each.
pub(super) async fn read_values(chains: &Chains, jobs: usize, values: usize) -> Result<()> {
    let share = values.div_ceil(jobs);
    let mut begun = Vec::new();
    for first in (0..values).step_by(share) {
        let calls: Vec<Call> = (first..values.min(first + share)).map(value).collect::<Result<_>>()?;
        begun.push((calls.clone(), reads(chains)?.call_contracts("bench", At::Latest, calls)?));
    }
    for (calls, reading) in begun {
        let (_, replies) = reading.answer().await?;
        ensure!(replies.len() == calls.len(), "a reply is missing");
        let right = |(call, reply): (Call, Reply)| reply == Reply::Returned(call.data);
        ensure!(calls.into_iter().zip(replies).all(right), "a wrong value");
    }
    Ok(())
}

/// The call for one value; the contract gives the number back.
pub(super) fn value(number: usize) -> Result<Call> {
    let mut word = vec![0; 24];
    word.extend((number as u64).to_be_bytes());
    Ok(Call { to: VALUES.parse()?, data: Bytes::from(word) })
}
