//! The server's API over HTTP: requests with their token, answers as their types, and every way in which that fails in
//! words that help.

use std::{
    fs,
    io::{self, BufReader},
    path::Path,
    sync::Arc,
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use ureq::{
    Agent, Body, BodyReader,
    http::{Response, StatusCode, header},
    tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem},
};
use url::Url;
use watchkeeper_web::api::{Problem, Text};

use crate::{
    ClientError, Reach,
    events::Events,
    reach::{Door, Key},
};

/// How long one answer may take, the stream of events aside.
const TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A stream that says nothing for so long, not even that it is alive, is dead.
const SILENCE: Duration = Duration::from_secs(60);
/// The largest answer.
const LARGEST_ANSWER: u64 = 256 << 20;
/// The largest answer that only says what is wrong.
const LARGEST_PROBLEM: u64 = 64 << 10;

/// Events as they come over the network.
pub(crate) type EventStream = Events<BufReader<BodyReader<'static>>>;

/// A server that answers questions.
pub struct Api {
    agent: Agent,
    url: Url,
    key: Key,
}

impl Api {
    /// Finds out whom to ask and with which token. Asks nothing yet.
    ///
    /// # Errors
    /// An address, a token, a certificate or a configuration that can't be used.
    pub fn new(reach: &Reach, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, ClientError> {
        let Door { url, key, ca_file } = reach.resolve(environment)?;
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .user_agent(concat!("watchkeeper/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls(ca_file.as_deref())?);
        if is_loopback(&url) {
            config = config.proxy(None);
        }
        Ok(Self { agent: config.build().new_agent(), url, key })
    }

    /// Something to tell before anything is asked.
    pub(crate) fn warning(&self) -> Option<String> {
        let has_token = matches!(self.key, Key::Token { .. });
        (has_token && self.url.scheme() == "http" && !is_loopback(&self.url))
            .then(|| format!("the token goes to {} unencrypted; https keeps it secret", self.url))
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, path: &[&str], query: &impl Serialize) -> Result<T, ClientError> {
        let request = self.agent.get(self.address(path, query)?.as_str());
        let request = request.config().timeout_global(Some(TIMEOUT)).build();
        let answer = self.with_token(request).call().map_err(|error| self.unreachable(error))?;
        self.read(answer)
    }

    pub(crate) fn post<T: DeserializeOwned>(&self, path: &[&str], body: &impl Serialize) -> Result<T, ClientError> {
        let request = self.agent.post(self.address(path, &())?.as_str());
        let request = request.config().timeout_global(Some(TIMEOUT)).build();
        let answer = self.with_token(request).send_json(body).map_err(|error| self.unreachable(error))?;
        self.read(answer)
    }

    /// What changes, from now on; a stream that ends only when one of the two does.
    pub(crate) fn events(&self) -> Result<EventStream, ClientError> {
        let request =
            self.agent.get(self.address(&["events"], &())?.as_str()).header(header::ACCEPT, "text/event-stream");
        let request = request.config().timeout_recv_response(Some(TIMEOUT)).timeout_per_read(Some(SILENCE)).build();
        let answer = self.with_token(request).call().map_err(|error| self.unreachable(error))?;
        let answer = self.granted(answer)?;
        Ok(Events::new(BufReader::new(answer.into_body().into_reader())))
    }

    fn with_token<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.key {
            Key::Token { token, .. } => request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose())),
            Key::None { .. } => request,
        }
    }

    /// `path` below the API's root, with the fields of `query` as parameters.
    fn address(&self, path: &[&str], query: &impl Serialize) -> Result<Url, ClientError> {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        if let Value::Object(fields) = serde_json::to_value(query).map_err(|error| self.strange(error))? {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in &fields {
                match value {
                    Value::String(text) => pairs.append_pair(name, text),
                    other => pairs.append_pair(name, &other.to_string()),
                };
            }
        }
        Ok(url)
    }

    fn read<T: DeserializeOwned>(&self, answer: Response<Body>) -> Result<T, ClientError> {
        let mut answer = self.granted(answer)?;
        let body = answer.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
        serde_json::from_slice(&body.map_err(|error| self.unreachable(error))?).map_err(|error| self.strange(error))
    }

    fn granted(&self, mut answer: Response<Body>) -> Result<Response<Body>, ClientError> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body = answer.body_mut().with_config().limit(LARGEST_PROBLEM).read_to_vec().unwrap_or_default();
        let (detail, hint) = match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => (problem.detail, problem.hint),
            Err(_) if is_plain(&answer) => split_hint(&String::from_utf8_lossy(&body)),
            Err(_) => return Err(self.strange(format!("status {status}"))),
        };
        let hint = match status {
            StatusCode::UNAUTHORIZED => Some(self.key.unknown().into()),
            StatusCode::FORBIDDEN => self.key.too_weak().map(Text::from).or(hint),
            _ => hint,
        };
        Err(ClientError::Refused { status: status.as_u16(), detail, hint })
    }

    fn unreachable(&self, error: ureq::Error) -> ClientError {
        let tls = self.url.scheme() == "https";
        let hint = match &error {
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                "is watchkeeper running there? `watchkeeper run` starts it, --url names another address"
            }
            ureq::Error::HostNotFound => "check the name in the address",
            _ if tls => "does it speak TLS, with a certificate that is trusted here? --ca-file names an authority's",
            _ => "is it watchkeeper that listens there, and without TLS? --url https://… asks with it",
        };
        let why = match &error {
            ureq::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        };
        let why = Text::from(why).to_string();
        ClientError::Unreachable { server: self.url.to_string(), why, hint: hint.to_owned() }
    }

    fn strange(&self, why: impl ToString) -> ClientError {
        ClientError::Strange { server: self.url.to_string(), why: why.to_string().into() }
    }
}

impl Key {
    /// What to do where the server doesn't know who asks.
    fn unknown(&self) -> String {
        match self {
            Self::None { hint } => hint.clone(),
            Self::Token { from, .. } => {
                format!("the token of {from} isn't one of the server's, or its time is over")
            }
        }
    }

    /// What to do where the server knows who asks, and it isn't enough.
    fn too_weak(&self) -> Option<String> {
        match self {
            Self::None { .. } => None,
            Self::Token { from, .. } => {
                Some(format!("`rights` of `[server.tokens.NAME]` says what the token of {from} may"))
            }
        }
    }
}

fn tls(ca_file: Option<&Path>) -> Result<TlsConfig, ClientError> {
    let roots = match ca_file {
        None => RootCerts::PlatformVerifier,
        Some(path) => {
            let pem = fs::read(path).map_err(|source| ClientError::File { path: path.to_owned(), source })?;
            let certificates = parse_pem(&pem).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            });
            let certificates: Vec<Certificate<'static>> = certificates.collect();
            if certificates.is_empty() {
                let message = format!("{}: holds no certificate", path.display());
                return Err(ClientError::usage(message, "name a file in PEM form, with `BEGIN CERTIFICATE` in it"));
            }
            RootCerts::from(certificates)
        }
    };
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn is_plain(answer: &Response<Body>) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/plain"))
}

/// The server's plain texts end in a line `hint: …` where people can do something.
pub(crate) fn split_hint(text: &str) -> (Text, Option<Text>) {
    match text.trim().split_once("\nhint: ") {
        Some((detail, hint)) => (detail.into(), Some(hint.into())),
        None => (text.trim().into(), None),
    }
}
