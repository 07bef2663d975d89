//! Whom the server doesn't answer: other names, foreign pages, huge bodies.

use std::sync::{Arc, atomic::Ordering};

use super::{Furnished, Server};
use crate::{Options, serve::Limits};

#[tokio::test]
async fn only_its_own_names_reach_it() {
    let options = Options { allowed_hosts: vec!["watch.example".into(), "Proxy:8443".into()], ..Options::default() };
    let server = Server::start_with(&Arc::default(), options, Limits::default()).await;
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
        let answer = server.ask_raw("GET", "/status", &[&format!("Host: {host}")]).await;
        assert_eq!(answer.code, 421, "{host}");
        assert!(answer.body.contains("allowed_hosts"), "{}", answer.body);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn an_unclear_name_is_no_name() {
    let server = Server::start(&Arc::default()).await;
    let (own, foreign) = (format!("Host: {}", server.address), "Host: evil.example");
    assert_eq!(server.ask_raw("GET", "/status", &["Accept: */*"]).await.code, 400);
    assert_eq!(server.ask_raw("GET", "/status", &[&own, foreign]).await.code, 400);
    assert_eq!(server.ask_raw("GET", "http://evil.example/status", &[&own]).await.code, 421);
    let whole = format!("http://{}/status", server.address);
    assert_eq!(server.ask_raw("GET", &whole, &[&own]).await.code, 200);
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let house = Arc::new(Furnished::default());
    let options = Options { allowed_origins: vec!["https://watch.example".into()], ..Options::default() };
    let server = Server::start_with(&house, options, Limits::default()).await;
    let port = server.address.port();
    for origin in ["http://evil.example", "null", "", &format!("http://localhost:{port}"), "https://127.0.0.1"] {
        let answer = server.ask("POST", "/-/reload", &[&format!("Origin: {origin}")]).await;
        assert_eq!(answer.code, 403, "{origin}");
        assert!(answer.body.contains("allowed_origins"), "{}", answer.body);
    }
    let twice = ["Origin: https://watch.example", "Origin: http://evil.example"];
    assert_eq!(server.ask("POST", "/-/reload", &twice).await.code, 403);
    assert_eq!(house.reloads_begun.load(Ordering::SeqCst), 0);

    for origin in ["https://watch.example", &format!("http://{}", server.address)] {
        let answer = server.ask("POST", "/-/reload", &[&format!("Origin: {origin}")]).await;
        assert_eq!(answer.code, 200, "{origin}");
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_before_it_is_sent() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let answer = server.ask("POST", "/-/reload", &["Content-Length: 1000000000"]).await;
    assert_eq!(answer.code, 413);
    assert_eq!(house.reloads_begun.load(Ordering::SeqCst), 0);
}
