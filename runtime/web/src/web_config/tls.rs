//! `tls_server_config`: from words and files to how connections are secured.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    RootCertStore, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion,
    crypto::{CryptoProvider, SupportedKxGroup, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
    version::{TLS12, TLS13},
};

use super::{load::bytes, shape::TlsShape};

/// The files that a configuration names, from its own folder on.
pub(super) struct Files {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    client_ca: Option<PathBuf>,
}

impl Files {
    pub(super) fn of(shape: &TlsShape, folder: &Path) -> Self {
        let join = |path: &Option<PathBuf>| path.as_ref().map(|path| folder.join(path));
        Self { certificate: join(&shape.cert_file), key: join(&shape.key_file), client_ca: join(&shape.client_ca_file) }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Path> {
        [&self.certificate, &self.key, &self.client_ca].into_iter().flatten().map(PathBuf::as_path)
    }
}

/// Whether each client needs a certificate that the named authority signed.
pub(super) fn verifies_clients(shape: &TlsShape) -> bool {
    shape.client_auth_type.as_deref() == Some("RequireAndVerifyClientCert")
}

/// # Errors
/// Key and reason; never what a key file holds.
pub(super) fn configure(shape: &TlsShape, files: &Files) -> Result<ServerConfig, String> {
    let provider = Arc::new(CryptoProvider {
        cipher_suites: suites(&shape.cipher_suites)?,
        kx_groups: groups(&shape.curve_preferences)?,
        ..ring::default_provider()
    });
    let versions = versions(shape.min_version.as_deref(), shape.max_version.as_deref())?;
    let certificate = source("cert", shape.cert.as_deref(), files.certificate.as_deref())?;
    let key = source("key", shape.key.as_ref().map(|key| key.0.as_str()), files.key.as_deref())?;
    let chain = certificates("cert", &certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| at("key", "holds no private key in PEM"))?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)
        .map_err(|error| at("cipher_suites", &format!("goes with no version of TLS that is allowed: {error}")))?;
    let builder = match clients(shape, files, &provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| at("cert", &format!("can't be used with its key: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ignore_client_order = shape.prefer_server_cipher_suites.unwrap_or(true);
    Ok(config)
}

fn at(key: &str, problem: &str) -> String {
    format!("tls_server_config: {key}: {problem}")
}

/// The text that stands in the configuration, or the file that it names.
fn source(key: &str, text: Option<&str>, file: Option<&Path>) -> Result<Vec<u8>, String> {
    let named = format!("{key}_file");
    match (text, file) {
        (Some(_), Some(_)) => Err(at(key, &format!("stands beside `{named}`\nhint: remove one of the two"))),
        (None, None) => Err(at(&named, "is missing\nhint: TLS needs `cert_file` and `key_file`")),
        (Some(text), None) => Ok(text.as_bytes().to_vec()),
        (None, Some(file)) => bytes(file).map_err(|error| at(&named, &format!("{}: {error}", file.display()))),
    }
}

fn certificates(key: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|_| at(key, "is not PEM"))?;
    if chain.is_empty() { Err(at(key, "holds no certificate in PEM")) } else { Ok(chain) }
}

/// Who has to show a certificate. What nobody checks proves nothing, so asking without checking is refused.
fn clients(
    shape: &TlsShape,
    files: &Files,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
    let has_ca = shape.client_ca.is_some() || files.client_ca.is_some();
    let optional = match shape.client_auth_type.as_deref() {
        None | Some("" | "NoClientCert") if has_ca => {
            let problem = "is of no use without `client_auth_type`\nhint: write `client_auth_type: \
                           RequireAndVerifyClientCert`";
            return Err(at("client_ca_file", problem));
        }
        None | Some("" | "NoClientCert") => return Ok(None),
        Some("VerifyClientCertIfGiven") => true,
        Some("RequireAndVerifyClientCert") => false,
        Some("RequestClientCert" | "RequireAnyClientCert" | "RequireClientCert") => {
            let problem = "certificates that nobody checks prove nothing\nhint: write `RequireAndVerifyClientCert`, or \
                           `VerifyClientCertIfGiven`";
            return Err(at("client_auth_type", problem));
        }
        Some(word) => {
            let hint = "write `NoClientCert`, `VerifyClientCertIfGiven` or `RequireAndVerifyClientCert`";
            return Err(at("client_auth_type", &format!("{word:?} is unknown\nhint: {hint}")));
        }
    };
    let pem = source("client_ca", shape.client_ca.as_deref(), files.client_ca.as_deref())?;
    let mut roots = RootCertStore::empty();
    for root in certificates("client_ca_file", &pem)? {
        roots.add(root).map_err(|error| at("client_ca_file", &error.to_string()))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = if optional { builder.allow_unauthenticated() } else { builder };
    builder.build().map(Some).map_err(|error| at("client_ca_file", &error.to_string()))
}

fn versions(min: Option<&str>, max: Option<&str>) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let number = |key: &str, word: &str| match word {
        "TLS12" => Ok(12),
        "TLS13" => Ok(13),
        _ => Err(at(key, &format!("{word:?} is not supported\nhint: write `TLS12` or `TLS13`"))),
    };
    let min = number("min_version", min.unwrap_or("TLS12"))?;
    let max = number("max_version", max.unwrap_or("TLS13"))?;
    if min > max {
        return Err(at("max_version", "is lower than `min_version`"));
    }
    let all = [(13, &TLS13), (12, &TLS12)];
    Ok(all.into_iter().filter(|(number, _)| (min..=max).contains(number)).map(|(_, version)| version).collect())
}

/// Those of TLS 1.2 can be chosen, those of TLS 1.3 always stay: as in Go, whose names these are.
fn suites(names: &[String]) -> Result<Vec<SupportedCipherSuite>, String> {
    if names.is_empty() {
        return Ok(ring::DEFAULT_CIPHER_SUITES.to_vec());
    }
    let (old, new): (Vec<SupportedCipherSuite>, Vec<_>) =
        ring::ALL_CIPHER_SUITES.iter().partition(|suite| suite.tls13().is_none());
    let chosen = names.iter().map(|name| {
        let found = old.iter().find(|suite| suite.suite().as_str() == Some(name.as_str()));
        let known = new.iter().any(|suite| suite.suite().as_str() == Some(&name.replacen("TLS_", "TLS13_", 1)));
        match found {
            Some(suite) => Ok(Some(*suite)),
            None if known => Ok(None),
            None => Err(at("cipher_suites", &format!("{name:?} is not supported"))),
        }
    });
    let chosen: Result<Vec<_>, _> = chosen.collect();
    Ok(new.iter().copied().chain(chosen?.into_iter().flatten()).collect())
}

fn groups(names: &[String]) -> Result<Vec<&'static dyn SupportedKxGroup>, String> {
    if names.is_empty() {
        return Ok(ring::DEFAULT_KX_GROUPS.to_vec());
    }
    let group = |name: &String| match name.as_str() {
        "X25519" => Ok(ring::kx_group::X25519),
        "CurveP256" => Ok(ring::kx_group::SECP256R1),
        "CurveP384" => Ok(ring::kx_group::SECP384R1),
        _ => Err(at("curve_preferences", &format!("{name:?} is not supported"))),
    };
    names.iter().map(group).collect()
}
