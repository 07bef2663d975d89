//! A house that pays: a chain whose blocks the test makes, EntryPoint and paymaster, endpoints that can fail, an account with
//! a keystore, and its policy.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    sync::{Mutex, OnceLock},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    ONE, SYMBOL, coins, head,
    jobs::{merge, word},
    journal::{Entry, journal},
    sent,
};
use crate::support::{
    Anvil, Deployment, FaultProxy, Watchkeeper,
    contracts::{self, ENTRY_POINT_09, EntryPoint, cast},
    eventually, wire,
};

/// Deep enough for a payment to be confirmed, where the policy isn't told otherwise.
pub(crate) const FEW: u64 = 2;
/// What the account holds at first.
pub(crate) const TREASURE: u128 = 1_000 * ONE;
/// From one block to the next, where blocks are made over and over.
const PACE: Duration = Duration::from_millis(150);
/// The longest that anything may take here.
const SOON: Duration = Duration::from_secs(60);
/// Anvil's first account, which owns what is deployed.
const OWNER: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

/// What a house is made of.
pub(crate) struct Stage {
    policy: Value,
    chain: Value,
    settings: Value,
    nodes: usize,
    anvil: Vec<String>,
}

/// A chain and an account to pay from.
pub(crate) struct House {
    pub(crate) anvil: Anvil,
    /// The chain's endpoints.
    pub(crate) nodes: Vec<FaultProxy>,
    pub(crate) deployment: Deployment,
    /// EntryPoint 0.7.
    pub(crate) entry_point: &'static str,
    /// A paymaster of it, without a deposit.
    pub(crate) paymaster: String,
    policy: Value,
    chain: Value,
    settings: Value,
    /// When a block was made last.
    mined: Mutex<Instant>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let policy = json!({
            "chain": "dev",
            "keystore": "keys/funder.json",
            "password_file": "keys/funder.password",
            "max_payment": coins(5 * ONE),
            "max_24h": coins(500 * ONE),
            "max_fee": coins(ONE / 20),
            "confirmations": FEW,
        });
        let chain = json!({
            "chain_id": 31337,
            "currency": {"symbol": SYMBOL, "decimals": 18},
            "poll_interval": "200ms",
            "timeout": "5s",
        });
        Self { policy, chain, settings: json!({}), nodes: 1, anvil: Vec::new() }
    }

    /// Changes keys of the account.
    pub(crate) fn policy(mut self, keys: Value) -> Self {
        merge(&mut self.policy, keys);
        self
    }

    /// Changes keys of the chain.
    pub(crate) fn chain(mut self, keys: Value) -> Self {
        merge(&mut self.chain, keys);
        self
    }

    /// Adds other tables of the configuration.
    pub(crate) fn settings(mut self, tables: Value) -> Self {
        merge(&mut self.settings, tables);
        self
    }

    /// So many endpoints of the chain.
    pub(crate) fn nodes(mut self, count: usize) -> Self {
        self.nodes = count;
        self
    }

    /// Further options of Anvil.
    pub(crate) fn anvil(mut self, options: &[&str]) -> Self {
        self.anvil.extend(options.iter().map(|option| (*option).to_owned()));
        self
    }

    /// Makes the house. From here on the chain makes blocks only when it is told to.
    #[track_caller]
    pub(crate) fn build(self) -> House {
        let options: Vec<&str> = self.anvil.iter().map(String::as_str).collect();
        let anvil = Anvil::start(&options);
        EntryPoint::V07.deploy(&anvil);
        let entry_point = EntryPoint::V07.address();
        let paymaster = contracts::deploy(&anvil, "TinyPaymaster", &word(entry_point));
        anvil.rpc("anvil_setBalance", json!([House::ACCOUNT, format!("{TREASURE:#x}")]));
        anvil.rpc("evm_setAutomine", json!([false]));
        let nodes: Vec<FaultProxy> = (0..self.nodes).map(|_| FaultProxy::start(anvil.url())).collect();
        let deployment = Deployment::new("");
        let keys = deployment.path("keys");
        fs::create_dir(&keys).expect("a new folder");
        fs::set_permissions(&keys, fs::Permissions::from_mode(0o700)).expect("our folder");
        let mut house = House {
            anvil,
            nodes,
            deployment,
            entry_point,
            paymaster,
            policy: self.policy,
            chain: self.chain,
            settings: self.settings,
            mined: Mutex::new(Instant::now()),
        };
        house.secret("keys/funder.json", keystore());
        house.secret("keys/funder.password", House::PASSWORD);
        house.deployment.plugin("payer");
        house.reconfigure(json!({}));
        house
    }
}

