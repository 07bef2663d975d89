//! What may be asked at all: the checks before every route, and the headers on every answer. Who may ask is for `access`.
//!
//! A page on another site can make a browser send requests here, and by DNS rebinding read the answers under a name of
//! its own. So the name that a request calls us by must be one of ours, and a request that does something must not come
//! from a foreign page.

use std::{net::SocketAddr, str::FromStr, sync::Arc};

use axum::{
    extract::{Extension, Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{self, HeaderName},
        uri::Authority,
    },
    middleware::Next,
    response::Response,
};

use crate::{
    Options,
    answer::{Refused, Sort},
    body, escape,
};

/// Pages have our own script and style, and forms that come back to us; nothing else is loaded, and nobody frames them.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                                       connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// On every answer. Nothing is stored: each answer is true for a moment only. Without any referrer, browsers would hide from
/// us that our forms are ours: they would send them with `Origin: null`.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// How a request came in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// The address of ours that the connection reached.
    pub(crate) local: SocketAddr,
    /// Where it came from.
    pub(crate) peer: SocketAddr,
    /// Whether it is secured.
    pub(crate) tls: bool,
}

/// Lets a request through to its route, or answers it.
pub(crate) async fn guard(
    State(options): State<Arc<Options>>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match refusal(&options, arrival, &request) {
        Some(refused) => refused.answer(Sort::of(&request)),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(web) = options.access.web() {
        for (name, value) in web.loaded().headers() {
            // A second policy can only forbid more.
            if *name == header::CONTENT_SECURITY_POLICY {
                headers.append(name, value.clone());
            } else {
                headers.insert(name, value.clone());
            }
        }
    }
    response
}

fn refusal(options: &Options, arrival: Arrival, request: &Request) -> Option<Refused> {
    let Some(host) = host(request) else {
        return Some(Refused::new(StatusCode::BAD_REQUEST, "the request needs one Host header"));
    };
    if !host_allowed(options, arrival, host) {
        let refused = Refused::new(StatusCode::MISDIRECTED_REQUEST, format!("this is not {}", shown(host)));
        return Some(refused.hint("if it is, add the name to the server's `allowed_hosts`"));
    }
    // A probe changes nothing, but runs a job.
    let acts = !matches!(*request.method(), Method::GET | Method::HEAD) || request.uri().path() == "/probe";
    if acts && !origins_allowed(options, arrival, host, request.headers()) {
        let refused = Refused::new(StatusCode::FORBIDDEN, "requests from pages of another site are refused");
        return Some(refused.hint("if the page is yours, add its origin to the server's `allowed_origins`"));
    }
    if body_length(request.headers()).is_some_and(|length| length > body::MOST) {
        return Some(body::too_large());
    }
    None
}

/// The name that the request calls us by: of the request line if it has one (RFC 9112, 3.2.2), else of the only Host header.
fn host(request: &Request) -> Option<&str> {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let header = headers.next()?.to_str().ok()?;
    if headers.next().is_some() {
        return None;
    }
    Some(request.uri().authority().map_or(header, Authority::as_str))
}

/// Ours are the loopback names and the address that the connection reached, with its port, and what the operator listed:
/// `name` for any port, `name:port` for one.
fn host_allowed(options: &Options, arrival: Arrival, host: &str) -> bool {
    let Ok(authority) = Authority::from_str(host) else {
        return false;
    };
    if host.contains('@') {
        return false;
    }
    let name = authority.host().to_ascii_lowercase();
    let port = authority.port_u16().unwrap_or(if arrival.tls { 443 } else { 80 });
    let local = SocketAddr::new(arrival.local.ip().to_canonical(), arrival.local.port());
    let reached = match local {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    };
    let own = [reached.as_str(), "localhost", "127.0.0.1", "[::1]"];
    let listed = |allowed: &String| {
        allowed.eq_ignore_ascii_case(&name) || allowed.eq_ignore_ascii_case(&format!("{name}:{port}"))
    };
    (port == local.port() && own.contains(&name.as_str())) || options.allowed_hosts.iter().any(listed)
}

/// Programs send neither Origin nor Sec-Fetch-Site. Browsers send an Origin with everything that changes something; it must
/// be our own page's or listed. Where one leaves it out, the other header still says that the page is another site's.
fn origins_allowed(options: &Options, arrival: Arrival, host: &str, headers: &HeaderMap) -> bool {
    let own = format!("{}://{host}", if arrival.tls { "https" } else { "http" });
    let mut origins = headers.get_all(header::ORIGIN).iter().peekable();
    if origins.peek().is_none() {
        let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        return matches!(site, None | Some(b"same-origin" | b"none"));
    }
    origins.all(|origin| {
        let Ok(origin) = origin.to_str() else { return false };
        origin.eq_ignore_ascii_case(&own)
            || options.allowed_origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
    })
}

fn body_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn shown(host: &str) -> String {
    escape::clean(host).chars().take(100).collect()
}
