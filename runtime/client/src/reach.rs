//! Where the server is, and what opens its doors: from options, the environment and `watchkeeper.toml`, in this order.
//! Asks nobody.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use url::Url;
use watchkeeper_config::{LocalServer, read_trusted, text_of};

use crate::{
    ClientError,
    token::{Token, read_token, token_of},
};

const DEFAULT_URL: &str = "http://127.0.0.1:9464";
const DEFAULT_CONFIG: &str = "watchkeeper.toml";
const URL_VARIABLE: &str = "WATCHKEEPER_URL";
const TOKEN_VARIABLE: &str = "WATCHKEEPER_TOKEN";
/// Beside the store; the server makes it.
const LOCAL_TOKEN: &str = "watchkeeper.token";
/// The largest `watchkeeper.toml` that is read.
const LARGEST_CONFIG: u64 = 4 << 20;

/// How to reach a server, as the command line says it. None of it has to be said.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Its address, such as `https://watch.example.com`.
    pub url: Option<String>,
    /// The server's `watchkeeper.toml`, where it is on this machine: says the address, and where the local token is.
    pub config: Option<PathBuf>,
    /// A file with a token.
    pub token_file: Option<PathBuf>,
    /// A file with certificates (PEM), to be trusted in place of the system's.
    pub ca_file: Option<PathBuf>,
}

/// Who to ask, and with what.
pub(crate) struct Door {
    pub(crate) url: Url,
    pub(crate) key: Key,
    pub(crate) ca_file: Option<PathBuf>,
}

/// What is shown to the server.
pub(crate) enum Key {
    /// A token, and where it is from.
    Token { token: Token, from: String },
    /// Nothing, and what to do where something is wanted.
    None { hint: String },
}

impl Reach {
    /// The local token goes to the server of the configuration only: an address of the command line or the environment
    /// gets it where the configuration was named beside it.
    pub(crate) fn resolve(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<Door, ClientError> {
        let given = |name: &str| environment(name).filter(|value| !value.is_empty());
        let local = match &self.config {
            Some(path) => Some(read_config(path)?),
            None => None,
        };
        let (url, local) = match (&self.url, local, given(URL_VARIABLE)) {
            (Some(url), local, _) => (parse_url(url, "--url")?, local),
            (None, Some(local), _) => (url_of(&local)?, Some(local)),
            (None, None, Some(url)) => (parse_url(&url, URL_VARIABLE)?, None),
            (None, None, None) if Path::new(DEFAULT_CONFIG).exists() => {
                let local = read_config(Path::new(DEFAULT_CONFIG))?;
                (url_of(&local)?, Some(local))
            }
            (None, None, None) => (parse_url(DEFAULT_URL, "the default")?, None),
        };
        let key = match (&self.token_file, given(TOKEN_VARIABLE), local) {
            (Some(path), _, _) => Key::Token { token: read_token(path)?, from: path.display().to_string() },
            (None, Some(text), _) => {
                Key::Token { token: token_of(&text, TOKEN_VARIABLE)?, from: TOKEN_VARIABLE.to_owned() }
            }
            (None, None, Some(local)) => local_key(&local.store.with_file_name(LOCAL_TOKEN)),
            (None, None, None) => Key::None {
                hint: format!(
                    "name a token's file by --token-file, set {TOKEN_VARIABLE}, or name the server's configuration by \
                     --config, beside whose store is a token"
                ),
            },
        };
        Ok(Door { url, key, ca_file: self.ca_file.clone() })
    }
}

/// Who can't read the local token may still be let in: reading can be open.
fn local_key(path: &Path) -> Key {
    match read_token(path) {
        Ok(token) => Key::Token { token, from: path.display().to_string() },
        Err(error) => Key::None {
            hint: format!(
                "name a token's file by --token-file or set {TOKEN_VARIABLE}; the local token didn't do: {error}"
            ),
        },
    }
}

fn read_config(path: &Path) -> Result<LocalServer, ClientError> {
    let (bytes, _) = read_trusted(path, LARGEST_CONFIG)?;
    Ok(LocalServer::parse(path, &text_of(path, bytes)?)?)
}

fn url_of(local: &LocalServer) -> Result<Url, ClientError> {
    let listen = local.listen;
    if listen.port() == 0 {
        let message = "the configuration lets the system choose the port";
        return Err(ClientError::usage(message, "name the address that the server printed by --url"));
    }
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    parse_url(&format!("http://{}", SocketAddr::new(ip, listen.port())), "server.listen")
}

/// What is wrong isn't quoted: people write passwords into addresses.
fn parse_url(text: &str, from: &str) -> Result<Url, ClientError> {
    let wrong = |why: &str| {
        ClientError::usage(format!("{from}: {why}"), "write scheme, host and port, such as https://watch.example.com")
    };
    let url = Url::parse(text).map_err(|error| wrong(&format!("not an address: {error}")))?;
    match url.scheme() {
        "http" | "https" if url.host().is_some() => {}
        _ => return Err(wrong("not an http or https address")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("names and passwords don't belong into an address"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("only the server's address, without `?` and `#`"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
