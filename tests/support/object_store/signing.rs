//! Requests that are signed as S3 wants them: AWS Signature Version 4, with the body's digest.
//!
//! What is stored has that digest in a header of its own too: it is the one that SeaweedFS holds against what arrives.
//! The digest and the MAC are those of TLS, so that the tests need no further crate for them.

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use rustls::{
    Tls13CipherSuite,
    crypto::{ring::cipher_suite::TLS13_AES_128_GCM_SHA256, tls13::OkmBlock},
};

use super::ObjectStore;

/// A request's address, and the headers that make it one of the key's owner.
pub(super) struct Authorized {
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
}

/// Signs a request to an endpoint such as `http://127.0.0.1:8333`, with a path such as `/bucket/key` and a query in any order.
pub(super) fn authorized(endpoint: &str, method: &str, path: &str, query: &[(&str, &str)], body: &[u8]) -> Authorized {
    let host = endpoint.strip_prefix("http://").expect("an address without TLS");
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = &time[..8];
    let path: Vec<_> = path.split('/').map(encoded).collect();
    let path = path.join("/");
    let mut pairs: Vec<_> = query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.sort();
    let query = pairs.join("&");
    let digest = suite().common.hash_provider.hash(body);
    let mut headers = vec![("x-amz-content-sha256", hex(digest.as_ref())), ("x-amz-date", time.clone())];
    if method == "PUT" {
        headers.insert(0, ("x-amz-checksum-sha256", BASE64_STANDARD.encode(&digest)));
    }

    let names: Vec<_> = std::iter::once("host").chain(headers.iter().map(|(name, _)| *name)).collect();
    let names = names.join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let digest = hex(digest.as_ref());
    let canonical = format!("{method}\n{path}\n{query}\nhost:{host}\n{lines}\n{names}\n{digest}");
    let scope = format!("{day}/{}/s3/aws4_request", ObjectStore::REGION);
    let canonical = hex(suite().common.hash_provider.hash(canonical.as_bytes()).as_ref());
    let secret = format!("AWS4{}", ObjectStore::SECRET_KEY).into_bytes();
    let key = [day, ObjectStore::REGION, "s3", "aws4_request"].iter().fold(secret, |key, step| mac(&key, step));
    let signature = hex(&mac(&key, &format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{canonical}")));
    let credential = format!("{}/{scope}", ObjectStore::ACCESS_KEY);
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}");
    headers.push(("authorization", authorization));
    Authorized { url: format!("{endpoint}{path}?{query}"), headers }
}

fn suite() -> &'static Tls13CipherSuite {
    TLS13_AES_128_GCM_SHA256.tls13().expect("it is one of TLS 1.3")
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    suite().hkdf_provider.hmac_sign(&OkmBlock::new(key), message.as_bytes()).as_ref().to_vec()
}

fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
