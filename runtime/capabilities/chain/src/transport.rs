//! One HTTP exchange, bounded: alloy's transport over reqwest, that reads no more than the limit, follows no redirect,
//! takes only answers to what was asked, and tells nobody the URL.

use std::{
    collections::BTreeSet,
    error::Error,
    io,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use alloy_json_rpc::{Id, RequestPacket, ResponsePacket};
use alloy_transport::{TransportError, TransportFut};
use reqwest::{Client, Url, header};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use tower_service::Service;

use crate::{
    OpenError,
    fault::{Fault, is_about_the_request},
};

/// How long an unused connection is kept: less than servers and proxies do, so that none is closed while it is taken up.
const IDLE: Duration = Duration::from_secs(30);

/// Parts of a URL with fewer bytes are taken for words such as `v3` or `rpc`, not for keys.
const SHORTEST_KEY: usize = 8;

/// The HTTP client of all endpoints. Certificates are checked against the system's roots, which must exist only if
/// `https` is used.
pub(crate) fn client(https: bool) -> Result<Client, OpenError> {
    let client = Client::builder()
        .tls_backend_preconfigured(tls(https)?)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .pool_idle_timeout(IDLE)
        .user_agent(concat!("watchkeeper/", env!("CARGO_PKG_VERSION")));
    client.build().map_err(|error| OpenError::Client(error.without_url().to_string()))
}

/// How connections are encrypted, by `https` and `wss`.
pub(crate) fn tls(https: bool) -> Result<ClientConfig, OpenError> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| OpenError::Client(error.to_string()))?;
    let tls = if https {
        tls.with_platform_verifier().map_err(|error| OpenError::Certificates(error.to_string()))?
    } else {
        tls.with_root_certificates(RootCertStore::empty())
    };
    Ok(tls.with_no_client_auth())
}

/// The way to one endpoint.
#[derive(Clone)]
pub(crate) struct Transport {
    client: Client,
    url: Url,
    secrets: Arc<[String]>,
    max_response: usize,
}

impl Transport {
    pub(crate) fn new(client: Client, url: Url, max_response: usize) -> Self {
        Self { secrets: secrets(&url), client, url, max_response }
    }

    async fn exchange(self, packet: RequestPacket) -> Result<ResponsePacket, Fault> {
        let body = serde_json::to_vec(&packet).map_err(Fault::malformed)?;
        let request = self.client.post(self.url).header(header::CONTENT_TYPE, "application/json").body(body);
        let mut response = request.send().await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        if let Some(wish) = retry_after(status.as_u16(), response.headers(), SystemTime::now()) {
            return Err(Fault::Throttled(wish));
        }
        if !status.is_success() && !is_about_the_request(status.as_u16()) {
            return Err(Fault::Status(status.as_u16()));
        }
        if response.content_length().is_some_and(|length| length > self.max_response as u64) {
            return Err(Fault::TooLarge(self.max_response));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len() + chunk.len() > self.max_response {
                return Err(Fault::TooLarge(self.max_response));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answered = answer(&packet, &body);
        if !answered.as_ref().is_ok_and(ResponsePacket::is_success) {
            // Nodes quote the key that they refuse, and their words go to the plugin and to people.
            answered = answer(&packet, &hidden(&self.secrets, &body));
        }
        match answered {
            Ok(answer) if status.is_success() || !answer.is_success() => Ok(answer),
            Err(fault @ Fault::BatchRefused) => Err(fault),
            Err(fault) if status.is_success() => Err(fault),
            _ => Err(Fault::Status(status.as_u16())),
        }
    }
}

/// How long a server asks for no requests, where it does: in seconds, or until a date.
fn retry_after(status: u16, headers: &header::HeaderMap, now: SystemTime) -> Option<Duration> {
    if !matches!(status, 429 | 503) {
        return None;
    }
    let written = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = written.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(written).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

/// The parts of a URL that may be keys: all but scheme, host and port, unless too short to be one.
fn secrets(url: &Url) -> Arc<[String]> {
    let query = url.query_pairs().map(|(_, value)| value.into_owned());
    let path = url.path_segments().into_iter().flatten().map(str::to_owned);
    let login = [url.username(), url.password().unwrap_or_default()].map(str::to_owned);
    path.chain(query).chain(login).filter(|part| part.len() >= SHORTEST_KEY).collect()
}

/// The text of a failure without the endpoint's keys.
fn hidden(secrets: &[String], body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body).into_owned();
    secrets.iter().fold(text, |text, secret| text.replace(secret, "[redacted]")).into_bytes()
}

/// The answer in a body, if it is one to this request and to nothing else.
fn answer(asked: &RequestPacket, body: &[u8]) -> Result<ResponsePacket, Fault> {
    let mut answer: ResponsePacket = serde_json::from_slice(body).map_err(Fault::malformed)?;
    match (asked, &mut answer) {
        (RequestPacket::Single(request), ResponsePacket::Single(response)) => {
            if response.id == Id::None && response.is_error() {
                response.id = request.id().clone();
            }
            if response.id != *request.id() {
                return Err(Fault::malformed("it answers another request"));
            }
        }
        (RequestPacket::Batch(requests), ResponsePacket::Batch(responses)) => {
            let wanted: BTreeSet<&Id> = requests.iter().map(|request| request.id()).collect();
            let given: BTreeSet<&Id> = responses.iter().map(|response| &response.id).collect();
            if wanted != given || responses.len() != requests.len() {
                return Err(Fault::malformed("it doesn't answer each request of the batch once"));
            }
        }
        (RequestPacket::Batch(_), ResponsePacket::Single(response)) => {
            return Err(match response.payload.as_error() {
                Some(error) if error.is_retry_err() => Fault::Rpc(error.clone()),
                Some(_) => Fault::BatchRefused,
                None => Fault::malformed("one answer to a batch"),
            });
        }
        (RequestPacket::Single(_), ResponsePacket::Batch(_)) => {
            return Err(Fault::malformed("a batch answers one request"));
        }
    }
    Ok(answer)
}

fn unreachable(error: &reqwest::Error) -> Fault {
    if error.is_timeout() {
        return Fault::Timeout;
    }
    let otherwise = if error.is_connect() { "no connection" } else { "the connection broke off" };
    Fault::Unreachable(cause(error).unwrap_or_else(|| otherwise.to_owned()))
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

impl Service<RequestPacket> for Transport {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        let transport = self.clone();
        Box::pin(async move { Ok(transport.exchange(packet).await?) })
    }
}

#[cfg(test)]
mod tests {
    use alloy_json_rpc::Request;
    use proptest::prelude::*;

    use super::*;

    fn single() -> RequestPacket {
        RequestPacket::Single(Request::new("eth_chainId", Id::Number(7), [(); 0]).serialize().unwrap())
    }

    fn batch() -> RequestPacket {
        let ids = [7, 8].map(Id::Number);
        ids.map(|id| Request::new("eth_chainId", id, [(); 0]).serialize().unwrap()).into_iter().collect()
    }

    #[test]
    fn a_failure_loses_the_keys_that_it_quotes() {
        let url = Url::parse("http://somebody:a-password@host:1/v3/0123456789abcdef?key=query-key").unwrap();
        let said = "no project 0123456789abcdef of somebody:a-password at host/v3?key=query-key";
        let hidden = String::from_utf8(hidden(&secrets(&url), said.as_bytes())).unwrap();
        assert_eq!(hidden, "no project [redacted] of [redacted]:[redacted] at host/v3?key=[redacted]");
    }

    #[test]
    fn a_wish_for_peace_is_read_in_both_its_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let seconds = |status, written: &str| {
            let headers = [(header::RETRY_AFTER, written.parse().unwrap())].into_iter().collect();
            retry_after(status, &headers, now).map(|wish| wish.as_secs())
        };
        for (written, wish) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(seconds(429, written), wish, "{written:?}");
            assert_eq!(seconds(503, written), wish, "{written:?}");
        }
        assert_eq!(seconds(500, "120"), None);
        assert_eq!(retry_after(429, &header::HeaderMap::new(), now), None);
    }

