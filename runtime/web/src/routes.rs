//! The paths and what each answers. They are Prometheus' own wherever it has one.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{self, AsHeaderName},
    },
    middleware,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use futures_util::stream;
use tokio::sync::Mutex;

use crate::{House, Options, ScrapeRequest, ScrapeResponse, coalesce::Coalesce, escape, guard, page, status::Status};

/// Set by Prometheus on each scrape.
const SCRAPE_TIMEOUT: HeaderName = HeaderName::from_static("x-prometheus-scrape-timeout-seconds");
/// What is kept of the scraper's time for the way, as blackbox_exporter's `--timeout-offset`.
const SCRAPE_MARGIN: Duration = Duration::from_millis(500);
/// Prometheus' own default, for scrapers that don't say.
const DEFAULT_SCRAPE_TIMEOUT: Duration = Duration::from_secs(10);
/// A longer wish is cut to this.
const MAX_SCRAPE_TIMEOUT: Duration = Duration::from_secs(120);

/// What all routes share.
struct Shared {
    house: Arc<dyn House>,
    scrapes: Coalesce,
    reloading: Arc<Mutex<()>>,
}

pub(crate) fn router(house: Arc<dyn House>, options: Options) -> Router {
    let shared = Shared { house, scrapes: Coalesce::default(), reloading: Arc::default() };
    Router::new()
        .route("/", get(first_page))
        .route("/style.css", get(style))
        .route("/status", get(status))
        .route("/metrics", get(metrics))
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(ready))
        .route("/-/reload", post(reload).put(reload))
        .fallback(nothing_here)
        .with_state(Arc::new(shared))
        .layer(middleware::from_fn_with_state(Arc::new(options), guard::guard))
}

async fn first_page(State(shared): State<Arc<Shared>>) -> Html<String> {
    Html(page::first(&shared.house.status()))
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], page::STYLE).into_response()
}

async fn status(State(shared): State<Arc<Shared>>) -> Json<Status> {
    Json(shared.house.status())
}

/// 503 if the scrape takes longer than the scraper waits, as client_golang's handler answers.
async fn metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let timeout = scrape_timeout(&headers);
    let request = ScrapeRequest {
        accept: joined(&headers, header::ACCEPT),
        accept_encoding: joined(&headers, header::ACCEPT_ENCODING),
        timeout,
    };
    let scrape = shared.scrapes.scrape(&shared.house, request);
    match tokio::time::timeout(timeout, scrape).await {
        Ok(response) => exposition(&response),
        Err(_) => {
            let text = format!("the scrape took longer than {} s\n", timeout.as_secs_f64());
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}

async fn healthy() -> &'static str {
    "Watchkeeper is healthy.\n"
}

async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    match shared.house.ready() {
        Ok(()) => "Watchkeeper is ready.\n".into_response(),
        Err(reason) => failed(StatusCode::SERVICE_UNAVAILABLE, &format!("Watchkeeper is not ready: {reason}")),
    }
}

/// Reloads one at a time, each on a task of its own: a client that hangs up must not leave one half-way.
async fn reload(State(shared): State<Arc<Shared>>) -> Response {
    let turn = Arc::clone(&shared.reloading).lock_owned().await;
    let house = Arc::clone(&shared.house);
    let reload = tokio::spawn(async move {
        let _turn = turn;
        house.reload().await
    });
    match reload.await {
        Ok(Ok(())) => "reloaded\n".into_response(),
        Ok(Err(problems)) => failed(StatusCode::INTERNAL_SERVER_ERROR, &problems),
        Err(error) => {
            tracing::error!(%error, "reload ended abruptly");
            failed(StatusCode::INTERNAL_SERVER_ERROR, "the reload ended abruptly; its log says more")
        }
    }
}

async fn nothing_here() -> Response {
    failed(StatusCode::NOT_FOUND, "nothing here")
}

fn failed(code: StatusCode, text: &str) -> Response {
    (code, format!("{}\n", escape::clean(text).trim_end())).into_response()
}

fn exposition(scrape: &ScrapeResponse) -> Response {
    let parts = scrape.body.clone().into_iter().filter(|part| !part.is_empty());
    let body = Body::from_stream(stream::iter(parts.map(Ok::<_, std::convert::Infallible>)));
    let mut response = Response::new(body);
    let length: usize = scrape.body.iter().map(bytes::Bytes::len).sum();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(scrape.content_type));
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    if let Some(encoding) = scrape.content_encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// What the scraper grants, less the margin (or half of it, where the margin would leave less). A header that is no
/// positive number counts as none: a scrape is answered whatever came along.
fn scrape_timeout(headers: &HeaderMap) -> Duration {
    let text = headers.get(SCRAPE_TIMEOUT).and_then(|value| value.to_str().ok());
    let seconds = text.and_then(|text| text.parse::<f64>().ok()).filter(|s| s.is_finite() && *s > 0.0);
    let Some(granted) = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) else {
        return DEFAULT_SCRAPE_TIMEOUT;
    };
    granted.saturating_sub(SCRAPE_MARGIN).max(granted / 2).min(MAX_SCRAPE_TIMEOUT)
}

fn joined(headers: &HeaderMap, name: impl AsHeaderName) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::{HeaderMap, HeaderValue};

    use super::scrape_timeout;

    #[test]
    fn the_scrape_ends_before_the_scraper_gives_up() {
        let timeout = |text: &'static str| {
            let header = ("x-prometheus-scrape-timeout-seconds".parse().unwrap(), HeaderValue::from_static(text));
            scrape_timeout(&HeaderMap::from_iter([header]))
        };
        assert_eq!(timeout("10"), Duration::from_millis(9500));
        assert_eq!(timeout("1.5"), Duration::from_secs(1));
        assert_eq!(timeout("0.4"), Duration::from_millis(200));
        assert_eq!(timeout("86400"), Duration::from_secs(120));
        for nonsense in ["", "x", "0", "-1", "NaN", "inf", "1e400"] {
            assert_eq!(timeout(nonsense), Duration::from_secs(10), "{nonsense}");
        }
        assert_eq!(scrape_timeout(&HeaderMap::new()), Duration::from_secs(10));
    }
}
