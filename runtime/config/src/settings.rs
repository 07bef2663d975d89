//! `watchkeeper.toml`, resolved: what all jobs share.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use watchkeeper_model::{AccountName, PluginName};

use crate::{
    AccountSettings, ChainName, ChainSettings, ConfigError, HostLimits, RetentionSettings, ServerSettings,
    ServiceSettings,
    account::{self, AccountShape},
    chain::ChainShape,
    host_limits::LimitsShape,
    http::ServiceShape,
    paths::{PathShape, folder_of},
    retention::RetentionShape,
    server::ServerShape,
    source::{KeyPath, Source, Step},
};

/// What `watchkeeper.toml` says. Paths are relative to its folder, and resolved here.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The web server.
    pub server: ServerSettings,
    /// The SQLite file. `watchkeeper.db` beside the file unless told.
    pub store: PathBuf,
    /// The folder with `NAME.wasm`. `plugins` beside the file unless told.
    pub plugins: PathBuf,
    /// The folder with `NAME.toml`. `jobs.d` beside the file unless told.
    pub jobs: PathBuf,
    /// What the host may use.
    pub limits: HostLimits,
    /// How long the ledger keeps what has ended.
    pub retention: RetentionSettings,
    /// The chains, by name.
    pub chains: BTreeMap<ChainName, ChainSettings>,
    /// The accounts that payments are made from, by name.
    pub accounts: BTreeMap<AccountName, AccountSettings>,
    /// The services that are asked over HTTP, by name.
    pub http: BTreeMap<String, ServiceSettings>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Shape {
    server: ServerShape,
    store: PathShape,
    plugins: PathShape,
    jobs: PathShape,
    limits: LimitsShape,
    retention: RetentionShape,
    chains: BTreeMap<String, ChainShape>,
    accounts: BTreeMap<String, AccountShape>,
    http: BTreeMap<String, ServiceShape>,
}

impl Settings {
    /// Reads the text of `watchkeeper.toml`. Touches no disk; `environment` answers for `${NAME}`, which is allowed in
    /// endpoints' URLs, in services' headers, and in what opens an account's key only.
    ///
    /// # Errors
    /// The first mistake: text that is no TOML, an unknown or missing key, a value of the wrong kind or out of range, a
    /// `${NAME}` in the wrong place or without a value.
    pub fn parse(path: &Path, text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let source = Source::parse(path, text)?;
        source.texts(&mut |key, text| {
            if text.contains("${") && !is_secret(key) {
                let hint = "secrets stand only in a chain's `endpoints`, in `headers` of an HTTP service, and in an account's \
                            `password` and `web3signer`; write the value itself here";
                return Err(source.error(key, "no `${…}` here", hint));
            }
            Ok(())
        })?;
        let shape: Shape = source.read()?;
        let folder = folder_of(path);
        let mut chains = BTreeMap::new();
        for (name, chain) in shape.chains {
            let key = KeyPath::of(&["chains", &name]);
            let name = ChainName::new(&name)
                .map_err(|error| source.error(&key, error.to_string(), "write a name such as `zkfair`"))?;
            chains.insert(name, chain.resolve(&source, &key, environment)?);
        }
        let mut http = BTreeMap::new();
        for (name, service) in shape.http {
            let key = KeyPath::of(&["http", &name]);
            PluginName::new(&name)
                .map_err(|error| source.error(&key, error.to_string(), "write a name such as `celestia`"))?;
            let service = service.resolve(&source, &key, folder, environment)?;
            http.insert(name, service);
        }
        let accounts = account::resolve_all(shape.accounts, &source, folder, &chains, environment)?;
        Ok(Self {
            server: shape.server.resolve(&source, folder)?,
            store: shape.store.store(&source, folder)?,
            plugins: shape.plugins.resolve(&source, "plugins", folder, "plugins")?,
            jobs: shape.jobs.resolve(&source, "jobs", folder, "jobs.d")?,
            limits: shape.limits.resolve(&source)?,
            retention: shape.retention.resolve(&source)?,
            chains,
            accounts,
            http,
        })
    }
}

/// `chains.NAME.endpoints[N]`, and its `url` and `websocket`; `http.NAME.headers.HEADER`; `accounts.NAME.password`, and
/// `url` and `headers.HEADER` of its `web3signer`.
fn is_secret(key: &KeyPath) -> bool {
    if let [Step::Key(accounts), Step::Key(_), rest @ ..] = key.0.as_slice()
        && accounts == "accounts"
    {
        return match rest {
            [Step::Key(password)] => password == "password",
            [Step::Key(signer), Step::Key(url)] => signer == "web3signer" && url == "url",
            [Step::Key(signer), Step::Key(headers), Step::Key(_)] => signer == "web3signer" && headers == "headers",
            _ => false,
        };
    }
    if let [Step::Key(http), Step::Key(_), Step::Key(headers), Step::Key(_)] = key.0.as_slice() {
        return http == "http" && headers == "headers";
    }
    let url = match key.0.as_slice() {
        [rest @ .., Step::Key(last)] if last == "url" || last == "websocket" => rest,
        all => all,
    };
    matches!(url, [Step::Key(chains), Step::Key(_), Step::Key(endpoints), Step::Index(_)]
        if chains == "chains" && endpoints == "endpoints")
}
