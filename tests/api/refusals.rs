//! What isn't answered is refused in the documented shape, with a hint where a person can act.

use serde_json::{Value, json};

use super::{PATIENCE, document::Document, furnished::Furnished};
use crate::support::{Fault, Response, Signal, eventually};

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn refusals_are_problems_with_documented_codes() {
    let furnished = Furnished::start();
    let watchkeeper = &furnished.watchkeeper;
    let document = Document::of(watchkeeper);
    let bearer = format!("Bearer {}", watchkeeper.token());
    let bearer = ("authorization", bearer.as_str());
    let ended = furnished.newest("talks");
    let check = |method: &str, path: &str, answer: &Response, status: u16| {
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        document.check(method, path, answer);
        assert_eq!(answer.json()["status"], json!(status), "{path}");
    };
    for (path, status) in [
        ("/api/v1/jobs/nobody", 404),
        ("/api/v1/jobs/nobody/schedule", 404),
        ("/api/v1/jobs/asked/schedule", 422),
        ("/api/v1/jobs/talks/schedule?count=0", 400),
        ("/api/v1/jobs/talks/schedule?many=1", 400),
        ("/api/v1/runs/01M3250V000000000000000002", 404),
        ("/api/v1/runs/nothing", 404),
        ("/api/v1/runs?outcome=fine", 400),
        ("/api/v1/runs?limit=501", 400),
        ("/api/v1/logs?level=loud", 400),
        ("/api/v1/payments/1", 404),
        ("/api/v1/payments?state=paid", 400),
        ("/api/v1/actions?page=first", 400),
        ("/api/v1/schedule", 400),
        ("/api/v1/schedule?expression=61+*+*+*+*", 422),
        ("/api/v1/schedule?expression=0+0+30+2+*&time_zone=Europe/Atlantis", 422),
        ("/api/v1/schedule?every=soon", 422),
    ] {
        check("GET", path, &watchkeeper.get(path, &[]), status);
    }
    let long = json!({"note": "n".repeat(501)}).to_string();
    let huge = json!({"note": "n".repeat(70_000)}).to_string();
    let cancel = format!("/api/v1/runs/{ended}/cancel");
    let pause = "/api/v1/jobs/talks/pause";
    let foreign = ("origin", "https://evil.example");
    for (path, headers, body, status) in [
        (pause, &[JSON][..], "{}", 401),
        (pause, &[("authorization", "Bearer wrong"), JSON], "{}", 401),
        (pause, &[bearer, JSON, foreign], "{}", 403),
        (pause, &[bearer, JSON], "{", 400),
        (pause, &[bearer, JSON], "{\"notes\": \"\"}", 422),
        (pause, &[bearer, JSON], &long, 422),
        (pause, &[bearer, JSON], &huge, 413),
        (pause, &[bearer, ("content-type", "text/plain")], "{}", 415),
        (pause, &[bearer, ("host", "evil.example")], "", 421),
        ("/api/v1/jobs/nobody/run", &[bearer], "", 404),
        ("/api/v1/jobs/rests/pause", &[bearer], "", 409),
        ("/api/v1/jobs/talks/resume", &[bearer], "", 409),
        ("/api/v1/jobs/held/run", &[bearer], "", 409),
        ("/api/v1/jobs/asked/skip-next", &[bearer], "", 409),
        ("/api/v1/jobs/talks/skip-next", &[bearer, JSON], "{\"count\": 1001}", 422),
        ("/api/v1/payments/stop", &[JSON], "{}", 401),
        ("/api/v1/payments/stop", &[bearer, JSON], "{}", 404),
        ("/api/v1/accounts/nobody/adopt", &[bearer], "", 404),
        ("/api/v1/accounts/nobody/approve", &[bearer], "", 422),
        (&cancel, &[bearer], "", 409),
        ("/api/v1/runs/01M3250V000000000000000002/cancel", &[bearer], "", 404),
    ] {
        let answer = watchkeeper.send_body("POST", path, headers, body.as_bytes());
        check("POST", path, &answer, status);
        assert!(answer.json()["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{path}");
    }
    for (method, path) in
        [("PUT", "/api/v1/jobs"), ("GET", pause), ("DELETE", "/api/v1/runs"), ("POST", "/api/v1/logs")]
    {
        let answer = watchkeeper.send_body(method, path, &[bearer], b"");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (405, "application/problem+json"),
            "{method} {path}"
        );
        assert!(!answer.header("allow").is_empty(), "{method} {path} says what is taken");
    }
    let talks = watchkeeper.api("jobs/talks");
    assert!(talks["job"]["pause"].is_null() && talks["job"]["skip_next"] == 0, "nothing was done: {talks:#}");
}

#[test]
fn a_process_that_ends_refuses_what_it_can_not_begin_any_more() {
    let mut furnished = Furnished::start();
    let document = Document::of(&furnished.watchkeeper);
    furnished.watchkeeper.signal(Signal::TERM);
    let refused = eventually("a run to be refused", PATIENCE, || {
        let answer = furnished.watchkeeper.post("jobs/asked/run", &json!({}));
        (answer.status == 503).then_some(answer)
    });
    document.check("POST", "/api/v1/jobs/asked/run", &refused);
    let overview = furnished.watchkeeper.get("/api/v1/jobs", &[]);
    document.check("GET", "/api/v1/jobs", &overview);
    assert_eq!(overview.json()["phase"], "draining");
    furnished.chain.set(Fault::Answer(500, String::new()));
    assert_eq!(furnished.watchkeeper.wait(), Some(0));
}

#[test]
fn a_hint_says_what_to_do() {
    let furnished = Furnished::start();
    let hint = |answer: &Response| answer.json()["hint"].clone();
    let unauthorised = furnished.watchkeeper.send("POST", "/api/v1/jobs/talks/pause", &[]);
    assert!(text(&hint(&unauthorised)).contains("Authorization: Bearer"), "{}", unauthorised.text());
    let unknown = furnished.watchkeeper.post("jobs/nobody/run", &json!({}));
    assert!(text(&hint(&unknown)).contains("watchkeeper jobs"), "{}", unknown.text());
    let going = furnished.watchkeeper.post("jobs/held/run", &json!({}));
    assert!(text(&hint(&going)).contains("overlap"), "{}", going.text());
    let cron = furnished.watchkeeper.get("/api/v1/schedule?expression=61+*+*+*+*", &[]);
    assert!(!text(&hint(&cron)).is_empty(), "{}", cron.text());
    assert!(furnished.deployment.configuration().is_file());
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
