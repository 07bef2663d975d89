//! An HTTP service of `watchkeeper.toml`: where it is, what the host attaches to requests, and what one may cost.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use url::Url;

use crate::{
    ConfigError, Secret,
    paths::resolve_path,
    secret::{Environment, expand},
    source::{KeyPath, Source},
    values::{Count, Size, Span, in_range, show_duration, show_size},
};

/// A service that jobs can be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Scheme, host and port; the whole of what a request may reach.
    pub origin: HttpOrigin,
    /// Attached to every request: names in lower case, and secret values.
    pub headers: BTreeMap<String, Secret>,
    /// Whether its host may be this machine, or one in a private network. No unless told.
    pub private: bool,
    /// The only authorities whose certificates count; the system's unless told.
    pub ca_file: Option<PathBuf>,
    /// How long a request may take, from its beginning to the answer's last byte. 10 s unless told.
    pub timeout: Duration,
    /// The most bytes of an answer's body. 16 MiB unless told.
    pub max_response: u64,
    /// The most bytes of a request's body. 1 MiB unless told.
    pub max_request: u64,
    /// Requests in flight; more wait. 8 unless told.
    pub max_concurrent: u64,
}

/// Scheme, host and port, each in its usual form. Displays as `https://node.example.com:8443`, without the scheme's own port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HttpOrigin {
    /// Whether connections are encrypted.
    pub https: bool,
    /// A name in lower case, an IPv4 address, or an IPv6 address in brackets.
    pub host: String,
    /// The port, given or the scheme's own.
    pub port: u16,
}

impl HttpOrigin {
    /// The origin of a URL with nothing behind it, and no user before it. The error never quotes the text.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "not a URL")?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err("neither http nor https"),
        };
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err("a user stands in it");
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("something stands behind host and port");
        }
        match (url.host_str(), url.port_or_known_default()) {
            (Some(host), Some(port)) => Ok(Self { https, host: host.trim_end_matches('.').to_owned(), port }),
            _ => Err("it has no host"),
        }
    }

    /// `HOST`, or `HOST:PORT` where the port isn't the scheme's own: what the header `Host` says.
    pub fn authority(&self) -> String {
        let usual = if self.https { 443 } else { 80 };
        if self.port == usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

impl fmt::Display for HttpOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceShape {
    origin: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    private: bool,
    ca_file: Option<PathBuf>,
    timeout: Option<Span>,
    max_response: Option<Size>,
    max_request: Option<Size>,
    max_concurrent: Option<Count>,
}

impl ServiceShape {
    /// `folder` is what paths are relative to.
    pub(crate) fn resolve(
        self,
        source: &Source<'_>,
        key: &KeyPath,
        folder: &Path,
        environment: Environment<'_>,
    ) -> Result<ServiceSettings, ConfigError> {
        let origin = HttpOrigin::parse(&self.origin).map_err(|problem| {
            let hint = r#"write scheme, host and port, such as "https://node.example.com:8443""#;
            source.error(&key.with("origin"), format!("not an origin: {problem}"), hint)
        })?;
        let headers = resolve_headers(self.headers, source, &key.with("headers"), environment)?;
        if !headers.is_empty() && !origin.https && !self.private {
            let hint = "use https, or add `private = true` if the service is in your own network";
            return Err(source.error(&key.with("headers"), "they would cross networks in the clear", hint));
        }
        let ca_file = match self.ca_file {
            Some(_) if !origin.https => {
                let hint = "leave it out, or use https";
                return Err(source.error(&key.with("ca_file"), "http has no certificates to check", hint));
            }
            Some(path) => Some(resolve_path(source, &key.with("ca_file"), folder, path)?),
            None => None,
        };
        let size = |name: &str, given: Option<Size>, usual: u64, most: u64| {
            in_range(source, &key.with(name), given.map_or(usual, |size| size.0), 1 << 10..=most, show_size)
        };
        Ok(ServiceSettings {
            origin,
            headers,
            private: self.private,
            ca_file,
            timeout: in_range(
                source,
                &key.with("timeout"),
                self.timeout.map_or(Duration::from_secs(10), |span| span.0),
                Duration::from_millis(10)..=Duration::from_mins(5),
                show_duration,
            )?,
            max_response: size("max_response", self.max_response, 16 << 20, 1 << 30)?,
            max_request: size("max_request", self.max_request, 1 << 20, 64 << 20)?,
            max_concurrent: in_range(
                source,
                &key.with("max_concurrent"),
                self.max_concurrent.map_or(8, |count| count.0),
                1..=256,
                |number| number.to_string(),
            )?,
        })
    }
}

/// Headers that say how a message is framed, or whom it is for: HTTP's own.
const NOT_ATTACHED: [&str; 9] =
    ["connection", "content-length", "content-type", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"];

pub(crate) fn resolve_headers(
    written: BTreeMap<String, String>,
    source: &Source<'_>,
    key: &KeyPath,
    environment: Environment<'_>,
) -> Result<BTreeMap<String, Secret>, ConfigError> {
    let mut headers = BTreeMap::new();
    for (name, value) in written {
        let key = key.with(&*name);
        let token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let lower = name.to_ascii_lowercase();
        if name.is_empty() || name.len() > 128 || !name.chars().all(token) || NOT_ATTACHED.contains(&&*lower) {
            let hint = "write the name of a header that the service reads, such as `authorization`";
            return Err(source.error(&key, "not a header that can be attached", hint));
        }
        let value = expand(&value, environment).map_err(|(message, hint)| source.error(&key, message, hint))?;
        if value.expose().trim() != value.expose() || !value.expose().chars().all(|c| matches!(c, ' '..='~')) {
            let hint = "write printable ASCII without blanks around it, such as \"Bearer ${TOKEN}\"";
            return Err(source.error(&key, "not a header's value", hint));
        }
        if headers.insert(lower, value).is_some() {
            return Err(source.error(&key, "a second header of this name", "keep one of the two"));
        }
    }
    Ok(headers)
}
