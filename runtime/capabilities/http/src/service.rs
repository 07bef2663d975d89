//! The services of one configuration, ready to be asked. Made anew when the configuration changes.

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{runtime::Handle, sync::Semaphore};
use tokio_rustls::TlsConnector;
use watchkeeper_config::{HttpOrigin, ServiceSettings, read_trusted};
use watchkeeper_contract::{Grant, GrantError, Open};
use watchkeeper_model::JobName;

use crate::{
    HttpMetrics, NAME, grant,
    resolve::{Resolve, System},
};

/// The most bytes of a file of authorities.
const MAX_CA_FILE: u64 = 1 << 20;

/// One service.
pub(crate) struct Service {
    pub(crate) name: Arc<str>,
    pub(crate) origin: HttpOrigin,
    /// What the host attaches. Secret.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) private: bool,
    /// None for plain HTTP.
    pub(crate) tls: Option<TlsConnector>,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) timeout: Duration,
    pub(crate) max_response: u64,
    pub(crate) max_request: u64,
    /// Places for requests in flight.
    pub(crate) turns: Arc<Semaphore>,
    pub(crate) metrics: HttpMetrics,
    /// Where requests are tasks: not where guests run.
    pub(crate) runtime: Handle,
}

/// Why a service can't be opened. Names the key below `http`.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file of authorities can't be used.
    #[error("http.{service}.ca_file: {problem}\nhint: name a file with certificates in PEM form")]
    Authorities {
        /// The service.
        service: String,
        /// What is wrong.
        problem: String,
    },
    /// A service with `https` needs the system's root certificates, and there are none.
    #[error(
        "http.{service}: can't check its certificates: {problem}\nhint: install the ca-certificates package, or name a \
         `ca_file`"
    )]
    Certificates {
        /// The service.
        service: String,
        /// What is wrong.
        problem: String,
    },
    /// A header that HTTP can't carry.
    #[error("http.{service}.headers: one of them can't be sent\nhint: write printable ASCII")]
    Header {
        /// The service.
        service: String,
    },
}

/// All services that a configuration names.
pub struct Services {
    pub(crate) services: BTreeMap<String, Arc<Service>>,
    metrics: HttpMetrics,
}

impl Services {
    /// Opens services; connects to none yet. Requests will be tasks of `runtime`, which must not be the one that guests run
    /// on.
    ///
    /// # Errors
    /// [`OpenError`], which names the key.
    pub fn open(
        settings: &BTreeMap<String, ServiceSettings>,
        metrics: &HttpMetrics,
        runtime: &Handle,
    ) -> Result<Self, OpenError> {
        let mut services = BTreeMap::new();
        for (name, settings) in settings {
            let header = |(header, value): (&String, &watchkeeper_config::Secret)| {
                let header = HeaderName::from_bytes(header.as_bytes()).ok()?;
                let mut value = HeaderValue::from_str(value.expose()).ok()?;
                value.set_sensitive(true);
                Some((header, value))
            };
            let headers = settings.headers.iter().map(header).collect::<Option<_>>();
            let tls = if settings.origin.https { Some(tls(name, settings.ca_file.as_deref())?) } else { None };
            let service = Service {
                name: name.as_str().into(),
                origin: settings.origin.clone(),
                headers: headers.ok_or_else(|| OpenError::Header { service: name.clone() })?,
                private: settings.private,
                tls,
                resolver: Arc::new(System),
                timeout: settings.timeout,
                max_response: settings.max_response,
                max_request: settings.max_request,
                turns: Arc::new(Semaphore::new(usize::try_from(settings.max_concurrent).unwrap_or(1))),
                metrics: metrics.clone(),
                runtime: runtime.clone(),
            };
            services.insert(name.clone(), Arc::new(service));
        }
        Ok(Self { services, metrics: metrics.clone() })
    }
}

impl Open for Services {
    fn name(&self) -> &'static str {
        NAME
    }

    fn grant(&self, _job: &JobName, written: &toml::Value) -> Result<Arc<dyn Grant>, GrantError> {
        Ok(Arc::new(grant::parse(&self.services, &self.metrics, written)?))
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.services.keys()).finish()
    }
}

/// How connections to a service are encrypted: its certificate is checked against the file's authorities alone, or the
/// system's.
fn tls(service: &str, ca_file: Option<&Path>) -> Result<TlsConnector, OpenError> {
    let without = |problem: String| OpenError::Certificates { service: service.to_owned(), problem };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| without(error.to_string()))?;
    let builder = match ca_file {
        Some(file) => builder.with_root_certificates(
            authorities(file).map_err(|problem| OpenError::Authorities { service: service.to_owned(), problem })?,
        ),
        None => builder.with_platform_verifier().map_err(|error| without(error.to_string()))?,
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn authorities(file: &Path) -> Result<RootCertStore, String> {
    let (bytes, _) = read_trusted(file, MAX_CA_FILE).map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| format!("{}: {error}", file.display()))?;
        roots.add(certificate).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    if roots.is_empty() { Err(format!("{}: no certificate in it", file.display())) } else { Ok(roots) }
}
