//! The chains of one configuration. Made anew when the configuration changes, untouched when a plugin does.

use std::{collections::BTreeMap, fmt, sync::Arc};

use tokio::{runtime::Handle, sync::Semaphore};
use watchkeeper_contract::{ChainHealth, Grant, GrantError, Open};
use watchkeeper_model::{Clock, JobName};

use crate::{
    ChainMetrics, ChainSettings, NAME, OpenError,
    endpoint::Endpoint,
    gather::Gather,
    grant,
    named::NamedChain,
    seen::Seen,
    telemetry::EndpointTelemetry,
    transport::{self, Transport},
};

/// All chains that a configuration names.
pub struct Chains(BTreeMap<String, Arc<NamedChain>>);

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
        let https = checked.iter().any(|(_, _, urls)| urls.iter().any(|url| url.scheme() == "https"));
        let client = transport::client(https)?;
        let opened = metrics.open();
        let open = |(name, settings, urls): (&String, &ChainSettings, Vec<reqwest::Url>)| {
            let label: Arc<str> = name.as_str().into();
            let endpoint = |(endpoint, url): (&crate::EndpointSettings, reqwest::Url)| {
                let telemetry = EndpointTelemetry {
                    metrics: metrics.clone(),
                    opened,
                    chain: Arc::clone(&label),
                    endpoint: endpoint.name.as_str().into(),
                };
                let transport = Transport::new(client.clone(), url, settings.max_response);
                Endpoint::new(settings.chain_id, transport, telemetry)
            };
            let endpoints = settings.endpoints.iter().zip(urls).map(endpoint).collect();
            let chain = NamedChain {
                name: Arc::clone(&label),
                chain_id: settings.chain_id,
                endpoints,
                timeout: settings.timeout,
                max_response: settings.max_response,
                turns: Semaphore::new(settings.max_concurrent.min(Semaphore::MAX_PERMITS)),
                seen: Seen::default(),
                gather: Gather::new(settings.multicall, settings.cache, metrics.clone(), Arc::clone(&label)),
                clock: Arc::clone(clock),
                runtime: runtime.clone(),
            };
            (name.clone(), Arc::new(chain))
        };
        Ok(Self(checked.into_iter().map(open).collect()))
    }
}

impl Open for Chains {
    fn name(&self) -> &'static str {
        NAME
    }

    fn grant(&self, _job: &JobName, written: &toml::Value) -> Result<Arc<dyn Grant>, GrantError> {
        Ok(Arc::new(grant::parse(&self.0, written)?))
    }

    fn chains(&self) -> Vec<ChainHealth> {
        self.0.values().map(|chain| chain.health()).collect()
    }
}

impl fmt::Debug for Chains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}
