//! The scrape endpoint: what is passed on, what is shared, and what happens when it takes too long.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::io::AsyncWriteExt;

use super::{Furnished, Server, answer, until};
use crate::api::{Refusal, RefusalKind};

#[tokio::test]
async fn the_exposition_is_sent_as_it_is_with_its_type_and_length() {
    let house = Furnished::default();
    let encoded = crate::ScrapeResponse {
        content_type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
        content_encoding: Some("gzip"),
        body: [&b"\x1f\x8b"[..], b"", b"rest"].map(Bytes::from_static).to_vec(),
    };
    let house = Arc::new(Furnished { exposition: encoded, ..house });
    let server = Server::start(&house).await;
    let head = server.ask("HEAD", "/metrics", &[]).await;
    assert_eq!(head.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert_eq!(head.header("content-encoding"), Some("gzip"));
    assert_eq!(head.header("content-length"), Some("6"));

    let plain = Server::start(&Arc::default()).await.get("/metrics").await;
    assert_eq!(plain.body, "# TYPE up gauge\nup 1\n");
    assert_eq!(plain.header("content-encoding"), None);
}

#[tokio::test]
async fn what_the_scraper_wants_reaches_the_house() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let headers = [
        "Accept: application/openmetrics-text;version=1.0.0;q=0.5",
        "Accept: text/plain;q=0.2",
        "Accept-Encoding: gzip",
        "X-Prometheus-Scrape-Timeout-Seconds: 3",
    ];
    server.ask("GET", "/metrics", &headers).await;
    let asked = house.asked.lock().unwrap()[0].clone();
    let accept = "application/openmetrics-text;version=1.0.0;q=0.5, text/plain;q=0.2";
    assert_eq!(asked.accept.as_deref(), Some(accept));
    assert_eq!(asked.accept_encoding.as_deref(), Some("gzip"));
    assert_eq!(asked.timeout, Duration::from_millis(2_500));
}

#[tokio::test]
async fn equal_scrapes_that_overlap_share_one_answer() {
    let house = Arc::new(Furnished::shut());
    let server = Server::start(&house).await;
    let head = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address);
    let mut scrapers = Vec::new();
    for _ in 0..5 {
        let mut scraper = server.connect().await;
        scraper.write_all(head.as_bytes()).await.unwrap();
        scrapers.push(scraper);
    }
    until(|| house.scrapes() == 1).await;
    // Connections are taken in order: when a later one is answered, all of these wait.
    assert_eq!(server.get("/-/healthy").await.code, 200);
    house.gate.add_permits(scrapers.len());
    for scraper in scrapers {
        assert_eq!(answer(scraper).await.body, "# TYPE up gauge\nup 1\n");
    }
    assert_eq!(house.scrapes(), 1);
}

#[tokio::test]
async fn a_scrape_that_takes_too_long_is_unavailable_and_the_next_starts_anew() {
    let house = Arc::new(Furnished::shut());
    let server = Server::start(&house).await;
    let late = server.ask("GET", "/metrics", &["X-Prometheus-Scrape-Timeout-Seconds: 0.1"]).await;
    assert_eq!((late.code, late.body.as_str()), (503, "the scrape took longer than 0.05 s\n"));
    house.gate.add_permits(1);
    let next = server.ask("GET", "/metrics", &["X-Prometheus-Scrape-Timeout-Seconds: 0.1"]).await;
    assert_eq!((next.code, house.scrapes()), (200, 2));
}

#[tokio::test]
async fn a_probe_names_its_job_and_target_and_has_the_scrapers_time() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let headers = ["X-Prometheus-Scrape-Timeout-Seconds: 3", "Accept-Encoding: gzip"];
    let answer = server.ask("GET", "/probe?job=main-chain&target=https%3A%2F%2Fa.example%2F%3Fx%3D1", &headers).await;
    assert_eq!((answer.code, answer.body.as_str()), (200, "# TYPE up gauge\nup 1\n"));
    let asked = house.probed.lock().unwrap()[0].clone();
    assert_eq!((asked.job.as_str(), asked.target.as_str()), ("main-chain", "https://a.example/?x=1"));
    assert_eq!(asked.scrape.timeout, Duration::from_millis(2_500));
    assert_eq!(asked.scrape.accept_encoding.as_deref(), Some("gzip"));
}

#[tokio::test]
async fn a_probe_of_nothing_is_refused_in_plain_text() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let long = format!("/probe?job=main-chain&target={}", "x".repeat(2_049));
    for (path, code) in [
        ("/probe", 400),
        ("/probe?job=main-chain", 400),
        ("/probe?job=main-chain&target=", 400),
        ("/probe?target=a", 400),
        ("/probe?job=A&target=a", 404),
        (&long, 400),
    ] {
        let answer = server.get(path).await;
        assert_eq!((answer.code, answer.header("content-type")), (code, Some("text/plain; charset=utf-8")), "{path}");
    }
    assert!(house.probed.lock().unwrap().is_empty());
    *house.refusal.lock().unwrap() =
        Some(Refusal::new(RefusalKind::Invalid, "main-chain: no such target").hint("add it to `[grants] probe`"));
    let answer = server.get("/probe?job=main-chain&target=a").await;
    let text = "main-chain: no such target\nhint: add it to `[grants] probe`\n";
    assert_eq!((answer.code, answer.body.as_str()), (422, text));
}

#[tokio::test]
async fn equal_targets_in_flight_share_a_run_and_others_do_not_wait() {
    let house = Arc::new(Furnished::shut());
    let server = Server::start(&house).await;
    let mut scrapers = Vec::new();
    for target in ["a", "a", "b", "a"] {
        let path = format!("/probe?job=main-chain&target={target}");
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address);
        let mut scraper = server.connect().await;
        scraper.write_all(head.as_bytes()).await.unwrap();
        scrapers.push(scraper);
    }
    until(|| house.probed.lock().unwrap().len() == 2).await;
    // Connections are taken in order: when a later one is answered, all of these wait.
    assert_eq!(server.get("/-/healthy").await.code, 200);
    house.gate.add_permits(scrapers.len());
    for scraper in scrapers {
        assert_eq!(answer(scraper).await.code, 200);
    }
    assert_eq!(house.probed.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_probe_that_takes_too_long_is_unavailable() {
    let server = Server::start(&Arc::new(Furnished::shut())).await;
    let headers = ["X-Prometheus-Scrape-Timeout-Seconds: 0.1"];
    let late = server.ask("GET", "/probe?job=main-chain&target=a", &headers).await;
    assert_eq!((late.code, late.body.as_str()), (503, "the probe took longer than 0.05 s\n"));
}
