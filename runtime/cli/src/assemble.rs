//! The one place where capabilities are named: what this build can lend to plugins. Adding one is a line in each list.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use prometheus::Registry;
use tokio::runtime::Handle;
use watchkeeper_artifacts::{ArtifactMetrics, Artifacts, Stores};
use watchkeeper_chain::{Chain, ChainMetrics, ChainSettings, Chains};
use watchkeeper_command::{Command, CommandMetrics, Commands, Places};
use watchkeeper_config::Settings;
use watchkeeper_contract::{Capability, Open};
use watchkeeper_files::{Files, FilesMetrics, Trees};
use watchkeeper_http::{Http, HttpMetrics, Services};
use watchkeeper_keeper::{Assembly, Opener, StartError};
use watchkeeper_ledger::Ledger;
use watchkeeper_model::{Clock, SystemClock};
use watchkeeper_state::{OpenState, State};
use watchkeeper_wallet::{Accounts, Owners, Wallet, WalletMetrics};

use crate::failure::Failure;

/// The parts of a process for one configuration. Must be called within a runtime, whose tasks the host's reads become.
///
/// # Errors
/// This program can't be found, or a metric was registered twice.
pub(crate) fn assembly(config: &Path) -> Result<Assembly, Failure> {
    let registry = Registry::new();
    let program = std::env::current_exe().map_err(Failure::failed)?;
    let metrics = Metrics::register(&registry).map_err(Failure::failed)?;
    register_process(&registry).map_err(Failure::failed)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Ok(Assembly {
        config: absolute(config)?,
        program: program.clone(),
        capabilities: capabilities(),
        opener: opener(metrics, program, Arc::clone(&clock)),
        registry,
        clock,
    })
}

/// What plugins can be granted.
pub(crate) fn capabilities() -> Vec<Arc<dyn Capability>> {
    vec![
        Arc::new(Chain),
        Arc::new(State),
        Arc::new(Http),
        Arc::new(Wallet),
        Arc::new(Command),
        Arc::new(Files),
        Arc::new(Artifacts),
    ]
}

/// The series of capabilities, which outlive configurations.
struct Metrics {
    chain: ChainMetrics,
    http: HttpMetrics,
    wallet: WalletMetrics,
    command: CommandMetrics,
    files: FilesMetrics,
    artifacts: ArtifactMetrics,
}

impl Metrics {
    fn register(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            chain: ChainMetrics::register(registry)?,
            http: HttpMetrics::register(registry)?,
            wallet: WalletMetrics::register(registry)?,
            command: CommandMetrics::register(registry)?,
            files: FilesMetrics::register(registry)?,
            artifacts: ArtifactMetrics::register(registry)?,
        })
    }
}

/// `program` is what answers to the hidden subcommands.
fn opener(metrics: Metrics, program: PathBuf, clock: Arc<dyn Clock>) -> Opener {
    let (host, owners, places) = (Handle::current(), Owners::default(), Places::default());
    Box::new(move |settings: &Settings, ledger: &Arc<Ledger>| {
        let chains: BTreeMap<String, ChainSettings> =
            settings.chains.iter().map(|(name, chain)| (name.to_string(), chain.into())).collect();
        let chains = Chains::open(&chains, &metrics.chain, &host, &clock).map_err(|error| error.to_string())?;
        let services = Services::open(&settings.http, &metrics.http, &host).map_err(|error| error.to_string())?;
        let parts = watchkeeper_wallet::Parts {
            settings,
            chains: &chains,
            ledger,
            owners: &owners,
            metrics: &metrics.wallet,
            runtime: &host,
            clock: &clock,
        };
        let accounts = Accounts::open(&parts).map_err(|error| error.to_string())?;
        let parts = watchkeeper_command::Parts {
            settings: &settings.commands,
            ledger,
            launcher: &program,
            places: &places,
            metrics: &metrics.command,
            runtime: &host,
            clock: &clock,
        };
        let commands = Commands::open(&parts).map_err(|error| error.to_string())?;
        let trees = Trees::open(&settings.files, &metrics.files, &host);
        let stores = Stores::open(settings, &metrics.artifacts, &host, &clock);
        let stores = stores.map_err(|error| error.to_string())?;
        let state = OpenState::new(Arc::clone(ledger));
        let open: Vec<Arc<dyn Open>> = vec![
            Arc::new(chains),
            Arc::new(state),
            Arc::new(services),
            Arc::new(accounts),
            Arc::new(commands),
            Arc::new(trees),
            Arc::new(stores),
        ];
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