impl House {
    /// The account's address.
    pub(crate) const ACCOUNT: &'static str = "0x2c7536e3605d9c16a7a3d7b1898e529396a65c23";
    /// Its private key.
    pub(crate) const KEY: &'static str = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
    /// The password of its keystore.
    pub(crate) const PASSWORD: &'static str = "h0rse-Battery-5taple";

    pub(crate) fn new() -> Self {
        Stage::new().build()
    }

    /// The only endpoint, or the first.
    pub(crate) fn node(&self) -> &FaultProxy {
        &self.nodes[0]
    }

    /// Changes keys of the account in `watchkeeper.toml`; none changes nothing.
    pub(crate) fn reconfigure(&mut self, keys: Value) {
        merge(&mut self.policy, keys);
        let mut chain = self.chain.clone();
        chain["endpoints"] = self.nodes.iter().map(FaultProxy::url).collect();
        let mut whole = json!({"chains": {"dev": chain}, "accounts": {"funder": self.policy}});
        merge(&mut whole, self.settings.clone());
        self.deployment.configure(&toml::to_string(&whole).expect("TOML has all of it"));
    }

    /// Writes a file that nobody else may read.
    pub(crate) fn secret(&self, path: &str, text: &str) {
        let path = self.deployment.path(path);
        fs::write(&path, text).expect("space on the disk");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("our file");
    }

    /// Adds or replaces a job.
    pub(crate) fn job(&self, name: &str, job: &Value) {
        self.deployment.job(name, &toml::to_string(job).expect("TOML has all of it"));
    }

    /// Starts it, and waits until all jobs are loaded.
    #[track_caller]
    pub(crate) fn start(&self) -> Watchkeeper {
        ready(Watchkeeper::start(&self.deployment))
    }

    /// The same with further variables in its environment.
    #[track_caller]
    pub(crate) fn start_knowing(&self, variables: &[(&str, &str)]) -> Watchkeeper {
        ready(Watchkeeper::start_knowing(&self.deployment, variables))
    }

    /// Makes a block, unless the last one is of just now.
    pub(crate) fn mine_at_pace(&self) {
        let mut mined = self.mined.lock().expect("nobody panics with it");
        if mined.elapsed() >= PACE {
            self.anvil.mine(1);
            *mined = Instant::now();
        }
    }

    /// Makes a block if a transaction waits for one.
    pub(crate) fn mine_what_waits(&self) {
        let pool = self.anvil.rpc("txpool_status", json!([]));
        if pool["pending"] != "0x0" {
            self.anvil.mine(1);
        }
    }

    /// Makes blocks until every payment has its end; returns them.
    #[track_caller]
    pub(crate) fn settle(&self, watchkeeper: &Watchkeeper) -> Vec<Entry> {
        eventually("every payment to have its end", SOON, || {
            self.mine_at_pace();
            let journal = journal(watchkeeper);
            journal.iter().all(Entry::is_final).then_some(journal)
        })
    }

    /// Waits until the only payment of a key is in a state.
    #[track_caller]
    pub(crate) fn reaches(&self, watchkeeper: &Watchkeeper, key: &str, state: &str) -> Entry {
        eventually(&format!("payment {key} to be {state}"), SOON, || {
            journal(watchkeeper).into_iter().find(|entry| entry.key == key && entry.state == state)
        })
    }

    /// Another paymaster, of any EntryPoint. Makes a block.
    #[track_caller]
    pub(crate) fn paymaster_of(&self, entry_point: &str) -> String {
        self.mining_alone(|| contracts::deploy(&self.anvil, "TinyPaymaster", &word(entry_point)))
    }

    /// Puts EntryPoint 0.6, 0.8 and 0.9 where they are, too.
    #[track_caller]
    pub(crate) fn all_entry_points(&self) -> [(&'static str, &'static str); 4] {
        self.mining_alone(|| {
            EntryPoint::V06.deploy(&self.anvil);
            EntryPoint::V08.deploy(&self.anvil);
            contracts::install_entry_point_09(&self.anvil);
        });
        let of = |version: EntryPoint| version.address();
        [
            ("0.6", of(EntryPoint::V06)),
            ("0.7", of(EntryPoint::V07)),
            ("0.8", of(EntryPoint::V08)),
            ("0.9", ENTRY_POINT_09),
        ]
    }

