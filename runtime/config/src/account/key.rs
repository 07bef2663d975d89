//! Where an account's key is: a keystore file, AWS KMS, or a Web3Signer. Touches none of them.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
};

use alloy_primitives::Address;
use serde::Deserialize;
use url::{Host, Url};

use crate::{
    ConfigError, Secret,
    address::parse_address,
    http::resolve_headers,
    paths::resolve_path,
    secret::{Environment, expand},
    source::{KeyPath, Source},
};

/// Who signs for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// An encrypted file (Web3 Secret Storage, version 3).
    Keystore {
        /// The file.
        path: PathBuf,
        /// What it is encrypted with.
        password: PasswordSource,
    },
    /// A key of AWS KMS. Credentials come from the environment, as AWS's own programs have them.
    AwsKms(AwsKms),
    /// A remote signer that speaks Web3Signer's API.
    Web3Signer(Web3Signer),
}

impl KeySource {
    /// `keystore`, `aws_kms` or `web3signer`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Keystore { .. } => "keystore",
            Self::AwsKms(_) => "aws_kms",
            Self::Web3Signer(_) => "web3signer",
        }
    }

    /// The account's address, where the configuration says it: a keystore has to be opened for it.
    pub const fn address(&self) -> Option<Address> {
        match self {
            Self::Keystore { .. } => None,
            Self::AwsKms(kms) => Some(kms.address),
            Self::Web3Signer(remote) => Some(remote.address),
        }
    }
}

/// Where a keystore's password is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// The text of a file; one line end behind it doesn't count.
    File(PathBuf),
    /// A value of the environment.
    Given(Secret),
}

/// `aws_kms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsKms {
    /// A key's id, its ARN, or an alias.
    pub key_id: String,
    /// Whose key it is: so that the account is known before AWS answers.
    pub address: Address,
    /// Such as `eu-central-1`; none for that of the environment.
    pub region: Option<String>,
    /// An `http` or `https` URL in place of AWS's own.
    pub endpoint: Option<String>,
}

/// `web3signer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web3Signer {
    /// An `http` or `https` URL, before `/api/v1`; secret, because keys may stand in it.
    pub url: Secret,
    /// Whose key it holds.
    pub address: Address,
    /// The only authorities whose certificates count; the system's unless told.
    pub ca_file: Option<PathBuf>,
    /// Attached to every request: names in lower case, and secret values.
    pub headers: BTreeMap<String, Secret>,
}

