//! A key that a Web3Signer holds.
//!
//! Shapes: Web3Signer's "ETH1 API" (`core/src/main/resources/openapi-specs/eth1/web3signer.yaml` in its repository).
//! `GET /api/v1/eth1/publicKeys` answers a JSON list of public keys, 64 bytes each in hexadecimal. `POST
//! /api/v1/eth1/sign/{identifier}` takes `{"data": "0x…"}`, where the identifier is such a public key and never an address
//! (`EthSecpArtifactSigner.getIdentifier`), hashes the data with Keccak-256, and answers the signature as text: `0x`, r, s and v,
//! 65 bytes.

use alloy_primitives::{Address, B256, Signature, hex};
use async_trait::async_trait;
use reqwest::{
    Client, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use tokio::sync::OnceCell;
use watchkeeper_config::Web3Signer;

use crate::{
    SignFault,
    checked::Holder,
    http::{Answer, TIMEOUT, Trust, client, exchange},
};

/// The most bytes of a list of public keys: about 30,000 of them.
const MAX_LIST: usize = 4 << 20;

/// The most bytes of a signature's text: 132 characters, and what blanks a server may add.
const MAX_SIGNATURE: usize = 1 << 10;

/// A Web3Signer, and the address of the key that is asked of it.
pub(crate) struct Remote {
    client: Client,
    /// Up to `/api/v1/eth1/`.
    base: Url,
    headers: HeaderMap,
    address: Address,
    /// By which it knows the key; asked of it once.
    identifier: OnceCell<String>,
}

impl Remote {
    pub(crate) fn open(settings: &Web3Signer) -> Result<Self, SignFault> {
        let mut base = Url::parse(settings.url.expose()).map_err(|error| SignFault::Setup(format!("url: {error}")))?;
        let trust = match (base.scheme(), settings.ca_file.as_deref()) {
            ("https", Some(file)) => Trust::File(file),
            ("https", None) => Trust::System,
            _ => Trust::Nobody,
        };
        base.path_segments_mut()
            .map_err(|()| SignFault::Setup("url: nothing can stand behind it".to_owned()))?
            .pop_if_empty()
            .extend(["api", "v1", "eth1", ""]);
        let header = |(name, value): (&String, &watchkeeper_config::Secret)| {
            let mut value = HeaderValue::from_str(value.expose()).ok()?;
            value.set_sensitive(true);
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
        };
        let headers: Option<HeaderMap> = settings.headers.iter().map(header).collect();
        let headers = headers.ok_or_else(|| SignFault::Setup("headers: one of them can't be sent".to_owned()))?;
        Ok(Self {
            client: client(trust, TIMEOUT, TIMEOUT)?,
            base,
            headers,
            address: settings.address,
            identifier: OnceCell::new(),
        })
    }

    fn url(&self, path: &str) -> Result<Url, SignFault> {
        self.base.join(path).map_err(|error| SignFault::Setup(format!("url: {error}")))
    }

    /// The public key whose address is the account's.
    async fn find_key(&self) -> Result<String, SignFault> {
        let request = self.client.get(self.url("publicKeys")?).headers(self.headers.clone());
        let body = success(exchange(request, MAX_LIST).await?)?;
        let keys: Vec<String> =
            serde_json::from_slice(&body).map_err(|_| SignFault::Malformed("a list of public keys"))?;
        let is_ours = |key: &&String| {
            let bytes: Option<[u8; 64]> = hex::decode(key.as_str()).ok().and_then(|bytes| bytes.try_into().ok());
            bytes.is_some_and(|bytes| Address::from_raw_public_key(&bytes) == self.address)
        };
        // Only hexadecimal digits, and so nothing that changes the path that it becomes a part of.
        keys.iter().find(is_ours).cloned().ok_or(SignFault::NoKey(self.address))
    }
}

#[async_trait]
impl Holder for Remote {
    const KIND: &'static str = "web3signer";

    fn address(&self) -> Address {
        self.address
    }

    async fn signature(&self, payload: &[u8], _hash: &B256) -> Result<Signature, SignFault> {
        let identifier = self.identifier.get_or_try_init(|| self.find_key()).await?;
        let url = self.url(&format!("sign/{identifier}"))?;
        let data = serde_json::json!({"data": hex::encode_prefixed(payload)});
        let request = self.client.post(url).headers(self.headers.clone());
        let request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(data.to_string());
        let answer = exchange(request, MAX_SIGNATURE).await?;
        if answer.status == 404 {
            return Err(SignFault::NoKey(self.address));
        }
        read_signature(&success(answer)?).ok_or(SignFault::Malformed("a signature"))
    }
}

fn success(answer: Answer) -> Result<Vec<u8>, SignFault> {
    if answer.status == 200 { Ok(answer.body) } else { Err(SignFault::Status(answer.status)) }
}

/// `0x` and 65 bytes in hexadecimal.
fn read_signature(text: &[u8]) -> Option<Signature> {
    let digits = std::str::from_utf8(text).ok()?.trim_ascii().strip_prefix("0x")?;
    let bytes: [u8; 65] = hex::decode(digits).ok()?.try_into().ok()?;
    Signature::from_raw_array(&bytes).ok()
}
