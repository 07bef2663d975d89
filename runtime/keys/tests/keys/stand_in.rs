//! A signer in the place of a real one: an HTTP server of this process, that answers as the test says and remembers what it
//! was asked.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use alloy_primitives::{B256, Signature};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::HeaderMap,
    response::Response,
};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// How it answers.
pub(crate) type Answers = dyn Fn(&Asked) -> Response + Send + Sync;

pub(crate) struct StandIn {
    scheme: &'static str,
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    server: JoinHandle<()>,
}

impl StandIn {
    pub(crate) async fn start(answers: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> Self {
        let (router, asked) = router(Arc::new(answers));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { scheme: "http", port, asked, server }
    }

    /// Behind TLS, for `localhost`, with the certificate that is given back, which is its own authority.
    pub(crate) async fn start_tls(answers: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> (Self, String) {
        let (router, asked) = router(Arc::new(answers));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
                tokio::spawn(async move {
                    // Who doesn't trust it goes away.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let _gone = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        (Self { scheme: "https", port, asked, server }, made.cert.pem())
    }

    pub(crate) fn url(&self) -> String {
        match self.scheme {
            "http" => format!("http://127.0.0.1:{}", self.port),
            scheme => format!("{scheme}://localhost:{}", self.port),
        }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The requests of this path.
    pub(crate) fn asked_for(&self, path: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.path.starts_with(path)).collect()
    }
}

fn router(answers: Arc<Answers>) -> (Router, Arc<Mutex<Vec<Asked>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let answer = move |request: Request| {
        let (answers, seen) = (Arc::clone(&answers), Arc::clone(&seen));
        async move {
            let (head, body) = request.into_parts();
            let asked = Asked {
                method: head.method.to_string(),
                path: head.uri.path().to_owned(),
                headers: head.headers,
                body: axum::body::to_bytes(body, 1 << 20).await.unwrap(),
            };
            seen.lock().unwrap().push(asked.clone());
            answers(&asked)
        }
    };
    (Router::new().fallback(answer), asked)
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The URL of a port of this machine where nobody listens.
pub(crate) fn nobody() -> String {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("http://127.0.0.1:{port}")
}

/// A key of the test's.
pub(crate) fn signer(key: &str) -> PrivateKeySigner {
    key.parse().unwrap()
}

pub(crate) fn sign(signer: &PrivateKeySigner, hash: B256) -> Signature {
    signer.sign_hash_sync(&hash).unwrap()
}

pub(crate) fn says(status: u16, body: impl Into<Body>) -> Response {
    Response::builder().status(status).body(body.into()).unwrap()
}

/// A body that never ends.
pub(crate) fn endless() -> Response {
    let chunks = std::iter::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'0'; 16 << 10])));
    says(200, Body::from_stream(futures_util::stream::iter(chunks)))
}

/// A body that never comes. From the first one on, time goes on by itself where nobody does anything.
pub(crate) fn silence(is_first: &AtomicBool) -> Response {
    if is_first.swap(false, Ordering::Relaxed) {
        tokio::time::pause();
    }
    says(200, Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>()))
}