/// The keys of an account that say where its key is.
pub(super) struct KeyShape {
    pub(super) keystore: Option<PathBuf>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) password: Option<String>,
    pub(super) aws_kms: Option<AwsKmsShape>,
    pub(super) web3signer: Option<Web3SignerShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AwsKmsShape {
    key_id: String,
    address: String,
    region: Option<String>,
    endpoint: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Web3SignerShape {
    url: String,
    address: String,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

impl KeyShape {
    pub(super) fn resolve(
        self,
        source: &Source<'_>,
        key: &KeyPath,
        folder: &Path,
        environment: Environment<'_>,
    ) -> Result<KeySource, ConfigError> {
        let stray = [("password", self.password.is_some()), ("password_file", self.password_file.is_some())];
        match (self.keystore, self.aws_kms, self.web3signer) {
            (Some(path), None, None) => {
                let path = resolve_path(source, &key.with("keystore"), folder, path)?;
                let password = password(self.password_file, self.password, source, key, folder, environment)?;
                Ok(KeySource::Keystore { path, password })
            }
            (None, kms, web3signer) if kms.is_some() != web3signer.is_some() => {
                if let Some((name, _)) = stray.into_iter().find(|(_, given)| *given) {
                    let hint = "leave it out: only a `keystore` has a password";
                    return Err(source.error(&key.with(name), "there is no keystore", hint));
                }
                if let Some(kms) = kms {
                    return kms.resolve(source, &key.with("aws_kms")).map(KeySource::AwsKms);
                }
                let key = key.with("web3signer");
                let resolved = web3signer.map(|shape| shape.resolve(source, &key, folder, environment));
                resolved.transpose()?.map(KeySource::Web3Signer).ok_or_else(|| no_key(source, &key))
            }
            (None, None, None) => Err(no_key(source, key)),
            _ => {
                let hint = "keep one of `keystore`, `aws_kms` and `web3signer`";
                Err(source.error(key, "more than one says where its key is", hint))
            }
        }
    }
}

fn no_key(source: &Source<'_>, key: &KeyPath) -> ConfigError {
    let hint = r#"add `keystore = "keys/NAME.json"`, or `aws_kms` or `web3signer`; `watchkeeper account new` makes a keystore"#;
    source.error(key, "nothing says where its key is", hint)
}

fn password(
    file: Option<PathBuf>,
    written: Option<String>,
    source: &Source<'_>,
    key: &KeyPath,
    folder: &Path,
    environment: Environment<'_>,
) -> Result<PasswordSource, ConfigError> {
    match (file, written) {
        (Some(path), None) => resolve_path(source, &key.with("password_file"), folder, path).map(PasswordSource::File),
        (None, Some(written)) => {
            let key = key.with("password");
            if !written.contains("${") {
                // Not quoted: it is the password.
                let hint = "write `${NAME}` for a value of the environment, or name a `password_file`";
                return Err(source.error(&key, "stands here in plain", hint));
            }
            let password =
                expand(&written, environment).map_err(|(message, hint)| source.error(&key, message, hint))?;
            Ok(PasswordSource::Given(password))
        }
        (None, None) => {
            let hint = r#"add `password_file = "…"`, or `password = "${NAME}"` for a value of the environment"#;
            Err(source.error(&key.with("keystore"), "nothing says what its password is", hint))
        }
        (Some(_), Some(_)) => {
            Err(source.error(&key.with("password"), "stands beside `password_file`", "keep one of them"))
        }
    }
}

impl AwsKmsShape {
    fn resolve(self, source: &Source<'_>, key: &KeyPath) -> Result<AwsKms, ConfigError> {
        let printable = |text: &str| !text.is_empty() && text.chars().all(|c| matches!(c, '!'..='~'));
        // KMS takes ids of 1 to 2048 characters.
        if !printable(&self.key_id) || self.key_id.len() > 2048 {
            let hint = r#"write a key's id, its ARN, or an alias such as "alias/funder""#;
            return Err(source.error(&key.with("key_id"), format!("{:?} is no key's id", self.key_id), hint));
        }
        let of_a_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if let Some(region) = self.region.as_deref().filter(|text| text.is_empty() || !text.chars().all(of_a_region)) {
            let message = format!("{region:?} is no region");
            return Err(source.error(&key.with("region"), message, r#"write one such as "eu-central-1""#));
        }
        if let Some(endpoint) = self.endpoint.as_deref() {
            http_url(endpoint).map_err(|problem| {
                let hint = r#"write an address such as "http://127.0.0.1:4566", or leave it out for AWS's own"#;
                source.error(&key.with("endpoint"), problem, hint)
            })?;
        }
        let address = parse_address(&self.address)
            .map_err(|misread| source.error(&key.with("address"), misread.message, misread.hint))?;
        Ok(AwsKms { key_id: self.key_id, address, region: self.region, endpoint: self.endpoint })
    }
}

impl Web3SignerShape {
    fn resolve(
        self,
        source: &Source<'_>,
        key: &KeyPath,
        folder: &Path,
        environment: Environment<'_>,
    ) -> Result<Web3Signer, ConfigError> {
        let at = key.with("url");
        let url = expand(&self.url, environment).map_err(|(message, hint)| source.error(&at, message, hint))?;
        let hint =
            r#"write an address such as "https://signer:9000"; a login or a key stands in `headers`, or in its path"#;
        let parsed = http_url(url.expose()).map_err(|problem| source.error(&at, problem, hint))?;
        let encrypted = parsed.scheme() == "https";
        let headers = resolve_headers(self.headers, source, &key.with("headers"), environment)?;
        if !headers.is_empty() && !encrypted && !is_this_machine(&parsed) {
            let hint = "use https";
            return Err(source.error(&key.with("headers"), "they would cross networks in the clear", hint));
        }
        let ca_file = match self.ca_file {
            Some(_) if !encrypted => {
                let hint = "leave it out, or use https";
                return Err(source.error(&key.with("ca_file"), "http has no certificates to check", hint));
            }
            Some(path) => Some(resolve_path(source, &key.with("ca_file"), folder, path)?),
            None => None,
        };
        let address = parse_address(&self.address)
            .map_err(|error| source.error(&key.with("address"), error.message, error.hint))?;
        Ok(Web3Signer { url, address, ca_file, headers })
    }
}

/// The error never quotes the text.
fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("not a URL of http or https".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user stands in it".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("something stands behind its path".to_owned());
    }
    Ok(url)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
