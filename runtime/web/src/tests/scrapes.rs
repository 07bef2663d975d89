//! The scrape endpoint: what is passed on, what is shared, and what happens when it takes too long.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::io::AsyncWriteExt;

use super::{Furnished, Server, answer, until};

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
    let asked = house.scrapes.lock().unwrap()[0].clone();
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
