//! The one place where capabilities are named: what this build can lend to plugins. Adding one is a line in each list.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use prometheus::Registry;
use tokio::runtime::Handle;
use watchkeeper_chain::{Chain, ChainMetrics, ChainSettings, Chains};
use watchkeeper_config::Settings;
use watchkeeper_contract::{Capability, Open};
use watchkeeper_http::{Http, HttpMetrics, Services};
use watchkeeper_keeper::{Assembly, Opener, StartError};
use watchkeeper_ledger::Ledger;
use watchkeeper_model::{Clock, SystemClock};
use watchkeeper_state::{OpenState, State};
use watchkeeper_wallet::{Accounts, Owners, Parts, Wallet, WalletMetrics};

use crate::failure::Failure;

/// The parts of a process for one configuration. Must be called within a runtime, whose tasks the host's reads become.
///
/// # Errors
/// This program can't be found, or a metric was registered twice.
pub(crate) fn assembly(config: &Path) -> Result<Assembly, Failure> {
    let registry = Registry::new();
    let program = std::env::current_exe().map_err(Failure::failed)?;
    let chain_metrics = ChainMetrics::register(&registry).map_err(Failure::failed)?;
    let http_metrics = HttpMetrics::register(&registry).map_err(Failure::failed)?;
    let wallet_metrics = WalletMetrics::register(&registry).map_err(Failure::failed)?;
    register_process(&registry).map_err(Failure::failed)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Ok(Assembly {
        config: absolute(config)?,
        program,
        capabilities: capabilities(),
        opener: opener(
            Metrics { chain: chain_metrics, http: http_metrics, wallet: wallet_metrics },
            Arc::clone(&clock),
        ),
        registry,
        clock,
    })
}

/// What plugins can be granted.
pub(crate) fn capabilities() -> Vec<Arc<dyn Capability>> {
    vec![Arc::new(Chain), Arc::new(State), Arc::new(Http), Arc::new(Wallet)]
}

/// The series of capabilities, which outlive configurations.
struct Metrics {
    chain: ChainMetrics,
    http: HttpMetrics,
    wallet: WalletMetrics,
}

fn opener(metrics: Metrics, clock: Arc<dyn Clock>) -> Opener {
    let (host, owners) = (Handle::current(), Owners::default());
    Box::new(move |settings: &Settings, ledger: &Arc<Ledger>| {
        let chains: BTreeMap<String, ChainSettings> =
            settings.chains.iter().map(|(name, chain)| (name.to_string(), chain.into())).collect();
        let chains = Chains::open(&chains, &metrics.chain, &host, &clock).map_err(|error| error.to_string())?;
        let services = Services::open(&settings.http, &metrics.http, &host).map_err(|error| error.to_string())?;
        let parts = Parts {
            settings,
            chains: &chains,
            ledger,
            owners: &owners,
            metrics: &metrics.wallet,
            runtime: &host,
            clock: &clock,
        };
        let accounts = Accounts::open(&parts).map_err(|error| error.to_string())?;
        let state = OpenState::new(Arc::clone(ledger));
        let open: Vec<Arc<dyn Open>> = vec![Arc::new(chains), Arc::new(state), Arc::new(services), Arc::new(accounts)];
        Ok(open)
    })
}

#[cfg(target_os = "linux")]
fn register_process(registry: &Registry) -> prometheus::Result<()> {
    registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
}

#[cfg(not(target_os = "linux"))]
fn register_process(_registry: &Registry) -> prometheus::Result<()> {
    Ok(())
}

fn absolute(config: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(config).map_err(|error| Failure::Usage(format!("{}: {error}", config.display())))
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Config(text) => Self::Config(text),
            other => Self::failed(other),
        }
    }
}
