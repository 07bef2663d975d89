//! The house that pays: the wallet, its chain and a journal on disk, opened as a keeper would; and the peer, alloy's filler
//! stack with the same key.

use std::{
    any::Any,
    collections::BTreeMap,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use alloy_network::EthereumWallet;
use alloy_primitives::{Address, Bytes, U256};
use alloy_provider::{DynProvider, Provider, ProviderBuilder};
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result, anyhow, ensure};
use jiff::Timestamp;
use prometheus::Registry;
use tempfile::TempDir;
use tokio::runtime::Handle;
use watchkeeper_chain::{ChainMetrics, ChainSettings, Chains};
use watchkeeper_config::Settings;
use watchkeeper_contract::{Grant, Open};
use watchkeeper_ledger::{Ledger, NodeStart};
use watchkeeper_model::{Clock, Digest, JobName, RunId, SystemClock};
use watchkeeper_wallet::{Accounts, Asker, Owners, Parts, Purse, Receipt, WalletMetrics};

use crate::{built, disk, node::CHAIN_ID};

/// Anvil's third and second account: the first one has sent something, which a new journal doesn't know.
const OURS: &str = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";
const THEIRS: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
/// Recipients, so that as many payments can be in flight.
pub(super) const TARGETS: usize = 100;

/// Who is paid.
pub(super) fn target(number: usize) -> Address {
    let mut bytes = [0x11; 20];
    bytes[12..].copy_from_slice(&(number as u64).to_be_bytes());
    bytes.into()
}

/// The wallet and its journal.
pub(super) struct House {
    job: JobName,
    grant: Arc<dyn Grant>,
    pub(super) ledger: Arc<Ledger>,
    _accounts: Accounts,
    _chains: Chains,
    _folder: TempDir,
}

impl House {
    /// Opens an account with Anvil's third key on the chain at `url`, and lets a job pay from it.
    pub(super) fn open(url: &str) -> Result<Self> {
        let folder = disk::folder()?;
        keystore(folder.path())?;
        let text = settings(url);
        let settings = Settings::parse(&folder.path().join("watchkeeper.toml"), &text, &|_| None)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let registry = Registry::new();
        let chain: BTreeMap<String, ChainSettings> =
            settings.chains.iter().map(|(name, chain)| (name.to_string(), chain.into())).collect();
        let chains = Chains::open(&chain, &ChainMetrics::register(&registry)?, &Handle::current(), &clock)?;
        let node = NodeStart { host: "bench".to_owned(), version: String::new(), started: Timestamp::now() };
        let ledger = Arc::new(Ledger::open(&settings.store, &node)?);
        let accounts = Accounts::open(&Parts {
            settings: &settings,
            chains: &chains,
            ledger: &ledger,
            owners: &Owners::default(),
            metrics: &WalletMetrics::register(&registry)?,
            runtime: &Handle::current(),
            clock: &clock,
        })?;
        accounts.begin();
        let job = JobName::new("payer")?;
        let grant = accounts.grant(&job, &grant()?).map_err(|error| anyhow!("{}: {error}", error.key))?;
        Ok(Self { job, grant, ledger, _accounts: accounts, _chains: chains, _folder: folder })
    }

    /// Pays one unit to a target, in a run of its own; the key names the effect.
    pub(super) async fn pay(&self, key: &str, target: Address) -> Result<Receipt> {
        let now = Timestamp::now();
        let asker = Asker {
            run: RunId::new(now, 0),
            digest: Some(Digest::new([7; 32])),
            dry_run: false,
            deadline: now.checked_add(jiff::SignedDuration::from_mins(5))?,
        };
        let begun: Box<dyn Any> = self.grant.begin(&self.job);
        let purse = begun.downcast::<Purse>().map_err(|_| anyhow!("another capability's grant"))?;
        Ok(purse.pay(asker, "funder", key, target, U256::from(1), Bytes::new()).await?)
    }
}

/// Alloy's recommended fillers and a wallet, with Anvil's second key.
pub(super) fn alloy(url: &str) -> Result<DynProvider> {
    let signer: PrivateKeySigner = THEIRS.parse()?;
    Ok(ProviderBuilder::new().wallet(EthereumWallet::from(signer)).connect_http(url.parse()?).erased())
}

/// A keystore, made as operators make theirs.
fn keystore(folder: &Path) -> Result<()> {
    let mut import = Command::new(built::watchkeeper()?)
        .args(["account", "import", "--keystore", "key.json", "--password-file", "password"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("can't start watchkeeper")?;
    import.stdin.take().context("no standard input")?.write_all(OURS.as_bytes())?;
    ensure!(import.wait()?.success(), "`watchkeeper account import` failed");
    Ok(())
}

fn settings(url: &str) -> String {
    format!(
        r#"
        [chains.bench]
        chain_id = {CHAIN_ID}
        currency = {{ symbol = "ETH", decimals = 18 }}
        endpoints = ["{url}"]
        poll_interval = "50ms"
        max_concurrent = 64

        [accounts.funder]
        chain = "bench"
        keystore = "key.json"
        password_file = "password"
        max_payment = "1 ETH"
        max_24h = "100 ETH"
        max_7d = "100 ETH"
        max_fee = "0.1 ETH"
        confirmations = 0
        "#
    )
}

fn grant() -> Result<toml::Value> {
    let rule = |number| format!("[[funder.allow]]\nto = \"{:#x}\"\nunconditional = true\n", target(number));
    let rules: String = (0..TARGETS).map(rule).collect();
    Ok(toml::from_str(&format!("[funder]\ndry_run = false\n{rules}"))?)
}
