//! Who may ask: the checks before every route, and the headers on every answer.
//!
//! A page on another site can make a browser send requests here, and by DNS rebinding read the answers under a name of
//! its own. So the name that a request calls us by must be one of ours, and a request that changes something must not
//! come from a foreign page.

use std::{net::SocketAddr, str::FromStr, sync::Arc};

use axum::{
    extract::{Extension, Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{self, HeaderName},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{Options, escape};

/// The largest request body. No route reads one, so this is only the point where a sender is told so.
const MAX_REQUEST_BODY: u64 = 64 << 10;

const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// On every answer. Nothing is stored: each answer is true for a moment only.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The address of ours that a connection reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival(pub(crate) SocketAddr);

/// Lets a request through to its route, or answers it.
pub(crate) async fn guard(
    State(options): State<Arc<Options>>,
    Extension(Arrival(local)): Extension<Arrival>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match refusal(&options, local, &request) {
        Some((code, text)) => (code, text).into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refusal(options: &Options, local: SocketAddr, request: &Request) -> Option<(StatusCode, String)> {
    let Some(host) = host(request) else {
        return Some((StatusCode::BAD_REQUEST, "the request needs one Host header\n".to_owned()));
    };
    if !host_allowed(options, local, host) {
        let text =
            format!("this is not {}\nhint: if it is, add the name to the server's `allowed_hosts`\n", shown(host));
        return Some((StatusCode::MISDIRECTED_REQUEST, text));
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && !origins_allowed(options, host, request.headers()) {
        let text = "requests from pages of another site are refused\n\
                    hint: if the page is yours, add its origin to the server's `allowed_origins`\n";
        return Some((StatusCode::FORBIDDEN, text.to_owned()));
    }
    if body_length(request.headers()).is_some_and(|length| length > MAX_REQUEST_BODY) {
        let text = format!("the request's body is larger than {MAX_REQUEST_BODY} bytes\n");
        return Some((StatusCode::PAYLOAD_TOO_LARGE, text));
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
fn host_allowed(options: &Options, local: SocketAddr, host: &str) -> bool {
    let Ok(authority) = Authority::from_str(host) else {
        return false;
    };
    if host.contains('@') {
        return false;
    }
    let name = authority.host().to_ascii_lowercase();
    let port = authority.port_u16().unwrap_or(80);
    let local = SocketAddr::new(local.ip().to_canonical(), local.port());
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

/// Programs send no Origin. Browsers send one with everything that changes something; it must be our own page's or listed.
fn origins_allowed(options: &Options, host: &str, headers: &HeaderMap) -> bool {
    let own = format!("http://{host}");
    headers.get_all(header::ORIGIN).iter().all(|origin| {
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
