//! What can go wrong with a request, and how WASI says it. No text here holds a header's value, a path or a query.

use wasmtime_wasi_http::Error;

/// Why a request gave no answer, or no whole one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The grant, or what the operator says of the service, forbids it: what, and what to write.
    #[error("{0}")]
    Denied(String),
    #[error("its name doesn't resolve")]
    NoName,
    #[error("it refuses connections")]
    Refused,
    #[error("the connection broke off")]
    Broken,
    #[error("its certificate is not valid here")]
    Certificate,
    #[error("the TLS handshake failed")]
    Tls,
    #[error("no answer in time")]
    Timeout,
    #[error("no whole answer in time")]
    Slow,
    #[error("it doesn't speak HTTP as asked")]
    Protocol,
    #[error("it wants another protocol")]
    Upgrade,
    #[error("an answer over the limit of {0} bytes")]
    AnswerTooLarge(u64),
    #[error("a request over the limit of {0} bytes")]
    RequestTooLarge(u64),
    #[error("the request was not written to its end")]
    RequestBroken,
}

impl Fault {
    /// The value of the label `result`.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::NoName => "no_name",
            Self::Refused => "refused",
            Self::Broken => "broken",
            Self::Certificate => "bad_certificate",
            Self::Tls => "tls",
            Self::Timeout | Self::Slow => "timeout",
            Self::Protocol | Self::Upgrade => "malformed",
            Self::AnswerTooLarge(_) => "too_large",
            Self::RequestTooLarge(_) => "request_too_large",
            Self::RequestBroken => "request_broken",
        }
    }
}

impl From<Fault> for Error {
    /// WASI has a word for a denial, but none that can say why: the SDK reads the text, and people do.
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Denied(why) => Self::InternalError(Some(format!("denied: {why}"))),
            Fault::NoName => Self::DnsError { rcode: None, info_code: None },
            Fault::Refused => Self::ConnectionRefused,
            Fault::Broken => Self::ConnectionTerminated,
            Fault::Certificate => Self::TlsCertificateError,
            Fault::Tls => Self::TlsProtocolError,
            Fault::Timeout => Self::ConnectionTimeout,
            Fault::Slow => Self::HttpResponseTimeout,
            Fault::Protocol => Self::HttpProtocolError,
            Fault::Upgrade => Self::HttpUpgradeFailed,
            Fault::AnswerTooLarge(limit) => Self::HttpResponseBodySize(Some(limit)),
            Fault::RequestTooLarge(limit) => Self::HttpRequestBodySize(Some(limit)),
            Fault::RequestBroken => Self::InternalError(Some("the request's body was not written to its end".into())),
        }
    }
}
