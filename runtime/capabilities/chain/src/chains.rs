//! The chains of one configuration. Made anew when the configuration changes, untouched when a plugin does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex},
};

use tokio::{runtime::Handle, sync::Semaphore};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;
use watchkeeper_contract::{ChainHealth, Grant, GrantError, Open, TellHead};
use watchkeeper_model::{Clock, HeadFeed, JobName};

use crate::{
    ChainMetrics, ChainSettings, NAME, OpenError,
    endpoint::{Endpoint, EndpointOptions},
    gather::Gather,
    grant,
    heads::{HeadSettings, Heads, SocketSettings},
    money::Money,
    named::NamedChain,
    probe,
    seen::Seen,
    settings::Urls,
    telemetry::EndpointTelemetry,
    transport::{self, Transport},
};

/// All chains that a configuration names.
pub struct Chains {
    chains: BTreeMap<String, Arc<NamedChain>>,
    heads: Vec<Heads>,
    /// Of the chains that have more than one endpoint, or a bound on the age of heads.
    _probes: Vec<AbortOnDropHandle<()>>,
}

impl Chains {
    /// Opens chains; asks nothing of their endpoints yet. Reads will be tasks of `runtime`, which must not be the one that
    /// guests run on; `clock` says when a block was first seen.
    ///
    /// # Errors
    /// [`OpenError`], which names the key and never shows a URL.
    pub fn open(
        settings: &BTreeMap<String, ChainSettings>,
        metrics: &ChainMetrics,
        runtime: &Handle,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let mut checked = Vec::new();
        for (name, chain) in settings {
            checked.push((name, chain, chain.check(name)?));
        }
        let all = || checked.iter().flat_map(|(_, _, urls)| urls);
        let https = all().any(|urls| urls.http.scheme() == "https");
        let client = transport::client(https)?;
        let wss = all().any(|urls| urls.websocket.as_ref().is_some_and(|url| url.scheme() == "wss"));
        let tls = TlsConnector::from(Arc::new(transport::tls(wss)?));
        let opened = metrics.open();
        let (mut heads, mut probes) = (Vec::new(), Vec::new());
        let mut open = |(name, settings, urls): (&String, &ChainSettings, Vec<Urls>)| {
            let label: Arc<str> = name.as_str().into();
            let sockets = settings.endpoints.iter().zip(&urls).filter_map(|(endpoint, urls)| {
                let (endpoint, url) = (endpoint.name.as_str().into(), urls.websocket.clone()?);
                Some(SocketSettings { endpoint, url, tls: tls.clone() })
            });
            let of_heads = HeadSettings { poll_interval: settings.poll_interval, sockets: sockets.collect() };
            let best = Arc::default();
            let endpoint = |(endpoint, urls): (&crate::EndpointSettings, Urls)| {
                let telemetry = EndpointTelemetry {
                    metrics: metrics.clone(),
                    opened,
                    chain: Arc::clone(&label),
                    endpoint: endpoint.name.as_str().into(),
                };
                let transport = Transport::new(client.clone(), urls.http, settings.max_response);
                let options = EndpointOptions {
                    chain_id: settings.chain_id,
                    max_head_age: settings.max_head_age,
                    max_concurrent: endpoint.max_concurrent,
                    requests_per_second: endpoint.requests_per_second,
                    best: Arc::clone(&best),
                    clock: Arc::clone(clock),
                };
                Endpoint::new(options, transport, telemetry)
            };
            let endpoints = settings.endpoints.iter().zip(urls).map(endpoint).collect();
            let chain = NamedChain {
                name: Arc::clone(&label),
                chain_id: settings.chain_id,
                endpoints,
                quorum: settings.quorum,
                timeout: settings.timeout,
                max_response: settings.max_response,
                turns: Semaphore::new(settings.max_concurrent.min(Semaphore::MAX_PERMITS)),
                seen: Seen::default(),
                forks: Mutex::default(),
                used: Arc::default(),
                telemetry: metrics.of_chain(&label),
                gather: Gather::new(settings.multicall, settings.cache, metrics.clone(), Arc::clone(&label)),
                floor: metrics.floors.of(name, settings.chain_id),
                clock: Arc::clone(clock),
                runtime: runtime.clone(),
            };
            let chain = Arc::new(chain);
            if settings.endpoints.len() > 1 || settings.max_head_age.is_some() {
                probes.push(AbortOnDropHandle::new(runtime.spawn(probe::keep(Arc::clone(&chain)))));
            }
            heads.push(Heads::new(Arc::clone(&chain), of_heads, metrics.heads.clone()));
            (name.clone(), chain)
        };
        let chains = checked.into_iter().map(&mut open).collect();
        Ok(Self { chains, heads, _probes: probes })
    }

    /// The host's own reads of a chain, and its broadcast; none if no chain has this name. No grant leads to it.
    pub fn money(&self, name: &str) -> Option<Money> {
        self.chains.get(name).map(|chain| Money::new(Arc::clone(chain)))
    }
}

impl Open for Chains {
    fn name(&self) -> &'static str {
        NAME
    }

    fn grant(&self, _job: &JobName, written: &toml::Value) -> Result<Arc<dyn Grant>, GrantError> {
        Ok(Arc::new(grant::parse(&self.chains, written)?))
    }

    fn follow(&self, feeds: &BTreeSet<HeadFeed>, tell: &TellHead) {
        self.heads.iter().for_each(|heads| heads.follow(feeds, tell));
    }

    fn chains(&self) -> Vec<ChainHealth> {
        self.chains.values().map(|chain| chain.health()).collect()
    }
}

impl fmt::Debug for Chains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.chains.keys()).finish()
    }
}
