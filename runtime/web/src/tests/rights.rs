//! Every route against everybody who could ask: nobody sees or does more than their credential says.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::{Furnished, PATIENCE, Server, Setup, samples, token};
use crate::{Token, api::Right};

const HEALTH: [&str; 2] = ["/-/healthy", "/-/ready"];
const READS: [&str; 17] = [
    "/",
    "/jobs/main-chain",
    "/runs",
    "/actions",
    "/accounts",
    "/payments/17",
    "/metrics",
    "/probe?job=main-chain&target=a",
    "/api/v1/jobs",
    "/api/v1/runs",
    "/api/v1/logs",
    "/api/v1/accounts",
    "/api/v1/payments",
    "/api/v1/payments/17",
    "/api/v1/openapi.json",
    "/api/v1/nothing",
    "/nothing",
];
const ACTS: [&str; 17] = [
    "/-/reload",
    "/api/v1/jobs/main-chain/run",
    "/api/v1/jobs/main-chain/pause",
    "/api/v1/jobs/main-chain/resume",
    "/api/v1/jobs/main-chain/skip-next",
    "/api/v1/runs/01M3250V000000000000000002/cancel",
    "/api/v1/payments/stop",
    "/api/v1/payments/resume",
    "/api/v1/accounts/funder/approve",
    "/api/v1/accounts/funder/adopt",
    "/payments/stop",
    "/payments/resume",
    "/accounts/funder/approve",
    "/accounts/funder/adopt",
    "/jobs/main-chain/run",
    "/runs/01M3250V000000000000000002/cancel",
    "/nothing",
];

/// bcrypt, cost 4, of `right`.
fn hash() -> String {
    bcrypt::hash("right", 4).unwrap()
}

