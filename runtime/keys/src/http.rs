//! Requests to signers, bounded: no redirect, no proxy, no more of an answer than the limit, and errors without the URL.

use std::{error::Error, io, path::Path, sync::Arc, time::Duration};

use reqwest::{Client, RequestBuilder, header::HeaderMap};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use watchkeeper_config::read_trusted;

use crate::SignFault;

/// How long a signer may take for an answer.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// How long an unused connection is kept: less than servers and proxies do.
const IDLE: Duration = Duration::from_secs(30);

/// The most bytes of a file of authorities.
const MAX_CA_FILE: u64 = 1 << 20;

/// Whose certificates count.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trust<'a> {
    /// Those of the system's authorities.
    System,
    /// Those of a file's authorities alone.
    File(&'a Path),
    /// None: only `http` will be asked.
    Nobody,
}

/// A client for one signer.
pub(crate) fn client(trust: Trust<'_>, connect: Duration, whole: Duration) -> Result<Client, SignFault> {
    let client = Client::builder()
        .tls_backend_preconfigured(tls(trust)?)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(connect)
        .timeout(whole)
        .pool_idle_timeout(IDLE)
        .user_agent(concat!("watchkeeper/", env!("CARGO_PKG_VERSION")));
    client.build().map_err(|error| SignFault::Setup(error.without_url().to_string()))
}

fn tls(trust: Trust<'_>) -> Result<ClientConfig, SignFault> {
    let setup = |error: rustls::Error| SignFault::Setup(error.to_string());
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(setup)?;
    let builder = match trust {
        Trust::System => builder.with_platform_verifier().map_err(|error| {
            let hint = "install the ca-certificates package, or name a `ca_file`";
            SignFault::Setup(format!("can't check certificates: {error}\nhint: {hint}"))
        })?,
        Trust::File(file) => builder.with_root_certificates(authorities(file).map_err(SignFault::Setup)?),
        Trust::Nobody => builder.with_root_certificates(RootCertStore::empty()),
    };
    Ok(builder.with_no_client_auth())
}

fn authorities(file: &Path) -> Result<RootCertStore, String> {
    let (bytes, _) = read_trusted(file, MAX_CA_FILE).map_err(|error| error.to_string())?;
    let unusable =
        |problem: String| format!("{}: {problem}\nhint: name a file with certificates in PEM form", file.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() { Err(unusable("no certificate in it".to_owned())) } else { Ok(roots) }
}

/// An answer that was read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Sends a request and reads at most `limit` bytes of the answer's body.
pub(crate) async fn exchange(request: RequestBuilder, limit: usize) -> Result<Answer, SignFault> {
    let mut response = request.send().await.map_err(|error| unreachable(&error))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(SignFault::TooLarge(limit));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(SignFault::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

fn unreachable(error: &reqwest::Error) -> SignFault {
    if error.is_timeout() {
        return SignFault::Timeout(TIMEOUT);
    }
    let otherwise = if error.is_connect() { "no connection" } else { "the connection broke off" };
    SignFault::Unreachable(cause(error).unwrap_or_else(|| otherwise.to_owned()))
}

/// Why a connection failed, in words without the URL, or any host or path.
fn cause(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(match tls {
            rustls::Error::InvalidCertificate(_) => "its certificate is not valid here".to_owned(),
            _ => "the TLS handshake failed".to_owned(),
        });
    }
    match error.downcast_ref::<io::Error>() {
        Some(io) => match io.get_ref() {
            Some(inner) => cause(inner),
            None => Some(io.kind().to_string()),
        },
        None => cause(error.source()?),
    }
}
