//! `watchkeeper.toml`, resolved: what all jobs share.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use watchkeeper_model::{AccountName, PluginName};

use crate::{
    AccountSettings, ArtifactStoreSettings, ChainName, ChainSettings, CommandSettings, ConfigError, HostLimits,
    RetentionSettings, ServerSettings, ServiceSettings, TreeSettings,
    account::{self, AccountShape},
    artifact_store::ArtifactStoreShape,
    chain::ChainShape,
    command::CommandShape,
    host_limits::LimitsShape,
    http::ServiceShape,
    paths::{PathShape, folder_of},
    retention::RetentionShape,
    server::ServerShape,
    source::{KeyPath, Source, Step},
    tree::TreeShape,
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
    /// The programs that jobs may be let run, by name.
    pub commands: BTreeMap<String, CommandSettings>,
    /// The trees of files that jobs may be let read, by name.
    pub files: BTreeMap<String, TreeSettings>,
    /// The stores of artifacts, by name.
    pub artifacts: BTreeMap<String, ArtifactStoreSettings>,
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
    commands: BTreeMap<String, CommandShape>,
    files: BTreeMap<String, TreeShape>,
    artifacts: BTreeMap<String, ArtifactStoreShape>,
}

impl Settings {
    /// Reads the text of `watchkeeper.toml`. Touches no disk; `environment` answers for `${NAME}`, which is allowed in
    /// endpoints' URLs, in services' headers, in what opens an account's key, in a command's environment and in an artifact store's options only.
    ///
    /// # Errors
    /// The first mistake: text that is no TOML, an unknown or missing key, a value of the wrong kind or out of range, a
    /// `${NAME}` in the wrong place or without a value.
    pub fn parse(path: &Path, text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let source = Source::parse(path, text)?;
        source.texts(&mut |key, text| {
            if text.contains("${") && !is_secret(key) {
                let hint = "secrets stand only in a chain's `endpoints`, in `headers` of an HTTP service, in an account's `password` and \
                            `web3signer`, in a command's `env`, and in `options` of an artifact store; write the value itself here";
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
            let key = named(&source, "http", &name, "celestia")?;
            let service = service.resolve(&source, &key, folder, environment)?;
            http.insert(name, service);
        }
        let mut commands = BTreeMap::new();
        for (name, command) in shape.commands {
            let key = named(&source, "commands", &name, "pg_dump")?;
            let command = command.resolve(&source, &key, folder, environment)?;
            commands.insert(name, command);
        }
        let mut files = BTreeMap::new();
        for (name, tree) in shape.files {
            let key = named(&source, "files", &name, "contracts")?;
            let tree = tree.resolve(&source, &key, folder)?;
            files.insert(name, tree);
        }
        let mut artifacts = BTreeMap::new();
        for (name, store) in shape.artifacts {
            let key = named(&source, "artifacts", &name, "main")?;
            let store = store.resolve(&source, &key, folder, environment)?;
            artifacts.insert(name, store);
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
            commands,
            files,
            artifacts,
        })
    }
}

/// The key of a table's entry, whose name must be one.
fn named(source: &Source<'_>, table: &str, name: &str, such: &str) -> Result<KeyPath, ConfigError> {
    let key = KeyPath::of(&[table, name]);
    match PluginName::new(name) {
        Ok(_) => Ok(key),
        Err(error) => Err(source.error(&key, error.to_string(), format!("write a name such as `{such}`"))),
    }
}

/// `chains.NAME.endpoints[N]`, and its `url` and `websocket`; `http.NAME.headers.HEADER`; `accounts.NAME.password`, and
/// `url` and `headers.HEADER` of its `web3signer`; `commands.NAME.env.VARIABLE`; `artifacts.NAME.options.OPTION`.
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
    if let [Step::Key(table), Step::Key(_), Step::Key(secrets), Step::Key(_)] = key.0.as_slice() {
        return matches!((&**table, &**secrets), ("http", "headers") | ("commands", "env") | ("artifacts", "options"));
    }
    let url = match key.0.as_slice() {
        [rest @ .., Step::Key(last)] if last == "url" || last == "websocket" => rest,
        all => all,
    };
    matches!(url, [Step::Key(chains), Step::Key(_), Step::Key(endpoints), Step::Index(_)]
        if chains == "chains" && endpoints == "endpoints")
}
