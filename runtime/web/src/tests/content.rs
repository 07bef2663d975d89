//! What each path answers, and that hostile text in it stays text.

use std::sync::{Arc, atomic::Ordering};

use super::{Furnished, Server};
use crate::api::ProgressInfo;

/// What a plugin, a chain or a file might say.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{1b}[2J\u{7}\u{9b}31m\u{202e}\0";

/// Everything that the API shows.
const SHOWN: [&str; 14] = [
    "/api/v1/jobs",
    "/api/v1/jobs/main-chain",
    "/api/v1/jobs/main-chain/schedule",
    "/api/v1/runs",
    "/api/v1/runs/01M3250V000000000000000002",
    "/api/v1/plugins",
    "/api/v1/chains",
    "/api/v1/accounts",
    "/api/v1/payments",
    "/api/v1/payments/17",
    "/api/v1/logs",
    "/api/v1/actions",
    "/api/v1/schedule?every=30s",
    "/api/v1/openapi.json",
];

/// The question about the component that waits.
const APPROVE: &str = "/accounts/funder/approve?job=main-chain&digest=sha256:\
    cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd";

/// Everything that people look at.
const PAGES: [&str; 15] = [
    "/",
    "/jobs/main-chain",
    "/jobs/main-chain/pause",
    "/runs",
    "/runs/01M3250V000000000000000002",
    "/plugins",
    "/chains",
    "/accounts",
    "/accounts/funder/adopt",
    APPROVE,
    "/payments",
    "/payments/17",
    "/payments/stop",
    "/actions",
    "/login",
];

#[tokio::test]
async fn health_and_readiness_are_different_questions() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    assert_eq!(server.get("/-/ready").await.code, 200);
    *house.ready.lock().unwrap() = Err("draining\u{1b}[0m".to_owned());
    let ready = server.get("/-/ready").await;
    assert_eq!((ready.code, ready.body.as_str()), (503, "Watchkeeper is not ready: draining[0m\n"));
    assert_eq!(server.get("/-/healthy").await.code, 200);
}

#[tokio::test]
async fn a_reload_answers_with_all_its_problems_and_is_somebodys() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    for method in ["POST", "PUT"] {
        assert_eq!(server.ask(method, "/-/reload", &[&server.bearer(), "Content-Length: 0"]).await.code, 200);
    }
    *house.reload.lock().unwrap() = Err("a.toml: bad\nhint: mend\nb.toml: worse\u{1b}".to_owned());
    let failed = server.act("/-/reload", &[], "").await;
    assert_eq!((failed.code, failed.body.as_str()), (500, "a.toml: bad\nhint: mend\nb.toml: worse\n"));
    let wrong = server.ask("GET", "/-/reload", &[]).await;
    assert_eq!((wrong.code, wrong.header("allow")), (405, Some("POST,PUT")));
    assert_eq!(house.reloads_ended.load(Ordering::SeqCst), 3);
    assert!(house.reloaded_by.lock().unwrap().iter().all(|by| &*by.name == "local token"));
}

#[tokio::test]
async fn head_is_get_without_the_body_and_other_paths_are_not_there() {
    let server = Server::start(&Arc::default()).await;
    let others = ["/style.css", "/script.js", "/icon.svg", "/metrics", "/-/healthy", "/-/ready"];
    for path in others.into_iter().chain(SHOWN).chain(PAGES) {
        let (get, head) = (server.get(path).await, server.ask("HEAD", path, &[]).await);
        assert_eq!((get.code, head.code, head.body.as_str()), (200, 200, ""), "{path}");
        assert_eq!(get.header("content-type"), head.header("content-type"), "{path}");
        assert_eq!(get.header("content-length"), head.header("content-length"), "{path}");
        assert_eq!(server.ask("DELETE", path, &[&server.bearer()]).await.code, 405, "{path}");
    }
    for path in ["/metrics/", "/-/quit", "/%2e%2e/etc/passwd", "/static", "/status"] {
        let answer = server.get(path).await;
        assert_eq!((answer.code, answer.body.as_str()), (404, "nothing here\n"), "{path}");
    }
    let other = APPROVE.replace("cdcd", "abab");
    let of_money = ["/payments/18", "/payments/x", "/accounts/UPPER", "/accounts/nobody/adopt", &other];
    let nowhere = ["/nothing", "/jobs/nothing", "/jobs/UPPER", "/runs/1", "/jobs/main-chain/destroy"];
    for path in nowhere.into_iter().chain(of_money) {
        let page = server.ask("GET", path, &["Accept: text/html"]).await;
        assert_eq!((page.code, page.header("content-type")), (404, Some("text/html; charset=utf-8")), "{path}");
    }
}