fn basic(user: &str, password: &str) -> String {
    format!("Authorization: Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

async fn guarded(house: &Arc<Furnished>) -> Server {
    let expired = Token { expires: Some(samples::at(0)), ..token("expired", &[Right::Read, Right::Act]) };
    let setup = Setup {
        tokens: vec![
            token("reader", &[Right::Read]),
            token("actor", &[Right::Act]),
            token("both", &[Right::Read, Right::Act]),
            expired,
        ],
        web_config: Some(format!("basic_auth_users:\n  alice: {}\n", hash())),
        ..Setup::default()
    };
    setup.start(house).await
}

/// Whether a route was reached, or who asked was turned away with this code.
async fn outcome(server: &Server, method: &str, path: &str, headers: &[&str]) -> Result<(), u16> {
    let form = ["/jobs/", "/runs/", "/payments/", "/accounts/"].iter().any(|pages| path.starts_with(pages));
    let media_type = "Content-Type: application/x-www-form-urlencoded";
    let headers: Vec<_> = headers.iter().copied().chain((method == "POST" && form).then_some(media_type)).collect();
    let answer = server.ask(method, path, &headers).await;
    match answer.code {
        code @ (401 | 403 | 429) => {
            assert_eq!(answer.header("www-authenticate").is_some(), code == 401, "{path}");
            Err(code)
        }
        _ => Ok(()),
    }
}

#[tokio::test]
async fn each_credential_opens_just_what_its_rights_say() {
    let house = Arc::new(Furnished::default());
    let server = guarded(&house).await;
    let local = server.bearer();
    // Who, what reading comes to, what acting comes to.
    let everybody = [
        ("nobody", None, Err(401), Err(401)),
        ("a token for reading", Some(bearer("reader")), Ok(()), Err(403)),
        ("a token for acting", Some(bearer("actor")), Err(403), Ok(())),
        ("a token for both", Some(bearer("both")), Ok(()), Ok(())),
        ("the local token", Some(local), Ok(()), Ok(())),
        ("a user", Some(basic("alice", "right")), Ok(()), Ok(())),
        ("an expired token", Some(bearer("expired")), Err(401), Err(401)),
        ("an unknown token", Some(bearer("unknown")), Err(401), Err(401)),
        ("another scheme", Some("Authorization: Digest both".to_owned()), Err(401), Err(401)),
    ];
    for (who, credential, reading, acting) in &everybody {
        let headers: Vec<&str> = credential.iter().map(String::as_str).collect();
        for path in HEALTH {
            assert_eq!(outcome(&server, "GET", path, &headers).await, Ok(()), "{who}: {path}");
        }
        for (paths, method, expected) in
            [(&READS[..], "GET", reading), (&READS[..], "HEAD", reading), (&ACTS[..], "POST", acting)]
        {
            for path in paths {
                // The tries of one peer are bounded, so that the clock has to be waited for; each server has its own.
                let fresh;
                let server = if expected == &Err(401) && credential.is_some() {
                    fresh = guarded(&house).await;
                    &fresh
                } else {
                    &server
                };
                let form = method == "POST" && !path.starts_with("/api") && *path != "/-/reload" && *path != "/nothing";
                let no_form_token = form && expected.is_ok() && *who == "a user";
                let expected = if no_form_token { &Err(403) } else { expected };
                assert_eq!(&outcome(server, method, path, &headers).await, expected, "{who}: {method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn refusals_say_which_credentials_would_do_and_nothing_else() {
    let server = guarded(&Arc::default()).await;
    let answer = server.get("/api/v1/jobs").await;
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let schemes = answer.header("www-authenticate").unwrap();
    assert!(schemes.starts_with("Basic realm=") && schemes.contains("Bearer realm="), "{schemes}");
    assert!(!answer.body.contains("main-chain"), "{}", answer.body);
    // Where there is something and where there is nothing look alike to who may not read.
    assert_eq!(server.get("/api/v1/nothing").await.body, answer.body);
    let page = server.ask("GET", "/", &["Accept: text/html"]).await;
    assert!(page.code == 401 && page.body.contains("name=\"token\""), "{}", page.body);
}

#[tokio::test]
async fn without_configuration_reading_is_open_and_acting_takes_the_local_token() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    for path in READS {
        assert_eq!(outcome(&server, "GET", path, &[]).await, Ok(()), "{path}");
    }
    for path in ACTS {
        assert_eq!(outcome(&server, "POST", path, &[]).await, Err(401), "{path}");
    }
    assert!(house.acts.lock().unwrap().is_empty());
    let who = server.get("/api/v1/whoami").await.json();
    assert_eq!(who, serde_json::json!({"actor": null, "rights": ["read"]}));
    let who = server.ask("GET", "/api/v1/whoami", &[&server.bearer()]).await.json();
    assert_eq!(who, serde_json::json!({"actor": {"name": "local token"}, "rights": ["read", "act"]}));
    assert_eq!(server.act("/api/v1/jobs/main-chain/run", &[], "").await.code, 202);
}

#[tokio::test]
async fn a_token_that_may_only_act_leaves_reading_open_and_one_that_may_read_closes_it() {
    let setup = |rights: &[Right]| Setup { tokens: vec![token("x", rights)], ..Setup::default() };
    let server = setup(&[Right::Act]).start(&Arc::default()).await;
    assert_eq!(server.get("/api/v1/jobs").await.code, 200);
    assert_eq!(server.ask("GET", "/api/v1/jobs", &[&bearer("x")]).await.code, 200);
    let server = setup(&[Right::Read]).start(&Arc::default()).await;
    assert_eq!(server.get("/api/v1/jobs").await.code, 401);
}

#[tokio::test]
async fn a_token_ends_when_it_expires() {
    let expires = Some(samples::at(60));
    let setup = Setup { tokens: vec![Token { expires, ..token("x", &[Right::Read]) }], ..Setup::default() };
    let server = setup.start(&Arc::default()).await;
    server.move_clock(59);
    assert_eq!(server.ask("GET", "/api/v1/jobs", &[&bearer("x")]).await.code, 200);
    server.move_clock(1);
    assert_eq!(server.ask("GET", "/api/v1/jobs", &[&bearer("x")]).await.code, 401);
    assert_eq!(server.get("/api/v1/jobs").await.code, 401, "reading doesn't open because the token ran out");
}

#[tokio::test]
async fn two_credentials_or_a_broken_one_are_none() {
    let server = guarded(&Arc::default()).await;
    let both = bearer("both");
    for headers in [
        &[both.as_str(), both.as_str()][..],
        &["Authorization: Bearer"],
        &["Authorization: Basic !"],
        &["Authorization: Basic YWxpY2U="],
    ] {
        assert_eq!(server.ask("GET", "/api/v1/jobs", headers).await.code, 401, "{headers:?}");
    }
}

/// Tries wrong credentials until no more are taken.
async fn guess(server: &Server, credential: impl Fn(usize) -> String) {
    let mut codes = Vec::new();
    for number in 0..30 {
        codes.push(server.ask("GET", "/api/v1/jobs", &[&credential(number)]).await.code);
    }
    assert!(codes.starts_with(&[401; 10]), "{codes:?}");
    let throttled = codes.iter().filter(|code| **code == 429).count();
    assert!(throttled > 0 && codes.iter().all(|code| [401, 429].contains(code)), "{codes:?}");
}

#[tokio::test]
async fn guessing_tokens_is_throttled_and_locks_nobody_at_the_same_address_out() {
    let server = guarded(&Arc::default()).await;
    guess(&server, |number| bearer(&format!("guess {number}"))).await;
    assert_eq!(server.get("/-/healthy").await.code, 200);
    for right in [bearer("reader"), server.bearer(), basic("alice", "right")] {
        assert_eq!(server.ask("GET", "/metrics", &[&right]).await.code, 200, "{right}");
    }
    let form = "Content-Type: application/x-www-form-urlencoded";
    assert_eq!(server.send("POST", "/login", &[form], "token=reader").await.code, 303);
}

#[tokio::test]
async fn guessing_passwords_is_throttled_and_who_has_a_token_is_served() {
    let server = guarded(&Arc::default()).await;
    let try_one = async |password: &str| server.ask("GET", "/metrics", &[&basic("alice", password)]).await.code;
    assert_eq!(try_one("right").await, 200);
    guess(&server, |_| basic("alice", "wrong")).await;
    // That the right one is remembered doesn't tell it from the wrong ones.
    let hidden = async { while try_one("wrong").await != 429 || try_one("right").await != 429 {} };
    tokio::time::timeout(PATIENCE, hidden).await.unwrap();
    assert_eq!(server.ask("GET", "/metrics", &[&bearer("reader")]).await.code, 200);
}

#[tokio::test]
async fn a_user_who_is_removed_is_turned_away_also_on_a_connection_kept_open() {
    let server = guarded(&Arc::default()).await;
    let mut stream = BufReader::new(server.connect().await);
    let head = format!("HEAD /metrics HTTP/1.1\r\nHost: {}\r\n{}\r\n\r\n", server.address, basic("alice", "right"));
    let mut ask = async || {
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line: &String| line != "\r\n") {
            let mut line = String::new();
            assert!(stream.read_line(&mut line).await.unwrap() > 0, "the connection is kept open");
            lines.push(line);
        }
        lines[0].split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(ask().await, "200");
    let others = format!("basic_auth_users:\n  bob: {}\n", hash());
    std::fs::write(server.file("web.yml"), others).unwrap();
    let removed = async { while ask().await != "401" {} };
    tokio::time::timeout(PATIENCE, removed).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_told_the_same() {
    let server = guarded(&Arc::default()).await;
    let wrong = server.ask("GET", "/api/v1/jobs", &[&basic("alice", "wrong")]).await;
    let unknown = server.ask("GET", "/api/v1/jobs", &[&basic("mallory", "right")]).await;
    assert_eq!((wrong.code, &wrong.body, &wrong.headers), (401, &unknown.body, &unknown.headers));
    assert_eq!(server.ask("GET", "/metrics", &[&basic("alice", "right")]).await.code, 200);
}

#[test]
fn an_address_that_others_reach_needs_a_guard_or_words() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(super::Moved(samples::at(0).into())));
    let check = |setup: Setup, listen: &str| {
        setup.access(&folder, &clock).unwrap().check(listen.parse().unwrap()).map_err(|error| error.to_string())
    };
    for listen in ["127.0.0.1:9464", "[::1]:9464", "127.0.0.2:0", "[::ffff:127.0.0.1]:1"] {
        assert_eq!(check(Setup::default(), listen), Ok(()), "{listen}");
    }
    for listen in ["0.0.0.0:9464", "[::]:9464", "192.0.2.1:9464"] {
        let refused = check(Setup::default(), listen).unwrap_err();
        assert!(refused.starts_with(&format!("listen: {listen} ")) && refused.contains("\nhint: "), "{refused}");
        let only_acts = Setup { tokens: vec![token("x", &[Right::Act])], ..Setup::default() };
        assert!(check(only_acts, listen).is_err(), "{listen}: anybody could read");
        let reads = Setup { tokens: vec![token("x", &[Right::Read])], ..Setup::default() };
        assert_eq!(check(reads, listen), Ok(()), "{listen}");
        assert_eq!(check(Setup { open_reading: true, ..Setup::default() }, listen), Ok(()), "{listen}");
        let users = Some(format!("basic_auth_users: {{alice: {}}}", hash()));
        assert_eq!(check(Setup { web_config: users, ..Setup::default() }, listen), Ok(()), "{listen}");
    }
}
