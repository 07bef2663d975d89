//! `[server]` of `watchkeeper.toml`: where the web listens, for which names it answers, and whom.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use watchkeeper_model::TokenName;

use crate::{
    ConfigError, TokenSettings,
    paths::resolve_path,
    source::{KeyPath, Source},
    tokens::{self, TokenShape},
};

/// `[server]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Where it listens. 127.0.0.1:9464 unless told.
    pub listen: SocketAddr,
    /// Further values of `Host`, such as `watch.example.com:9464`; those of `listen` are always allowed.
    pub allowed_hosts: Vec<String>,
    /// Further values of `Origin`, such as `https://watch.example.com`.
    pub allowed_origins: Vec<String>,
    /// The web configuration file of Prometheus' exporter-toolkit, for TLS and basic authentication.
    pub web_config: Option<PathBuf>,
    /// Whether anybody who reaches `listen` may read, asked for by `reading = "open"`.
    pub open_reading: bool,
    /// Bearer tokens, by name.
    pub tokens: BTreeMap<TokenName, TokenSettings>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServerShape {
    listen: Option<String>,
    allowed_hosts: Vec<String>,
    allowed_origins: Vec<String>,
    web_config: Option<PathBuf>,
    reading: Option<String>,
    tokens: BTreeMap<String, TokenShape>,
}

impl ServerShape {
    /// `folder` is what paths are relative to.
    pub(crate) fn resolve(self, source: &Source<'_>, folder: &Path) -> Result<ServerSettings, ConfigError> {
        let at = |name: &str| KeyPath::of(&["server", name]);
        let listen = match self.listen.as_deref() {
            None => SocketAddr::from(([127, 0, 0, 1], 9464)),
            Some(text) => text.parse().map_err(|_| {
                let message = format!("{text:?} is not an address and a port");
                source.error(&at("listen"), message, r#"write numbers, such as "127.0.0.1:9464" or "[::1]:9464""#)
            })?,
        };
        for (index, host) in self.allowed_hosts.iter().enumerate() {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-.:[]_".contains(c);
            if host.is_empty() || !host.chars().all(plain) {
                let message = format!("{host:?} is not a host");
                let hint = r#"write a host, with its port where it isn't 80 or 443, such as "watch.example.com:9464""#;
                return Err(source.error(&at("allowed_hosts").with(index), message, hint));
            }
        }
        for (index, origin) in self.allowed_origins.iter().enumerate() {
            let whole = url::Url::parse(origin).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == *origin
            });
            if !whole {
                let message = format!("{origin:?} is not an origin");
                let hint = r#"write scheme, host and port without a path, such as "https://watch.example.com""#;
                return Err(source.error(&at("allowed_origins").with(index), message, hint));
            }
        }
        let web_config = match self.web_config {
            Some(path) => Some(resolve_path(source, &at("web_config"), folder, path)?),
            None => None,
        };
        if let Some(reading) = self.reading.as_deref().filter(|reading| *reading != "open") {
            let hint = r#"write "open" if whoever reaches the server may read, else leave it out"#;
            return Err(source.error(&at("reading"), format!("{reading:?} is unknown here"), hint));
        }
        let settings = ServerSettings {
            listen,
            allowed_hosts: self.allowed_hosts,
            allowed_origins: self.allowed_origins,
            web_config,
            open_reading: self.reading.is_some(),
            tokens: tokens::resolve(source, self.tokens)?,
        };
        if !settings.says_who_may_read() {
            let message = format!("{listen} can be reached from other machines, and nothing says who may read there");
            let hint = "add a `[server.tokens.NAME]` with the right `read`, a `web_config` with users, or \
                        `reading = \"open\"` if all may";
            return Err(source.error(&at("listen"), message, hint));
        }
        Ok(settings)
    }
}

impl ServerSettings {
    /// Whether the web configuration file has users isn't known here; who reads that file asks again.
    fn says_who_may_read(&self) -> bool {
        self.listen.ip().is_loopback()
            || self.open_reading
            || self.web_config.is_some()
            || self.tokens.values().any(|token| token.rights.read)
    }
}