    #[test]
    fn only_the_answer_to_the_request_counts() {
        for good in [
            r#"{"jsonrpc":"2.0","id":7,"result":"0x1"}"#,
            r#"{"id":7,"error":{"code":-1,"message":"m"}}"#,
            r#"{"id":null,"error":{"code":-1,"message":"m"}}"#,
        ] {
            assert!(answer(&single(), good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            r#"{"id":8,"result":"0x1"}"#,
            r#"{"id":"7","result":"0x1"}"#,
            r#"{"id":null,"result":"0x1"}"#,
            r#"{"result":"0x1"}"#,
            r#"{"id":7}"#,
            r#"{"id":7,"result":"0x1","error":{"code":-1,"message":"m"}}"#,
            r#"{"id":7,"result":"0x1"} {"id":7,"result":"0x1"}"#,
            r#"{"id":7,"result":"0x1""#,
            r#"[{"id":7,"result":"0x1"}]"#,
            "<html>502</html>",
            "",
        ] {
            assert!(matches!(answer(&single(), bad.as_bytes()), Err(Fault::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn a_failed_connection_is_told_without_a_host() {
        let certificate = rustls::CertificateError::NotValidForName;
        let tls = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::InvalidCertificate(certificate));
        let told = [
            (io::Error::other(tls), Some("its certificate is not valid here")),
            (io::Error::other(rustls::Error::DecryptError), Some("the TLS handshake failed")),
            (io::ErrorKind::ConnectionRefused.into(), Some("connection refused")),
            (io::Error::other("failed to look up a host"), None),
        ];
        for (error, words) in told {
            assert_eq!(cause(&error).as_deref(), words);
        }
    }

    #[test]
    fn a_batch_is_answered_whole() {
        let both = r#"[{"id":8,"result":"0x1"},{"id":7,"error":{"code":3,"message":"m"}}]"#;
        assert!(answer(&batch(), both.as_bytes()).is_ok());
        for bad in [
            r#"[{"id":7,"result":"0x1"}]"#,
            r#"[{"id":7,"result":"0x1"},{"id":7,"result":"0x1"}]"#,
            r#"[{"id":7,"result":"0x1"},{"id":8,"result":"0x1"},{"id":9,"result":"0x1"}]"#,
            r#"[{"id":7,"result":"0x1"},{"id":8,"result":"0x1"},{"id":8,"result":"0x2"}]"#,
            r#"{"id":7,"result":"0x1"}"#,
            "[]",
        ] {
            assert!(matches!(answer(&batch(), bad.as_bytes()), Err(Fault::Malformed(_))), "{bad}");
        }
        let refused = r#"{"id":null,"error":{"code":-32600,"message":"no batches"}}"#;
        assert!(matches!(answer(&batch(), refused.as_bytes()), Err(Fault::BatchRefused)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_answer_nothing(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            prop_assert!(answer(&single(), &bytes).is_err());
            prop_assert!(answer(&batch(), &bytes).is_err());
        }

        #[test]
        fn a_right_answer_with_a_byte_changed_never_panics(place in 0_usize..40, byte: u8) {
            let mut bytes = br#"{"jsonrpc":"2.0","id":7,"result":"0x10"}"#.to_vec();
            bytes[place] = byte;
            let _either = answer(&single(), &bytes);
        }
    }
}
