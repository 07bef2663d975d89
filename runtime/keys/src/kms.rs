//! A key that AWS KMS holds. Requests go the same bounded way as all requests to signers; credentials come from the
//! environment, as AWS's own programs have them, without SSO and without programs that print credentials.

use std::{error::Error, fmt, time::Duration};

use alloy_primitives::{Address, B256, Signature};
use alloy_signer::Signer as _;
use alloy_signer_aws::{AwsSigner, AwsSignerError};
use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::HttpError,
};
use aws_smithy_types::body::SdkBody;
use reqwest::{Client, Method};
use watchkeeper_config::AwsKms;

use crate::{
    SignFault,
    checked::Holder,
    http::{TIMEOUT, Trust, client, exchange},
};

/// The most bytes of an answer of AWS.
const MAX_ANSWER: usize = 1 << 20;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(3);

/// The most characters that are passed on of what AWS says.
const MAX_WORDS: usize = 300;

/// A key of AWS KMS.
pub(crate) struct Kms(AwsSigner);

impl Kms {
    /// Asks for the key's public part, which has to be the account's.
    pub(crate) async fn open(settings: &AwsKms) -> Result<Self, SignFault> {
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_timeout(TIMEOUT).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client(settings)?)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard());
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let shared = loader.load().await;
        if shared.region().is_none() {
            return Err(SignFault::Setup(
                "no region is known; add `region` to `aws_kms`, or set AWS_REGION".to_owned(),
            ));
        }
        let mut config = aws_sdk_kms::config::Builder::from(&shared);
        if let Some(endpoint) = &settings.endpoint {
            config.set_endpoint_url(Some(endpoint.clone()));
        }
        let kms = aws_sdk_kms::Client::from_conf(config.build());
        let signer = AwsSigner::new(kms, settings.key_id.clone(), None).await.map_err(|error| fault(&error))?;
        if signer.address() != settings.address {
            return Err(SignFault::OtherKey { found: signer.address(), wanted: settings.address });
        }
        Ok(Self(signer))
    }
}

#[async_trait]
impl Holder for Kms {
    const KIND: &'static str = "aws_kms";

    fn address(&self) -> Address {
        self.0.address()
    }

    async fn signature(&self, _payload: &[u8], hash: &B256) -> Result<Signature, SignFault> {
        self.0.sign_hash(hash).await.map_err(|error| match error {
            alloy_signer::Error::Other(inner) => match inner.downcast_ref::<AwsSignerError>() {
                Some(error) => fault(error),
                None => SignFault::Malformed("a signature"),
            },
            _ => SignFault::Malformed("a signature"),
        })
    }
}

fn fault(error: &AwsSignerError) -> SignFault {
    match error {
        AwsSignerError::Sign(error) => of_sdk(error),
        AwsSignerError::GetPublicKey(error) => of_sdk(error),
        AwsSignerError::SignatureRecoveryFailed => SignFault::Malformed("a signature by its key"),
        AwsSignerError::Spki(_) | AwsSignerError::PublicKeyNotFound => {
            SignFault::Malformed("a public key of secp256k1")
        }
        _ => SignFault::Malformed("a signature or a key of secp256k1"),
    }
}

fn of_sdk<E: ProvideErrorMetadata + Error + 'static>(error: &SdkError<E, HttpResponse>) -> SignFault {
    match error {
        SdkError::TimeoutError(_) => SignFault::Timeout(TIMEOUT),
        SdkError::ServiceError(service) => {
            let (said, status) = (service.err(), service.raw().status());
            match said.code() {
                Some(code) => SignFault::Said(plain(&format!("{code}: {}", said.message().unwrap_or_default()))),
                None if status.is_success() => SignFault::Malformed("one of AWS"),
                None => SignFault::Status(status.as_u16()),
            }
        }
        other => of_chain(other),
    }
}

/// What our connector said, if it was asked; else the words of the error and of all that caused it.
fn of_chain(error: &(dyn Error + 'static)) -> SignFault {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(fault) = error.downcast_ref::<SignFault>() {
            return fault.clone();
        }
        words = format!("{words}: {error}");
        cause = error.source();
    }
    SignFault::Unreachable(plain(&words))
}

/// A service's words as one line of bounded length.
fn plain(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_WORDS).collect()
}

/// The client of one region or endpoint; also the one that credentials are fetched with.
fn http_client(settings: &AwsKms) -> Result<SharedHttpClient, SignFault> {
    let plain = settings.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http:"));
    let client = match client(Trust::System, CONNECT, TIMEOUT) {
        // No authority is asked for where nothing is encrypted.
        Err(_) if plain => client(Trust::Nobody, CONNECT, TIMEOUT)?,
        client => client?,
    };
    Ok(http_client_fn(move |settings, _components| {
        let patience = settings.connect_timeout().zip(settings.read_timeout()).map(|(connect, read)| connect + read);
        SharedHttpConnector::new(Connector { client: client.clone(), patience: patience.unwrap_or(TIMEOUT) })
    }))
}

/// AWS's requests over our client.
struct Connector {
    client: Client,
    /// For one request: who asks a machine's metadata for credentials wants less than who asks KMS.
    patience: Duration,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (client, patience) = (self.client.clone(), self.patience);
        HttpConnectorFuture::new(async move {
            let user = |error: Box<dyn Error + Send + Sync>| ConnectorError::user(error);
            let method = Method::from_bytes(request.method().as_bytes()).map_err(|error| user(error.into()))?;
            let mut sent = client.request(method, request.uri());
            for (name, value) in request.headers() {
                sent = sent.header(name, value);
            }
            let body = request.body().bytes().ok_or_else(|| user("a body that is streamed".into()))?;
            let asked = tokio::time::timeout(patience, exchange(sent.body(body.to_vec()), MAX_ANSWER));
            let answer = asked.await.unwrap_or(Err(SignFault::Timeout(patience))).map_err(|fault| match fault {
                SignFault::Timeout(_) => ConnectorError::timeout(fault.into()),
                fault => ConnectorError::io(fault.into()),
            })?;
            let other = |error: Box<dyn Error + Send + Sync>| ConnectorError::other(error, None);
            let status = answer.status.try_into().map_err(|error: HttpError| other(error.into()))?;
            let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
            for (name, value) in &answer.headers {
                let value = value.to_str().map_err(|error| other(error.into()))?;
                response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
            }
            Ok(response)
        })
    }
}
