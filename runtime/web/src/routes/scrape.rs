//! `/metrics` and `/probe`: expositions, within the time that the scraper gives.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{self, AsHeaderName},
    },
    response::Response,
};
use futures_util::stream;
use serde::Deserialize;

use super::{Shared, ask::Asked};
use crate::{
    ProbeRequest, ScrapeRequest, ScrapeResponse,
    answer::{self, Refused, Sort},
};

/// Set by Prometheus on each scrape.
const SCRAPE_TIMEOUT: HeaderName = HeaderName::from_static("x-prometheus-scrape-timeout-seconds");
/// What is kept of the scraper's time for the way, as blackbox_exporter's `--timeout-offset`.
const SCRAPE_MARGIN: Duration = Duration::from_millis(500);
/// Prometheus' own default, for scrapers that don't say.
const DEFAULT_SCRAPE_TIMEOUT: Duration = Duration::from_secs(10);
/// A longer wish is cut to this.
const MAX_SCRAPE_TIMEOUT: Duration = Duration::from_secs(120);
/// The most characters of a target.
const MAX_TARGET: usize = 2_048;

/// 503 if the scrape takes longer than the scraper waits, as client_golang's handler answers.
pub(super) async fn metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let request = request(&headers);
    let timeout = request.timeout;
    let scrape = shared.scrapes.join(request, |request| {
        let house = Arc::clone(&shared.house);
        async move { house.scrape(request).await }
    });
    match tokio::time::timeout(timeout, scrape).await {
        Ok(response) => exposition(&response),
        Err(_) => too_late("the scrape", timeout),
    }
}

/// The query of `/probe`.
#[derive(Deserialize)]
pub(super) struct ProbeQuery {
    job: Option<String>,
    target: Option<String>,
}

/// Runs a job for one of the targets that its grant names, and answers with that run's samples only.
pub(super) async fn probe(State(shared): State<Arc<Shared>>, headers: HeaderMap, query: Asked<ProbeQuery>) -> Response {
    let scrape = request(&headers);
    let timeout = scrape.timeout;
    let request = match probe_request(query, scrape) {
        Ok(request) => request,
        Err(refused) => return refused.answer(Sort::Text),
    };
    let probe = shared.probes.join(request, |request| {
        let house = Arc::clone(&shared.house);
        async move { house.probe(request).await }
    });
    match tokio::time::timeout(timeout, probe).await {
        Ok(answer) => match answer.as_ref() {
            Ok(response) => exposition(response),
            Err(refusal) => Refused::from(refusal.clone()).answer(Sort::Text),
        },
        Err(_) => too_late("the probe", timeout),
    }
}

fn probe_request(query: Asked<ProbeQuery>, scrape: ScrapeRequest) -> Result<ProbeRequest, Refused> {
    let ProbeQuery { job, target } = query.0?;
    let given = |name: &str, value: Option<String>| {
        value.filter(|value| !value.is_empty()).ok_or_else(|| {
            let refused = Refused::new(StatusCode::BAD_REQUEST, format!("the parameter `{name}` is missing"));
            refused.hint("ask for /probe?job=NAME&target=TARGET")
        })
    };
    let (job, target) = (given("job", job)?, given("target", target)?);
    let job =
        job.parse().map_err(|error| Refused::new(StatusCode::NOT_FOUND, format!("there is no such job: {error}")))?;
    if target.chars().count() > MAX_TARGET {
        return Err(Refused::new(StatusCode::BAD_REQUEST, format!("a target has {MAX_TARGET} characters at most")));
    }
    Ok(ProbeRequest { job, target, scrape })
}

fn request(headers: &HeaderMap) -> ScrapeRequest {
    ScrapeRequest {
        accept: joined(headers, header::ACCEPT),
        accept_encoding: joined(headers, header::ACCEPT_ENCODING),
        timeout: scrape_timeout(headers),
    }
}

fn too_late(what: &str, timeout: Duration) -> Response {
    let text = format!("{what} took longer than {} s", timeout.as_secs_f64());
    answer::text(StatusCode::SERVICE_UNAVAILABLE, &text)
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
