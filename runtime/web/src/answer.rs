//! How a refusal is told: as a problem to programs that use the API, as a page to people, as plain text to everybody else.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use crate::{
    Viewer,
    api::{Problem, Refusal, RefusalKind, Text},
    escape, pages,
};

/// The media type of [`Problem`].
pub(crate) const PROBLEM: &str = "application/problem+json";

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A program that uses the API.
    Api,
    /// A person in front of a browser.
    Page,
    /// A scraper, a script, a service manager.
    Text,
}

impl Sort {
    pub(crate) fn of(request: &Request) -> Self {
        Self::by(request.uri().path(), request.headers())
    }

    fn by(path: &str, headers: &HeaderMap) -> Self {
        let under =
            |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if under("/api") {
            return Self::Api;
        }
        let for_programs = under("/metrics") || under("/probe") || under("/-");
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        if !for_programs && accept.is_some_and(|accept| accept.contains("text/html")) { Self::Page } else { Self::Text }
    }
}

/// A request that isn't served, and why.
#[derive(Debug)]
pub(crate) struct Refused {
    code: StatusCode,
    text: Text,
    hint: Option<Text>,
}

impl Refused {
    pub(crate) fn new(code: StatusCode, text: impl Into<Text>) -> Self {
        Self { code, text: text.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<Text>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells somebody whom nobody knows.
    pub(crate) fn answer(self, sort: Sort) -> Response {
        let viewer = crate::access::Identity::nobody().viewer();
        self.answer_to(sort, &viewer)
    }

    pub(crate) fn answer_to(self, sort: Sort, viewer: &Viewer) -> Response {
        match sort {
            Sort::Api => self.into_response(),
            Sort::Page => {
                let refusal = Refusal { kind: kind(self.code), message: self.text, hint: self.hint };
                (self.code, Html(pages::refused(&refusal, viewer))).into_response()
            }
            Sort::Text => {
                let hint = self.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
                text(self.code, &format!("{}{hint}", self.text))
            }
        }
    }
}

/// What a page calls it.
fn kind(code: StatusCode) -> RefusalKind {
    match code {
        StatusCode::NOT_FOUND => RefusalKind::NotFound,
        StatusCode::CONFLICT | StatusCode::FORBIDDEN => RefusalKind::Conflict,
        StatusCode::SERVICE_UNAVAILABLE => RefusalKind::Unavailable,
        _ => RefusalKind::Invalid,
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.kind {
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self { code, text: refusal.message, hint: refusal.hint }
    }
}

/// As the API tells it.
impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let problem = Problem {
            kind: "about:blank".into(),
            title: self.code.canonical_reason().unwrap_or("Error").into(),
            status: self.code.as_u16(),
            detail: self.text,
            hint: self.hint,
        };
        let mut response = (self.code, axum::Json(problem)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        response
    }
}

/// Plain text, which ends with a line feed.
pub(crate) fn text(code: StatusCode, text: &str) -> Response {
    (code, format!("{}\n", escape::clean(text).trim_end())).into_response()
}

/// The page to show once somebody said who they are: the one that was asked for, or the one that a form was on.
pub(crate) fn page_to_show(request: &Request) -> String {
    let uri = request.uri();
    if *request.method() == Method::GET {
        return uri.path_and_query().map_or("/", |whole| whole.as_str()).to_owned();
    }
    uri.path().rsplit_once('/').map(|(page, _)| page).filter(|page| !page.is_empty()).unwrap_or("/").to_owned()
}