#[tokio::test]
async fn hostile_text_stays_text_in_pages_answers_and_refusals() {
    let house = Arc::new(Furnished { text: HOSTILE.to_owned(), ..Furnished::default() });
    let server = Server::start(&house).await;
    for path in SHOWN.into_iter().chain(PAGES) {
        let answer = server.ask("GET", path, &[&server.bearer()]).await;
        assert_eq!(answer.code, 200, "{path}");
        assert!(!answer.body.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\0']), "{path}: {}", answer.body);
        assert!(!answer.body.contains("\\u00"), "{path}: control characters hide in escapes");
        let html = answer.header("content-type") == Some("text/html; charset=utf-8");
        for markup in ["<script>alert", "<img src", "onerror=alert", "'><img", "javascript:"] {
            assert!(!html || !answer.body.contains(markup), "{path}: {markup}");
        }
        let said = answer.body.contains("<script>alert(1)</script>");
        let document = path.ends_with("openapi.json");
        assert_eq!(said, !html && !document, "{path}: the API tells what was said, a page escapes it");
    }
    *house.refusal.lock().unwrap() =
        Some(crate::api::Refusal::new(crate::api::RefusalKind::Conflict, HOSTILE).hint(HOSTILE));
    let refused = server.act("/api/v1/jobs/main-chain/run", &[], "").await;
    assert_eq!(refused.code, 409);
    assert!(refused.json()["hint"].as_str().unwrap().ends_with("[2J31m"), "{}", refused.body);
    let probe = server.get("/probe?job=main-chain&target=a").await;
    assert!(probe.code == 409 && !probe.body.contains('\u{1b}'), "{}", probe.body);
    let page = server.ask("GET", "/jobs/main-chain", &["Accept: text/html"]).await;
    assert!(page.code == 409 && !page.body.contains("<script>alert"), "{}", page.body);
}

#[tokio::test]
async fn programs_read_how_far_a_run_is() {
    let server = Server::start(&Arc::default()).await;
    let expected = serde_json::json!({
        "stage": "as expected",
        "done": 1_288_490_189,
        "total": 3_650_722_202_u64,
        "unit": "bytes",
        "rate_per_second": 89_128_960.0,
        "percent": ProgressInfo::percent(1_288_490_189, Some(3_650_722_202)),
    });
    for (path, list) in [("/api/v1/runs", "runs"), ("/api/v1/jobs/main-chain", "recent_runs")] {
        let runs = &server.ask("GET", path, &[&server.bearer()]).await.json()[list];
        assert_eq!((&runs[0]["progress"], &runs[1]["progress"]), (&expected, &serde_json::Value::Null), "{path}");
    }
}

#[tokio::test]
async fn every_answer_forbids_foreign_scripts_sniffing_and_storing() {
    let server = Server::start(&Arc::default()).await;
    let others = ["/metrics", "/nothing", "/-/reload", "/api/v1/nothing", "/script.js"];
    for path in others.into_iter().chain(SHOWN).chain(PAGES) {
        let answer = server.get(path).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
        for inline in [" style=", "<style", " onclick=", "<script>"] {
            assert!(!answer.body.contains(inline), "{path}: the policy forbids {inline}");
        }
    }
}
