//! The accounts of one configuration. Made anew when the configuration changes; whose turn it is at an account outlives it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    runtime::Handle,
    sync::{OnceCell, watch},
};
use tokio_util::task::AbortOnDropHandle;
use watchkeeper_chain::Chains;
use watchkeeper_config::{ChainName, KeySource, Settings};
use watchkeeper_contract::{Grant, GrantError, Open, Treasury};
use watchkeeper_keys::Signer;
use watchkeeper_ledger::{Ledger, Sender};
use watchkeeper_model::{AccountName, Clock, JobName};

use crate::{NAME, WalletMetrics, account::Account, follow, treasury::Till, written};

/// Whose turn it is, by address and chain: one for a process, so that two configurations never use one nonce.
#[derive(Debug, Clone, Default)]
pub struct Owners(Arc<Mutex<HashMap<Sender, Arc<tokio::sync::Mutex<()>>>>>);

/// What accounts need of the process.
pub struct Parts<'a> {
    /// `watchkeeper.toml`.
    pub settings: &'a Settings,
    /// The chains of the same configuration.
    pub chains: &'a Chains,
    /// The journal.
    pub ledger: &'a Arc<Ledger>,
    /// Whose turn it is.
    pub owners: &'a Owners,
    /// The series of all accounts.
    pub metrics: &'a WalletMetrics,
    /// Where payments are made: not where guests run.
    pub runtime: &'a Handle,
    /// The time.
    pub clock: &'a Arc<dyn Clock>,
}

/// Why accounts can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A key can't be had.
    #[error("accounts.{account}: {problem}")]
    Key {
        /// Whose.
        account: AccountName,
        /// What is wrong, with a hint.
        problem: String,
    },
    /// Two names for one account.
    #[error(
        "accounts.{account}: it is the same address on the same chain as `{other}`\nhint: keep one of them, so that its limits hold"
    )]
    Twice {
        /// The second.
        account: AccountName,
        /// The first.
        other: AccountName,
    },
    /// Its chain isn't open.
    #[error("accounts.{account}: there is no chain {chain}")]
    NoChain {
        /// Whose.
        account: AccountName,
        /// Which.
        chain: ChainName,
    },
}

/// All accounts that a configuration names.
pub struct Accounts {
    accounts: Arc<BTreeMap<AccountName, Arc<Account>>>,
    till: Option<Arc<Till>>,
    /// From its beginning on, one for each account.
    followers: Mutex<Vec<AbortOnDropHandle<()>>>,
}

impl Accounts {
    /// Opens accounts: keystores are decrypted, which takes about a second each; remote signers are reached at their first
    /// use. Nothing is asked of a chain before [`Open::begin`].
    ///
    /// # Errors
    /// [`OpenError`], which names the account and never shows a secret.
    pub fn open(parts: &Parts<'_>) -> Result<Self, OpenError> {
        let mut accounts: BTreeMap<AccountName, Arc<Account>> = BTreeMap::new();
        let stop_file = parts.settings.store.with_file_name("payments.stop");
        for (name, settings) in &parts.settings.accounts {
            let (address, signer) = opened(name, &settings.key, parts.runtime)?;
            let sender = Sender { chain_id: settings.chain_id, address };
            if let Some(other) = accounts.values().find(|other| other.sender == sender) {
                return Err(OpenError::Twice { account: name.clone(), other: other.name.clone() });
            }
            let money = parts
                .chains
                .money(settings.chain.as_str())
                .ok_or_else(|| OpenError::NoChain { account: name.clone(), chain: settings.chain.clone() })?;
            let chain = parts.settings.chains.get(&settings.chain);
            let account = Account {
                name: name.clone(),
                poll_interval: chain.map_or_else(Default::default, |chain| chain.poll_interval),
                settings: settings.clone(),
                sender,
                money,
                ledger: Arc::clone(parts.ledger),
                owner: parts.owners.of(sender),
                stop_file: PathBuf::clone(&stop_file),
                clock: Arc::clone(parts.clock),
                host: parts.runtime.clone(),
                metrics: parts.metrics.clone(),
                news: watch::Sender::new(0),
                signer: OnceCell::new_with(signer),
                seen: Mutex::default(),
            };
            accounts.insert(name.clone(), Arc::new(account));
        }
        let accounts = Arc::new(accounts);
        let till = (!accounts.is_empty())
            .then(|| Arc::new(Till::new(Arc::clone(&accounts), Arc::clone(parts.ledger), stop_file)));
        Ok(Self { accounts, till, followers: Mutex::default() })
    }
}

/// An account's address, and its signer where no network is needed to have it.
fn opened(
    name: &AccountName,
    key: &KeySource,
    runtime: &Handle,
) -> Result<(alloy_primitives::Address, Option<Arc<dyn Signer>>), OpenError> {
    if let Some(address) = key.address() {
        return Ok((address, None));
    }
    // A configuration is opened within the runtime, which can't be waited for on its own threads.
    let opened = std::thread::scope(|scope| scope.spawn(|| runtime.block_on(watchkeeper_keys::open(name, key))).join());
    let problem = |problem: String| OpenError::Key { account: name.clone(), problem };
    let signer = opened
        .map_err(|_| problem("its key can't be opened".to_owned()))?
        .map_err(|error| problem(error.to_string()))?;
    Ok((signer.address(), Some(signer)))
}

impl Owners {
    fn of(&self, sender: Sender) -> Arc<tokio::sync::Mutex<()>> {
        let mut owners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(owners.entry(sender).or_default())
    }
}

impl Open for Accounts {
    fn name(&self) -> &'static str {
        NAME
    }

    fn grant(&self, _job: &JobName, written: &toml::Value) -> Result<Arc<dyn Grant>, GrantError> {
        Ok(Arc::new(written::parse(&self.accounts, written)?))
    }

    fn begin(&self) {
        let follower = |account: &Arc<Account>| {
            AbortOnDropHandle::new(account.host.spawn(follow::keep(Arc::clone(account), account.poll_interval)))
        };
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        *followers = self.accounts.values().map(follower).collect();
    }

    fn treasury(&self) -> Option<Arc<dyn Treasury>> {
        self.till.clone().map(|till| till as Arc<dyn Treasury>)
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.accounts.keys()).finish()
    }
}
