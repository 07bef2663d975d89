//! The gate before all routes: finds out who asks, and whether they may.

use std::sync::Arc;

use axum::{
    extract::{Extension, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};

use super::{Access, Identity, identity::Denied};
use crate::{
    answer::{self, Refused, Sort},
    api::Right,
    guard::Arrival,
    pages,
};

/// Where nothing is shown that isn't the same for everybody, or where one says who one is.
const OPEN: [&str; 6] = ["/-/healthy", "/-/ready", "/login", "/style.css", "/script.js", "/icon.svg"];
/// Takes no right, but a session.
const LOG_OUT: &str = "/logout";

/// Lets a request through to its route with its [`Identity`], or answers it.
pub(crate) async fn admit(
    State(access): State<Arc<Access>>,
    Extension(arrival): Extension<Arrival>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if OPEN.contains(&path) {
        request.extensions_mut().insert(Identity::nobody());
        return next.run(request).await;
    }
    let identified = access.identify(request.headers(), arrival.peer.ip(), arrival.local.port()).await;
    let identity = match identified {
        Ok(identity) => identity,
        Err(denied) => return denial(&access, &request, denied),
    };
    let needed = if matches!(*request.method(), Method::GET | Method::HEAD) { Right::Read } else { Right::Act };
    if path != LOG_OUT && !identity.may(needed) {
        return match identity.actor {
            None => denial(&access, &request, Denied::Wrong),
            Some(_) => forbidden(&request, &identity, needed),
        };
    }
    request.extensions_mut().insert(identity);
    next.run(request).await
}

/// The page on which somebody says who they are, after which `next` is shown.
pub(crate) fn login_wanted(access: &Access, failed: Option<&str>, next: &str) -> Response {
    let page = pages::login(failed, next, &Identity::nobody().viewer());
    let mut response = (StatusCode::UNAUTHORIZED, Html(page)).into_response();
    // Who tried a token is not asked for a password.
    challenge(access.has_users() && failed.is_none(), response.headers_mut());
    response
}

fn to_login(next: &str) -> Response {
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    Redirect::to(&format!("/login?next={next}")).into_response()
}

fn denial(access: &Access, request: &Request, denied: Denied) -> Response {
    let sort = Sort::of(request);
    if denied == Denied::TooOften {
        let text = "too many credentials from this address were wrong";
        let mut response = Refused::new(StatusCode::TOO_MANY_REQUESTS, text).hint("try again in a second").answer(sort);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    }
    if sort == Sort::Page {
        let next = answer::page_to_show(request);
        // With users, the browser itself asks for a password; it needs to be told so on the spot.
        return if access.has_users() { login_wanted(access, None, &next) } else { to_login(&next) };
    }
    let credentials = request.headers().contains_key(header::AUTHORIZATION);
    let text = if credentials { "these credentials are wrong or have expired" } else { "this takes a credential" };
    let hint = "send `Authorization: Bearer …` with a token; the local one is in the file that was named at the start";
    let mut response = Refused::new(StatusCode::UNAUTHORIZED, text).hint(hint).answer(sort);
    challenge(access.has_users(), response.headers_mut());
    response
}

fn forbidden(request: &Request, identity: &Identity, needed: Right) -> Response {
    let (right, text) = match needed {
        Right::Read => ("read", "these credentials may not read"),
        Right::Act => ("act", "these credentials may not act"),
    };
    let refused = Refused::new(StatusCode::FORBIDDEN, text);
    let refused = refused.hint(format!("use a token whose `rights` in `[server.tokens]` have \"{right}\""));
    refused.answer_to(Sort::of(request), &identity.viewer())
}

/// Which credentials would be taken. Browsers ask for a password where one would be.
fn challenge(password: bool, headers: &mut HeaderMap) {
    if password {
        let basic = HeaderValue::from_static("Basic realm=\"watchkeeper\", charset=\"UTF-8\"");
        headers.append(header::WWW_AUTHENTICATE, basic);
    }
    headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"watchkeeper\""));
}
