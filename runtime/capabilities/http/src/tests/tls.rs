//! Certificates: the operator's own authority counts, and only it; the name must be the service's.

use std::{net::SocketAddr, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use wasmtime_wasi_http::Error;

use super::{get, run, service};

/// An authority, and its certificate as an operator has it.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), file }
    }

    /// A server with a certificate for a name, which answers "secret".
    async fn serve(&self, name: &str) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut head = [0; 4096];
                let _read = stream.read(&mut head).await;
                let _written = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret").await;
                let _closed = stream.shutdown().await;
            }
        });
        address
    }

    fn table(&self) -> String {
        format!("origin = \"https://node.test\"\nprivate = true\nca_file = {:?}", self.file.path())
    }
}

#[tokio::test]
async fn the_operators_authority_counts_and_only_for_the_services_name() {
    let (ours, other) = (Authority::new(), Authority::new());
    let (right, wrong_name, unknown) =
        (ours.serve("node.test").await, ours.serve("other.test").await, other.serve("node.test").await);

    let (mut to_right, _) = run(service(&ours.table()).unwrap(), vec![vec![right]]);
    assert_eq!(get(&mut to_right, "https://node.test").await.unwrap(), (200, "secret".into()));
    for address in [wrong_name, unknown] {
        let (mut refused, _) = run(service(&ours.table()).unwrap(), vec![vec![address]]);
        let result = get(&mut refused, "https://node.test").await;
        assert!(matches!(result, Err(Error::TlsCertificateError)), "{result:?}");
    }
}

#[tokio::test]
async fn an_authority_of_nobodys_choice_does_not_count() {
    let authority = Authority::new();
    let address = authority.serve("node.test").await;
    let system = "origin = \"https://node.test\"\nprivate = true";
    let (mut refused, _) = run(service(system).unwrap(), vec![vec![address]]);
    let result = get(&mut refused, "https://node.test").await;
    assert!(matches!(result, Err(Error::TlsCertificateError)), "{result:?}");
}

#[tokio::test]
async fn a_file_without_certificates_is_no_authority() {
    let file = NamedTempFile::new().unwrap();
    let table = format!("origin = \"https://node.test\"\nca_file = {:?}", file.path());
    let error = service(&table).err().unwrap().to_string();
    assert!(error.contains("http.node.ca_file") && error.contains("no certificate in it"), "{error}");
}
