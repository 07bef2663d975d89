//! What each path answers, and that hostile text in it stays text.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use watchkeeper_model::{Digest, JobName, Outcome, PluginName, RunId, Trigger};

use super::{Furnished, Server};
use crate::status::{FileStatus, JobStatus, PluginStatus, RunSummary};

/// What a plugin might say.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{1b}[2J\u{7}\u{9b}31m\u{202e}\0";

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
async fn a_reload_answers_with_all_its_problems() {
    let house = Arc::new(Furnished::default());
    let server = Server::start(&house).await;
    for method in ["POST", "PUT"] {
        assert_eq!(server.ask(method, "/-/reload", &["Content-Length: 0"]).await.code, 200);
    }
    *house.reload.lock().unwrap() = Err("a.toml: bad\nhint: mend\nb.toml: worse\u{1b}".to_owned());
    let failed = server.ask("POST", "/-/reload", &[]).await;
    assert_eq!((failed.code, failed.body.as_str()), (500, "a.toml: bad\nhint: mend\nb.toml: worse\n"));
    let wrong = server.get("/-/reload").await;
    assert_eq!((wrong.code, wrong.header("allow")), (405, Some("POST,PUT")));
}

#[tokio::test]
async fn head_is_get_without_the_body_and_other_paths_are_not_there() {
    let server = Server::start(&Arc::default()).await;
    for path in ["/", "/style.css", "/metrics", "/status", "/-/healthy", "/-/ready"] {
        let (get, head) = (server.get(path).await, server.ask("HEAD", path, &[]).await);
        assert_eq!((get.code, head.code, head.body.as_str()), (200, 200, ""), "{path}");
        assert_eq!(get.header("content-type"), head.header("content-type"), "{path}");
        assert_eq!(get.header("content-length"), head.header("content-length"), "{path}");
        assert_eq!(server.ask("DELETE", path, &[]).await.code, 405, "{path}");
    }
    for path in ["/metrics/", "/-/quit", "/%2e%2e/etc/passwd", "/static"] {
        assert_eq!(server.get(path).await.code, 404, "{path}");
    }
}

#[tokio::test]
async fn hostile_text_stays_text_on_the_page_and_in_the_status() {
    let house = Arc::new(Furnished::default());
    furnish_hostile(&house);
    let server = Server::start(&house).await;

    let page = server.get("/").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.body.contains("alert(1)") || page.body.contains("alert&#40;1"), "the message isn't shown");
    for markup in ["<script", "<img", "onerror=", "javascript:"] {
        assert!(!page.body.contains(markup), "{markup} in {}", page.body);
    }

    let status = server.get("/status").await;
    assert_eq!(status.header("content-type"), Some("application/json"));
    let json: serde_json::Value = serde_json::from_str(&status.body).unwrap();
    assert_eq!(json["jobs"][0]["last_run"]["outcome"], "failed");
    assert_eq!(json["jobs"][0]["last_run"]["duration_seconds"], 1.5);
    assert_eq!(json["jobs"][0]["runs"], serde_json::json!({"success": 3, "failed": 1}));
    assert_eq!(json["jobs"][0]["next_run"], serde_json::Value::Null);
    for text in [
        "/jobs/0/problem",
        "/jobs/0/schedule",
        "/jobs/0/last_run/message",
        "/plugins/0/version",
        "/plugins/0/imports/0",
        "/files/0/path",
        "/files/0/error",
        "/recent_runs/0/message",
    ] {
        let shown = json.pointer(text).and_then(serde_json::Value::as_str).unwrap_or_else(|| panic!("{text}"));
        assert!(shown.ends_with("[2J31m"), "{text}: {shown:?}");
    }
    for body in [&page.body, &status.body] {
        assert!(!body.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\0']), "{body:?}");
        assert!(!body.contains("\\u00"), "control characters hide in escapes: {body}");
    }
}

#[tokio::test]
async fn every_answer_forbids_scripts_sniffing_and_storing() {
    let server = Server::start(&Arc::default()).await;
    for path in ["/", "/metrics", "/status", "/nothing", "/-/reload"] {
        let answer = server.get(path).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    assert!(!server.get("/").await.body.contains(" style="), "the policy forbids inline styles");
}

fn furnish_hostile(house: &Furnished) {
    let hostile = || HOSTILE.to_owned();
    let (job, digest) = (JobName::new("probe").unwrap(), Digest::new([0xab; 32]));
    let run = RunSummary {
        id: RunId::new(Timestamp::UNIX_EPOCH, 1),
        job: job.clone(),
        trigger: Trigger::Manual,
        attempt: 1,
        digest,
        started: Timestamp::UNIX_EPOCH,
        finished: Timestamp::UNIX_EPOCH,
        outcome: Outcome::Failed,
        message: hostile(),
        duration: Duration::from_millis(1_500),
        cpu: Duration::ZERO,
        peak_memory: 1,
    };
    let mut status = house.status.lock().unwrap();
    status.jobs.push(JobStatus {
        name: job.clone(),
        plugin: PluginName::new("plugin").unwrap(),
        digest: Some(digest),
        schedule: hostile(),
        next_run: None,
        running: 1,
        last_run: Some(run.clone()),
        last_success: None,
        runs: BTreeMap::from([(Outcome::Success, 3), (Outcome::Failed, 1)]),
        problem: Some(hostile()),
    });
    status.plugins.push(PluginStatus {
        name: PluginName::new("plugin").unwrap(),
        version: Some(hostile()),
        digest: Some(digest),
        imports: vec![hostile()],
        jobs: vec![job],
    });
    status.files.push(FileStatus { path: hostile(), ok: false, error: Some(hostile()), loaded_at: None });
    status.recent_runs.push(run);
}
