//! What an operator says of a chain, checked. Endpoint URLs often hold keys: they are secret, and no error, log line,
//! metric or `Debug` shows any part of them.

use std::{collections::BTreeSet, fmt, time::Duration};

use alloy_primitives::Address;
use reqwest::Url;

use crate::read::MULTICALL3;

/// One chain.
#[derive(Debug, Clone)]
pub struct ChainSettings {
    /// What `eth_chainId` must answer.
    pub chain_id: u64,
    /// In the order of preference; at least one.
    pub endpoints: Vec<EndpointSettings>,
    /// The longest that a read may take, over all endpoints together.
    pub timeout: Duration,
    /// The largest answer, in bytes.
    pub max_response: usize,
    /// An endpoint whose newest block is older is out; none: no head is too old.
    pub max_head_age: Option<Duration>,
    /// How many endpoints have to give a read of a block the same answer; 1 asks no second one.
    pub quorum: usize,
    /// Reads in service at once, of all jobs; more wait.
    pub max_concurrent: usize,
    /// The contract Multicall3, where calls may be gathered by it.
    pub multicall: Option<Address>,
    /// The most bytes of answers that are kept; 0 for none.
    pub cache: usize,
    /// From one look at the head to the next, where jobs follow it and no WebSocket tells of it.
    pub poll_interval: Duration,
}

/// One node that serves a chain.
#[derive(Clone)]
pub struct EndpointSettings {
    /// What logs, metrics and errors call it.
    pub name: String,
    /// Secret. `http` or `https`; a user and password go out as an `Authorization` header.
    pub url: String,
    /// Secret. `ws` or `wss`: where it tells of new heads.
    pub websocket: Option<String>,
    /// Requests in flight; more wait.
    pub max_concurrent: usize,
    /// Requests in a second; none: as many as there are.
    pub requests_per_second: Option<f64>,
}

impl From<&watchkeeper_config::ChainSettings> for ChainSettings {
    /// What reading takes of a chain in `watchkeeper.toml`.
    fn from(chain: &watchkeeper_config::ChainSettings) -> Self {
        let endpoint = |endpoint: &watchkeeper_config::Endpoint| EndpointSettings {
            name: endpoint.name.clone(),
            url: endpoint.url.expose().to_owned(),
            websocket: endpoint.websocket.as_ref().map(|url| url.expose().to_owned()),
            max_concurrent: usize::try_from(endpoint.max_concurrent).unwrap_or(usize::MAX),
            requests_per_second: endpoint.requests_per_second,
        };
        Self {
            chain_id: chain.chain_id,
            endpoints: chain.endpoints.iter().map(endpoint).collect(),
            timeout: chain.timeout,
            max_response: usize::try_from(chain.max_response).unwrap_or(usize::MAX),
            max_concurrent: usize::try_from(chain.max_concurrent).unwrap_or(usize::MAX),
            max_head_age: chain.max_head_age,
            quorum: usize::try_from(chain.quorum).unwrap_or(usize::MAX),
            multicall: match chain.multicall {
                watchkeeper_config::Multicall::Auto => Some(MULTICALL3),
                watchkeeper_config::Multicall::At(address) => Some(address.into()),
                watchkeeper_config::Multicall::Off => None,
            },
            cache: usize::try_from(chain.cache).unwrap_or(usize::MAX),
            poll_interval: chain.poll_interval,
        }
    }
}

impl fmt::Debug for EndpointSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointSettings").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why chains can't be opened. Names the key below `chains`.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A value can't work.
    #[error("chains.{key}: {problem}\nhint: {hint}")]
    Setting {
        /// As `zkfair.timeout`.
        key: String,
        /// What is wrong; never quotes a URL.
        problem: String,
        /// What to write.
        hint: &'static str,
    },
    /// An `https` endpoint needs the system's root certificates, and there are none.
    #[error("chains: can't check the certificates of https endpoints: {0}\nhint: install the ca-certificates package")]
    Certificates(String),
    /// The HTTP client can't be made.
    #[error("chains: no HTTP client: {0}\nhint: this is a fault of the machine or of this program; please report it")]
    Client(String),
}

/// Where an endpoint is.
pub(crate) struct Urls {
    pub(crate) http: Url,
    pub(crate) websocket: Option<Url>,
}

fn parsed(url: &str, schemes: [&str; 2]) -> Option<Url> {
    Url::parse(url).ok().filter(|url| schemes.contains(&url.scheme()) && url.has_host())
}

impl ChainSettings {
    /// Checks all but the certificates, and parses the URLs.
    pub(crate) fn check(&self, chain: &str) -> Result<Vec<Urls>, OpenError> {
        let refuse = |key: &str, problem: &str, hint| OpenError::Setting {
            key: format!("{chain}.{key}"),
            problem: problem.to_owned(),
            hint,
        };
        if self.endpoints.is_empty() {
            return Err(refuse("endpoints", "there is none", "name at least one endpoint"));
        }
        if self.timeout.is_zero() {
            return Err(refuse("timeout", "no read can be done in no time", "write a duration such as \"10s\""));
        }
        if self.max_response == 0 {
            return Err(refuse("max_response", "no answer fits", "write a size such as \"16MiB\""));
        }
        if self.max_concurrent == 0 {
            return Err(refuse("max_concurrent", "no read could ever begin", "write a number from 1"));
        }
        if self.quorum == 0 || self.quorum > self.endpoints.len() {
            return Err(refuse("quorum", "not a number of its endpoints", "write 1 up to the number of endpoints"));
        }
        if self.endpoints.iter().any(|endpoint| endpoint.max_concurrent == 0) {
            return Err(refuse("endpoints.max_concurrent", "no request could ever begin", "write a number from 1"));
        }
        let names: BTreeSet<&str> = self.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
        if names.len() < self.endpoints.len() {
            return Err(refuse("endpoints", "two have the same name", "give each endpoint a name of its own"));
        }
        let parse = |endpoint: &EndpointSettings| {
            let refused = |key, problem, hint| refuse(&format!("endpoints.{}.{key}", endpoint.name), problem, hint);
            let http = parsed(&endpoint.url, ["http", "https"])
                .ok_or_else(|| refused("url", "not an HTTP URL", "write http://HOST:PORT/ or https://HOST/"))?;
            let websocket = endpoint.websocket.as_ref().map(|url| {
                parsed(url, ["ws", "wss"])
                    .ok_or_else(|| refused("websocket", "not a WebSocket URL", "write ws://HOST:PORT/ or wss://HOST/"))
            });
            Ok(Urls { http, websocket: websocket.transpose()? })
        };
        self.endpoints.iter().map(parse).collect()
    }
}
