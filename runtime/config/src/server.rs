//! `[server]` of `watchkeeper.toml`: where the web listens, and for which names it answers.

use std::net::SocketAddr;

use serde::Deserialize;

use crate::{
    ConfigError,
    source::{KeyPath, Source},
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
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServerShape {
    listen: Option<String>,
    allowed_hosts: Vec<String>,
    allowed_origins: Vec<String>,
}

impl ServerShape {
    pub(crate) fn resolve(self, source: &Source<'_>) -> Result<ServerSettings, ConfigError> {
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
        Ok(ServerSettings { listen, allowed_hosts: self.allowed_hosts, allowed_origins: self.allowed_origins })
    }
}
