//! A blocking HTTP client that returns every status as an answer and uses no proxy.

use std::{collections::BTreeMap, io::Read, sync::Arc, time::Duration};

use serde_json::Value;
use ureq::{
    config::ConfigBuilder,
    tls::{Certificate, RootCerts, TlsConfig},
    typestate::AgentScope,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Response {
    /// The status, such as 200.
    pub(crate) status: u16,
    /// The headers by their names in lower case; those that come twice are joined with a comma.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body as it came: not decompressed.
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    /// A header's value; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Sends a request with the given headers.
///
/// # Errors
/// If no whole answer comes: the reason as text.
pub(crate) fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Response, String> {
    send_within(PATIENCE, method, url, headers, body)
}

/// As [`send`], over TLS to a server with this certificate (PEM) and no other.
///
/// # Errors
/// If no whole answer comes: the reason as text.
pub(crate) fn send_trusting(
    certificate: &str,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Response, String> {
    let certificate = Certificate::from_pem(certificate.as_bytes()).map_err(|error| error.to_string())?;
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(vec![certificate])))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    exchange(config(PATIENCE).tls_config(tls), method, url, headers, body)
}

/// As [`send`], with a deadline for the whole answer.
pub(crate) fn send_within(
    deadline: Duration,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Response, String> {
    exchange(config(deadline), method, url, headers, body)
}

fn config(deadline: Duration) -> ConfigBuilder<AgentScope> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
    let config = config.timeout_global(Some(deadline)).allow_non_standard_methods(true).max_redirects(0);
    config.max_redirects_will_error(false)
}

fn exchange(
    config: ConfigBuilder<AgentScope>,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Response, String> {
    let agent: ureq::Agent = config.build().into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body).map_err(|error| error.to_string())?;
    let response = agent.run(request).map_err(|error| error.to_string())?;
    let (parts, body) = response.into_parts();
    let mut bytes = Vec::new();
    body.into_reader().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in &parts.headers {
        let joined = headers.entry(name.to_string());
        joined.and_modify(|all| *all = format!("{all}, {}", text(value))).or_insert_with(|| text(value));
    }
    Ok(Response { status: parts.status.as_u16(), headers, body: bytes })
}

/// Calls a JSON-RPC method over HTTP.
///
/// # Errors
/// If there is no answer, or the answer is an error: its text.
pub(crate) fn json_rpc(url: &str, method: &str, params: &Value, deadline: Duration) -> Result<Value, String> {
    let request = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let headers = [("content-type", "application/json")];
    let response = send_within(deadline, "POST", url, &headers, request.to_string().as_bytes())?;
    let mut answer: Value = serde_json::from_slice(&response.body).map_err(|error| error.to_string())?;
    match answer.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(answer.to_string()),
    }
}
