//! Logging in: who gets a session, and what it is good for.

use std::sync::Arc;

use super::{Furnished, Server, Setup, samples, token};
use crate::{Token, api::Right};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

#[tokio::test]
async fn a_wrong_token_gets_the_page_again_and_no_session() {
    let server = Server::start(&Arc::default()).await;
    for body in ["", "token=", "token=wrong&next=/runs", &format!("token={}0", server.token)] {
        let answer = server.send("POST", "/login", &[FORM], body).await;
        assert_eq!((answer.code, answer.header("set-cookie")), (401, None), "{body}");
        assert!(answer.body.contains("name=\"token\"") && !answer.body.contains("wrong&"), "{}", answer.body);
    }
    let mut code = 0;
    for _ in 0..20 {
        code = server.send("POST", "/login", &[FORM], "token=wrong").await.code;
        if code == 429 {
            break;
        }
    }
    assert_eq!(code, 429, "guessing is throttled");
}

#[tokio::test]
async fn a_session_has_the_rights_of_its_token_and_ends_with_it() {
    let expires = Some(samples::at(60));
    let tokens = vec![Token { expires, ..token("reader", &[Right::Read]) }];
    let server = Setup { tokens, ..Setup::default() }.start(&Arc::default()).await;
    let answer = server.send("POST", "/login", &[FORM], "token=reader").await;
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let cookie = format!("Cookie: {cookie}");
    let who = server.ask("GET", "/api/v1/whoami", &[&cookie]).await;
    assert_eq!(who.json(), serde_json::json!({"actor": {"name": "token reader"}, "rights": ["read"]}));
    let page = server.ask("GET", "/jobs/main-chain", &[&cookie]).await.body;
    assert!(!page.contains("action=\"/jobs/main-chain/"), "no button for who may not act");
    assert_eq!(server.send("POST", "/jobs/main-chain/run", &[FORM, &cookie], "").await.code, 403);
    server.move_clock(60);
    assert_eq!(server.ask("GET", "/api/v1/whoami", &[&cookie]).await.code, 401);
}

#[tokio::test]
async fn after_the_log_in_only_pages_of_ours_are_shown() {
    let server = Server::start(&Arc::default()).await;
    for foreign in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a%0D%0Ab: c", "x"]
    {
        let body = format!("token={}&next={foreign}", server.token);
        let answer = server.send("POST", "/login", &[FORM], &body).await;
        assert_eq!((answer.code, answer.header("location")), (303, Some("/")), "{foreign}");
        let page = server.get(&format!("/login?next={foreign}")).await;
        assert!(!page.body.contains("evil") && !page.body.contains("javascript"), "{foreign}");
    }
}

#[tokio::test]
async fn another_site_can_not_log_somebody_in() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    let body = format!("token={}", server.token);
    let answer = server.send("POST", "/login", &[FORM, "Origin: http://evil.example"], &body).await;
    assert_eq!((answer.code, answer.header("set-cookie")), (403, None));
}

#[tokio::test]
async fn behind_a_proxy_that_ends_tls_the_cookie_is_for_tls_alone() {
    let setup = Setup { allowed_origins: vec!["https://watch.example".into()], ..Setup::default() };
    let server = setup.start(&Arc::default()).await;
    let body = format!("token={}", server.token);
    let cookie = async |origin: &str| {
        let answer = server.send("POST", "/login", &[FORM, &format!("Origin: {origin}")], &body).await;
        answer.header("set-cookie").unwrap().to_owned()
    };
    assert!(cookie("https://watch.example").await.ends_with("; Secure"));
    let plain = cookie(&format!("http://{}", server.address)).await;
    assert!(!plain.contains("Secure"), "a browser would not send it back: {plain}");
}
