//! Connections over TLS: secured as the web configuration file says, with all limits of plain ones.

use std::{fs, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::io::AsyncWriteExt;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Answer, PATIENCE, Server, Setup, answer};
use crate::serve::Limits;

/// A certificate and its key, in PEM.
pub(super) struct Pair {
    pub(super) cert: String,
    pub(super) key: String,
}

/// A certificate for the local machine.
pub(super) fn self_signed() -> Pair {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    Pair { cert: made.cert.pem(), key: made.signing_key.serialize_pem() }
}

/// An authority's certificate, and a pair that it signed.
fn signed() -> (String, Pair) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(["client".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    (authority.pem(), Pair { cert: cert.pem(), key: key.serialize_pem() })
}

const TLS: &str = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n";

fn setup(pair: &Pair, more: &str) -> Setup {
    Setup {
        web_config: Some(format!("{TLS}{more}")),
        beside: vec![("cert.pem", pair.cert.clone()), ("key.pem", pair.key.clone())],
        ..Setup::default()
    }
}

/// A secured connection by a client that trusts the certificate, and shows one of its own.
async fn connect(
    server: &Server,
    trusted: &str,
    own: Option<&Pair>,
) -> std::io::Result<TlsStream<tokio::net::TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let chain = vec![CertificateDer::from_pem_slice(own.cert.as_bytes()).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap()).unwrap()
        }
    };
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, server.connect().await).await
}

async fn get(server: &Server, trusted: &str, path: &str, headers: &str) -> Answer {
    let mut stream = connect(server, trusted, None).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n", server.address);
    stream.write_all(head.as_bytes()).await.unwrap();
    answer(stream).await
}

#[tokio::test]
async fn a_scrape_comes_over_tls_with_a_password() {
    let pair = self_signed();
    let users = format!("basic_auth_users:\n  prometheus: {}\n", bcrypt::hash("right", 4).unwrap());
    let headers = "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=60\n    \
                   Content-Security-Policy: default-src 'self'\n";
    let server = setup(&pair, &format!("{users}{headers}")).start(&Arc::default()).await;
    let credential = format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode("prometheus:right"));
    let scrape = get(&server, &pair.cert, "/metrics", &credential).await;
    assert_eq!((scrape.code, scrape.body.as_str()), (200, "# TYPE up gauge\nup 1\n"));
    assert_eq!(scrape.header("strict-transport-security"), Some("max-age=60"));
    let policies = scrape.header("content-security-policy").unwrap();
    assert!(policies.starts_with("default-src 'none'") && policies.ends_with("default-src 'self'"), "{policies}");
    assert_eq!(get(&server, &pair.cert, "/metrics", "").await.code, 401);
}

#[tokio::test]
async fn a_session_over_tls_has_a_cookie_for_tls_alone_and_its_pages_are_https() {
    let pair = self_signed();
    let server = setup(&pair, "").start(&Arc::default()).await;
    let mut stream = connect(&server, &pair.cert, None).await.unwrap();
    let body = format!("token={}", server.token);
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {0}\r\nOrigin: https://{0}\r\nConnection: close\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {1}\r\n\r\n{body}",
        server.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = answer(stream).await;
    assert_eq!(answer.code, 303, "{}", answer.body);
    assert!(answer.header("set-cookie").unwrap().ends_with("; Secure"));
}

#[tokio::test]
async fn plain_requests_get_nothing_and_an_unfinished_handshake_keeps_nobody_out() {
    let pair = self_signed();
    let limits = Limits { connections: 1, head: Duration::from_millis(100), ..Limits::default() };
    let server = Setup { limits, ..setup(&pair, "") }.start(&Arc::default()).await;
    let mut plain = server.connect().await;
    plain.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut plain, &mut rest).await;
    assert!(!rest.starts_with(b"HTTP"), "{rest:?}");
    let _silent = server.connect().await;
    assert_eq!(get(&server, &pair.cert, "/-/healthy", "").await.code, 200);
}

#[tokio::test]
async fn only_clients_with_a_certificate_of_the_authority_connect() {
    let (pair, (authority, client)) = (self_signed(), signed());
    let mut setup = setup(&pair, "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n");
    setup.beside.push(("ca.pem", authority));
    let server = setup.start(&Arc::default()).await;
    let asks = async |own: Option<&Pair>| {
        // With TLS 1.3 a refused client learns of it by its first read.
        let Ok(mut stream) = connect(&server, &pair.cert, own).await else { return false };
        let head = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address);
        let _ = stream.write_all(head.as_bytes()).await;
        let mut bytes = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut bytes).await;
        bytes.starts_with(b"HTTP/1.1 200")
    };
    assert!(asks(Some(&client)).await);
    assert!(!asks(None).await);
    assert!(!asks(Some(&signed().1)).await, "another authority's");
}

#[tokio::test]
async fn a_renewed_certificate_serves_new_connections() {
    let (old, new) = (self_signed(), self_signed());
    let server = setup(&old, "").start(&Arc::default()).await;
    assert!(connect(&server, &old.cert, None).await.is_ok());
    fs::write(server.file("cert.pem"), &new.cert).unwrap();
    fs::write(server.file("key.pem"), &new.key).unwrap();
    let renewed = async {
        while connect(&server, &new.cert, None).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, renewed).await.unwrap();
    assert!(connect(&server, &old.cert, None).await.is_err());
}
