//! What requests say, read strictly: names in paths, queries, bodies, and who acts.

use std::{convert::Infallible, str::FromStr, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRequestParts, Query, RawPathParams},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::Shared;
use crate::{
    Access,
    access::{Identity, Via},
    answer::Refused,
    api::{Actor, Text},
    body,
};

/// Where a page's script puts its form token.
const FORM_TOKEN: &str = "x-form-token";
/// The most characters of a note.
const MAX_NOTE: usize = 500;

/// A query, or what is wrong with it.
pub(super) struct Asked<T>(pub(super) Result<T, Refused>);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parse(&parts.uri)))
    }
}

/// The query of a form that a browser sent: fields that were left empty don't count.
pub(super) struct Filled<T>(pub(super) Result<T, Refused>);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Filled<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let filled = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.ends_with('='));
        let query = filled.collect::<Vec<_>>().join("&");
        // It was a part of one already.
        let uri = Uri::try_from(format!("/?{query}")).unwrap_or_default();
        Ok(Self(parse(&uri)))
    }
}

fn parse<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refused> {
    let query = Query::<T>::try_from_uri(uri);
    query.map(|query| query.0).map_err(|error| Refused::new(StatusCode::BAD_REQUEST, error.body_text()))
}

/// The only name in a path, if it is one of its kind.
pub(super) struct Named<T>(pub(super) Result<T, Refused>);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Named<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let name = params.as_ref().and_then(|params| params.iter().next()).and_then(|(_, value)| value.parse().ok());
        Ok(Self(name.ok_or_else(not_there)))
    }
}

/// There is nothing of this name.
pub(super) fn not_there() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "there is nothing of this name, or it isn't kept any more")
}

/// Who acts by a request of a program or a script. What a browser sends by itself is not enough: with a session, it has to
/// show the form token of a page of ours. (With a password it need not: a program sends it so, and the guard keeps browsers
/// with foreign pages out.)
///
/// # Errors
/// 403.
pub(super) fn actor(identity: &Identity, headers: &HeaderMap) -> Result<Actor, Refused> {
    let token = headers.get(FORM_TOKEN).and_then(|value| value.to_str().ok());
    let own = matches!(identity.via, Via::Password) || Access::is_own_form(identity, token);
    match &identity.actor {
        Some(actor) if own => Ok(actor.clone()),
        _ => Err(foreign_form()),
    }
}

/// The form token is missing or another one's.
pub(super) fn foreign_form() -> Refused {
    let refused = Refused::new(StatusCode::FORBIDDEN, "this was not asked for by a page of this session");
    refused.hint("load the page again, and ask once more")
}

/// A body of JSON; an empty one is the default.
///
/// # Errors
/// 415 for another media type, 400 for broken JSON, 422 for JSON that means nothing here, and those of [`body::read`].
pub(super) async fn json<T: DeserializeOwned + Default>(
    shared: &Arc<Shared>,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Refused> {
    let bytes = body::read(body, shared.limits.body).await?;
    if bytes.is_empty() {
        return Ok(T::default());
    }
    if !is_a(headers, "application/json") {
        let refused = Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the request's body is not said to be JSON");
        return Err(refused.hint("send `Content-Type: application/json`"));
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        let code = if error.is_data() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
        Refused::new(code, format!("the request's body: {error}"))
    })
}

/// Whether the body is said to be of a media type.
pub(super) fn is_a(headers: &HeaderMap, media_type: &str) -> bool {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.split(';').next().is_some_and(|said| said.trim().eq_ignore_ascii_case(media_type))
}

/// A note as it goes into the ledger; an empty one is none.
///
/// # Errors
/// 422 if it is too long.
pub(super) fn note(note: Option<String>) -> Result<Option<Text>, Refused> {
    let note = note.map(|note| Text::from(note.trim())).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE) {
        let text = format!("a note has {MAX_NOTE} characters at most");
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    Ok(note)
}
