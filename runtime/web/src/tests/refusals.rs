//! Whom the server doesn't answer: other names, foreign pages, huge bodies.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{Furnished, Server, Setup};
use crate::serve::Limits;

#[tokio::test]
async fn only_its_own_names_reach_it() {
    let setup = Setup { allowed_hosts: vec!["watch.example".into(), "Proxy:8443".into()], ..Setup::default() };
    let server = setup.start(&Arc::default()).await;
    let port = server.address.port();
    let own = ["localhost", "LocalHost", "127.0.0.1", "[::1]", "watch.example"];
    let own = own.map(|name| format!("{name}:{port}")).into_iter();
    for host in own.chain(["watch.example", "watch.example:1", "proxy:8443"].map(String::from)) {
        let answer = server.ask_raw("GET", "/-/healthy", &[&format!("Host: {host}")]).await;
        assert_eq!(answer.code, 200, "{host}");
    }
    let foreign = ["evil.example", "localhost.evil.example", "x@127.0.0.1", "127.0.0.2", "0.0.0.0", "localhost."];
    let foreign = foreign.map(|name| format!("{name}:{port}")).into_iter();
    for host in foreign.chain(["localhost", "localhost:1", "proxy", "proxy:84430", "", "a b"].map(String::from)) {
        let answer = server.ask_raw("GET", "/api/v1/jobs", &[&format!("Host: {host}")]).await;
        assert_eq!(answer.code, 421, "{host}");
        assert!(answer.body.contains("allowed_hosts"), "{}", answer.body);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn an_unclear_name_is_no_name() {
    let server = Server::start(&Arc::default()).await;
    let (own, foreign) = (format!("Host: {}", server.address), "Host: evil.example");
    assert_eq!(server.ask_raw("GET", "/api/v1/jobs", &["Accept: */*"]).await.code, 400);
    assert_eq!(server.ask_raw("GET", "/api/v1/jobs", &[&own, foreign]).await.code, 400);
    assert_eq!(server.ask_raw("GET", "http://evil.example/api/v1/jobs", &[&own]).await.code, 421);
    let whole = format!("http://{}/api/v1/jobs", server.address);
    assert_eq!(server.ask_raw("GET", &whole, &[&own]).await.code, 200);
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing_even_with_a_credential() {
    let house = Arc::new(Furnished::default());
    let setup = Setup { allowed_origins: vec!["https://watch.example".into()], ..Setup::default() };
    let server = setup.start(&house).await;
    let port = server.address.port();
    for origin in ["http://evil.example", "null", "", &format!("http://localhost:{port}"), "https://127.0.0.1"] {
        let answer = server.act("/-/reload", &[&format!("Origin: {origin}")], "").await;
        assert_eq!(answer.code, 403, "{origin}");
        assert!(answer.body.contains("allowed_origins"), "{}", answer.body);
    }
    let twice = ["Origin: https://watch.example", "Origin: http://evil.example"];
    assert_eq!(server.act("/-/reload", &twice, "").await.code, 403);
    for site in ["cross-site", "same-site", "anything"] {
        let answer = server.act("/-/reload", &[&format!("Sec-Fetch-Site: {site}")], "").await;
        assert_eq!(answer.code, 403, "a browser that left the origin out said {site}");
    }
    assert_eq!(house.reloads_begun.load(Ordering::SeqCst), 0);

    for origin in ["https://watch.example", &format!("http://{}", server.address)] {
        let answer = server.act("/-/reload", &[&format!("Origin: {origin}"), "Sec-Fetch-Site: same-origin"], "").await;
        assert_eq!(answer.code, 200, "{origin}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_run_no_probe() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let path = "/probe?job=main-chain&target=a";
    for header in ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: http://evil.example"] {
        assert_eq!(server.ask("GET", path, &[header]).await.code, 403, "{header}");
    }
    assert!(house.probed.lock().unwrap().is_empty());
    assert_eq!(server.ask("GET", path, &["Sec-Fetch-Site: none"]).await.code, 200, "somebody typed the address");
}

#[tokio::test]
async fn a_huge_body_is_refused_before_it_is_sent() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let answer = server.act("/-/reload", &["Content-Length: 1000000000"], "").await;
    assert_eq!(answer.code, 413);
    assert_eq!(house.reloads_begun.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_read_to_its_bound_only() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    let body = chunk.repeat(8);
    let host = format!("Host: {}", server.address);
    let headers = [&*host, &server.bearer(), "Content-Type: application/json", "Transfer-Encoding: chunked"];
    let answer = server.exchange("POST", "/api/v1/jobs/main-chain/pause", &headers, &body).await;
    assert_eq!((answer.code, answer.header("content-type")), (413, Some("application/problem+json")));
    assert!(house.acts.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_slow_body_is_given_up() {
    let house = Arc::new(Furnished::default());
    let limits = Limits { body: Duration::from_millis(50), ..Limits::default() };
    let server = Setup { limits, ..Setup::default() }.start(&house).await;
    let answer = server.act("/api/v1/jobs/main-chain/pause", &["Content-Length: 10"], "").await;
    assert_eq!((answer.code, answer.header("content-type")), (408, Some("application/problem+json")));
    assert!(house.acts.lock().unwrap().is_empty());
}
