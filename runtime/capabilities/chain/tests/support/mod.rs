//! What the tests of the chain capability share: chains opened on given endpoints, a node that lies as told, and Anvil.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed helper is a failed test"
)]

pub(crate) mod anvil;
pub(crate) mod fake;

use std::{any::Any, collections::BTreeMap, sync::Arc, time::Duration};

use prometheus::{Encoder, Registry, TextEncoder};
use watchkeeper_chain::{
    At, ChainMetrics, ChainReads, ChainSettings, Chains, EndpointSettings, Header, Money, ReadError,
};
use watchkeeper_contract::{Grant, GrantError, Open};
use watchkeeper_model::{JobName, SystemClock};

/// Where Multicall3 is.
pub(crate) const MULTICALL3: &str = "0xcA11bde05977b3631167028862bE2a173976CA11";

/// The chain id of Anvil and of fakes.
pub(crate) const CHAIN_ID: u64 = 31_337;

/// One chain named `local`, and what it says of itself.
pub(crate) struct Opened {
    pub(crate) chains: Chains,
    pub(crate) registry: Registry,
}

pub(crate) fn settings(endpoints: &[(&str, String)]) -> ChainSettings {
    let endpoint = |(name, url): &(&str, String)| EndpointSettings {
        name: (*name).to_owned(),
        url: url.clone(),
        websocket: None,
        max_concurrent: 32,
        requests_per_second: None,
    };
    ChainSettings {
        chain_id: CHAIN_ID,
        endpoints: endpoints.iter().map(endpoint).collect(),
        timeout: Duration::from_secs(20),
        max_response: 1 << 20,
        max_concurrent: 32,
        max_head_age: None,
        quorum: 1,
        multicall: Some(MULTICALL3.parse().unwrap()),
        cache: 1 << 20,
        poll_interval: Duration::from_millis(50),
    }
}

pub(crate) fn open(settings: ChainSettings) -> Opened {
    let registry = Registry::new();
    let metrics = ChainMetrics::register(&registry).unwrap();
    let all = BTreeMap::from([("local".to_owned(), settings)]);
    let clock: Arc<dyn watchkeeper_model::Clock> = Arc::new(SystemClock);
    let chains = Chains::open(&all, &metrics, &tokio::runtime::Handle::current(), &clock).unwrap();
    Opened { chains, registry }
}

impl Opened {
    /// Grants of job `head`, as written below `[grants]`.
    pub(crate) fn grant(&self, written: &str) -> Result<Arc<dyn Grant>, GrantError> {
        let table: toml::Table = written.parse().unwrap();
        self.chains.grant(&job(), &table["chain"])
    }

    pub(crate) fn reads_with(&self, written: &str) -> ChainReads {
        let begun: Box<dyn Any> = self.grant(written).unwrap().begin(&job());
        *begun.downcast::<ChainReads>().unwrap()
    }

    pub(crate) fn reads(&self) -> ChainReads {
        self.reads_with(r#"chain = ["local"]"#)
    }

    /// The host's own reads of the chain.
    pub(crate) fn money(&self) -> Money {
        self.chains.money("local").unwrap()
    }

    /// The latest header, read with a new run's grant.
    pub(crate) async fn head(&self) -> Result<Header, ReadError> {
        self.reads().header("local", At::Latest)?.answer().await
    }

    pub(crate) fn exposition(&self) -> String {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    /// How many reads were saved for a reason.
    pub(crate) fn saved(&self, reason: &str) -> u64 {
        let series = format!("watchkeeper_chain_reads_saved_total{{chain=\"local\",reason=\"{reason}\"}} ");
        let text = self.exposition();
        text.lines().find_map(|line| line.strip_prefix(&series)).map_or(0, |value| value.parse().unwrap())
    }

    pub(crate) fn up(&self, endpoint: &str) -> Option<String> {
        let series = format!("watchkeeper_chain_endpoint_up{{chain=\"local\",endpoint=\"{endpoint}\"}} ");
        self.exposition().lines().find_map(|line| line.strip_prefix(&series).map(str::to_owned))
    }
}

pub(crate) fn job() -> JobName {
    JobName::new("head").unwrap()
}

/// Waits for a condition that other tasks bring about.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