    /// Adds to a paymaster's deposit from elsewhere. Makes a block.
    #[track_caller]
    pub(crate) fn endow(&self, entry_point: &str, paymaster: &str, wei: u128) {
        let data = super::deposit_data(paymaster);
        let transaction = json!({"to": entry_point, "data": data, "value": format!("{wei:#x}"), "gas": "0x30d40"});
        let receipt = self.mining_alone(|| contracts::transact(&self.anvil, &transaction));
        assert_eq!(receipt["status"], "0x1", "{receipt}");
    }

    /// Has a paymaster spend of its deposit; the next block has it.
    #[track_caller]
    pub(crate) fn drain(&self, paymaster: &str, wei: u128) {
        let data = cast(&["calldata", "withdrawTo(address,uint256)", OWNER, &wei.to_string()]);
        let transaction = json!({"from": OWNER, "to": paymaster, "data": data, "gas": "0x30d40"});
        self.anvil.rpc("eth_sendTransaction", json!([transaction]));
    }

    /// Signs and sends a transfer with the account's own key, as another program would; returns its hash.
    #[track_caller]
    pub(crate) fn foreign(&self, to: &str, wei: u128, nonce: u64, gwei: u64) -> String {
        let (value, nonce, price) = (wei.to_string(), nonce.to_string(), format!("{gwei}gwei"));
        let raw = cast(&[
            "mktx",
            to,
            "--value",
            &value,
            "--nonce",
            &nonce,
            "--gas-price",
            &price,
            "--priority-gas-price",
            &price,
            "--gas-limit",
            "21000",
            "--chain",
            "31337",
            "--private-key",
            Self::KEY,
            "--rpc-url",
            self.anvil.url(),
        ]);
        let hash = self.anvil.rpc("eth_sendRawTransaction", json!([raw]));
        hash.as_str().expect("a hash").to_owned()
    }

    /// Every transaction that was ever signed and handed to an endpoint, each once. All are the account's, for this chain.
    #[track_caller]
    pub(crate) fn wire(&self) -> Vec<wire::Signed> {
        let mut signed: Vec<wire::Signed> = Vec::new();
        for raw in self.nodes.iter().flat_map(FaultProxy::signed) {
            let transaction = wire::read(&raw);
            assert_eq!((&*transaction.from, transaction.chain_id), (Self::ACCOUNT, Some(31337)), "{transaction:?}");
            if signed.iter().all(|other| other.hash != transaction.hash) {
                signed.push(transaction);
            }
        }
        signed
    }

    /// What the chain has of the account.
    #[track_caller]
    pub(crate) fn sent(&self) -> Vec<super::Sent> {
        sent(&self.anvil, Self::ACCOUNT)
    }

    /// Nothing was ever signed, and nothing left the account.
    #[track_caller]
    pub(crate) fn nothing_left(&self) {
        assert_eq!(self.wire(), [], "nothing was signed");
        assert_eq!(self.sent(), [], "nothing was sent");
        let balance = self.anvil.rpc("eth_getBalance", json!([Self::ACCOUNT, "latest"]));
        assert_eq!(wire::number(&balance).to::<u128>(), TREASURE);
    }

    /// Something that needs its transactions in a block at once.
    fn mining_alone<T>(&self, work: impl FnOnce() -> T) -> T {
        self.anvil.rpc("evm_setAutomine", json!([true]));
        let done = work();
        self.anvil.rpc("evm_setAutomine", json!([false]));
        done
    }

    /// The newest block's number.
    #[track_caller]
    pub(crate) fn head(&self) -> u64 {
        head(&self.anvil)
    }
}

/// Waits until all jobs are loaded.
#[track_caller]
pub(crate) fn ready(watchkeeper: Watchkeeper) -> Watchkeeper {
    eventually("it to be ready", SOON, || (watchkeeper.get("/-/ready", &[]).status == 200).then_some(()));
    watchkeeper
}

/// The account's keystore, made once by a program that isn't ours.
fn keystore() -> &'static str {
    static KEYSTORE: OnceLock<String> = OnceLock::new();
    KEYSTORE.get_or_init(|| {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let place = folder.path().to_str().expect("a path of letters");
        cast(&[
            "wallet",
            "import",
            "funder",
            "--keystore-dir",
            place,
            "--private-key",
            House::KEY,
            "--unsafe-password",
            House::PASSWORD,
        ]);
        fs::read_to_string(folder.path().join("funder")).expect("a keystore")
    })
}
