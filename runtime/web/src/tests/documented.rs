//! The document against the server: each route is in it and each of its routes is there; each answer has a code and a shape
//! that it names.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};

use super::{Answer, Furnished, Server, Setup, samples, token};
use crate::{
    api::{Refusal, RefusalKind, Right},
    routes,
    serve::Limits,
};

const JSON: &str = "Content-Type: application/json";

/// The server's own document.
struct Document(Value);

impl Document {
    fn new() -> Self {
        Self(serde_json::to_value(routes::document()).unwrap())
    }

    /// All routes: method and path, with example values in the path.
    fn routes(&self) -> Vec<(String, String, String)> {
        let paths = self.0["paths"].as_object().unwrap();
        let of = |(path, methods): (&String, &Value)| {
            let asked = example(path);
            let methods: Vec<_> = methods.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
            methods.into_iter().map(move |method| (method, path.clone(), asked.clone())).collect::<Vec<_>>()
        };
        paths.iter().flat_map(of).collect()
    }

    /// Holds an answer against what the document says of its route.
    fn check(&self, method: &str, path: &str, answer: &Answer) {
        let what = format!("{method} {path}: {} {}", answer.code, answer.body);
        let response = &self.0["paths"][path][method.to_lowercase()]["responses"][answer.code.to_string()];
        assert!(response.is_object(), "not documented: {what}");
        let media_type = answer.header("content-type").unwrap();
        let schema = &response["content"][media_type]["schema"];
        assert!(schema.is_object(), "no schema for {media_type}: {what}");
        if media_type != "text/event-stream" {
            self.validate(schema, &answer.json(), &what);
        }
    }

    fn validate(&self, schema: &Value, value: &Value, what: &str) {
        let mut whole = schema.clone();
        whole["components"] = self.0["components"].clone();
        let validator = jsonschema::draft202012::new(&whole).unwrap();
        let errors: Vec<_> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{what}\n{errors:#?}");
    }
}

/// A path of something that is there.
fn example(path: &str) -> String {
    let id = if path.contains("/payments/") { "17" } else { "01M3250V000000000000000002" };
    let name = if path.contains("/accounts/") { "funder" } else { "main-chain" };
    path.replace("{name}", name).replace("{id}", id)
}

/// A body that a route takes.
fn body(path: &str) -> String {
    let mut body = json!({"note": "as planned"});
    if path.ends_with("/approve") {
        let wanted = samples::unapproved();
        body["job"] = json!(wanted.job);
        body["digest"] = json!(wanted.digest);
    }
    body.to_string()
}

#[tokio::test]
async fn each_documented_route_is_there_and_answers_in_its_shape() {
    let (document, server) = (Document::new(), Server::start(&Arc::default()).await);
    for (method, path, asked) in document.routes() {
        let asked = if path.ends_with("/v1/schedule") { format!("{asked}?every=30s") } else { asked };
        if path.ends_with("/events") {
            assert_eq!(server.ask("HEAD", &asked, &[]).await.code, 200);
            continue;
        }
        let body = if method == "POST" { body(&path) } else { String::new() };
        let answer = server.send(&method, &asked, &[&server.bearer(), JSON], &body).await;
        assert!([200, 202].contains(&answer.code), "{method} {path}: {} {}", answer.code, answer.body);
        document.check(&method, &path, &answer);
    }
}

/// The routes' list in the source is the router's; what stands there is in the document, and the other way round.
#[test]
fn each_route_is_documented() {
    let source = include_str!("../routes/api.rs");
    let (_, table) = source.split_once("Router::new()\n").unwrap();
    let (table, _) = table.split_once("\n}\n").unwrap();
    let lines = table.lines().map(|line| {
        let (path, handler) = line.trim().strip_prefix(".route(\"").unwrap().split_once("\", ").unwrap();
        let method = handler.split_once('(').unwrap().0.to_uppercase();
        (method, format!("/api/v1{path}"))
    });
    let routed: BTreeSet<_> = lines.collect();
    let documented = Document::new().routes().into_iter().map(|(method, path, _)| (method, path)).collect();
    assert_eq!(routed, documented);
}

#[tokio::test]
async fn each_refusal_is_a_problem_with_a_documented_code() {
    let document = Document::new();
    let house = Arc::new(Furnished::default());
    let limits = Limits { readers: 0, body: std::time::Duration::from_millis(50), ..Limits::default() };
    let tokens = vec![token("reader", &[Right::Read]), token("actor", &[Right::Act])];
    let server = Setup { limits, tokens, ..Setup::default() }.start(&house).await;
    let (reader, actor) = ("Authorization: Bearer reader", "Authorization: Bearer actor");
    let mut seen = BTreeSet::new();
    let mut check = |method: &str, path: &str, answer: &Answer, code: u16| {
        assert_eq!(answer.code, code, "{method} {path}: {}", answer.body);
        document.check(method, path, answer);
        seen.insert((method.to_owned(), path.to_owned(), code));
    };
    for (method, path, asked) in document.routes() {
        let (method, path, asked) = (&*method, &*path, &*asked);
        let host = format!("Host: {}", server.address);
        check(method, path, &server.ask_raw(method, asked, &[]).await, 400);
        check(method, path, &server.ask_raw(method, asked, &["Host: evil.example"]).await, 421);
        check(method, path, &server.ask(method, asked, &[]).await, 401);
        let without = if method == "GET" { actor } else { reader };
        check(method, path, &server.ask(method, asked, &[without]).await, 403);
        let huge = [&*host, "Content-Length: 1000000"];
        check(method, path, &server.ask_raw(method, asked, &huge).await, 413);
        if path.contains('{') && !path.ends_with("/v1/schedule") {
            let (base, rest) = path.split_once('{').unwrap();
            let nowhere = format!("{base}NOBODY{}", rest.split_once('}').unwrap().1);
            let with = if method == "GET" { reader } else { actor };
            let body = if method == "POST" { body(path) } else { String::new() };
            check(method, path, &server.send(method, &nowhere, &[with, JSON], &body).await, 404);
        }
        if method == "POST" {
            check(method, path, &server.send(method, asked, &[actor, "Content-Type: text/plain"], "{}").await, 415);
            check(method, path, &server.send(method, asked, &[actor, JSON], "{").await, 400);
            check(method, path, &server.send(method, asked, &[actor, JSON], r#"{"notes": 1}"#).await, 422);
            check(method, path, &server.ask(method, asked, &[actor, "Content-Length: 9"]).await, 408);
        }
    }
    for (query, path) in [
        ("limit=0", "/api/v1/runs"),
        ("limit=501", "/api/v1/runs"),
        ("outcome=good", "/api/v1/runs"),
        ("job=A", "/api/v1/runs"),
        ("before=yesterday", "/api/v1/runs"),
        ("unknown=1", "/api/v1/runs"),
        ("state=paid", "/api/v1/payments"),
        ("account=A", "/api/v1/payments"),
        ("before=last", "/api/v1/payments"),
        ("page=1", "/api/v1/payments"),
        ("page=x", "/api/v1/runs"),
        ("level=loud", "/api/v1/logs"),
        ("after=-1", "/api/v1/logs"),
        ("limit=x", "/api/v1/actions"),
        ("", "/api/v1/schedule"),
        ("expression=a&every=b", "/api/v1/schedule"),
        ("every=1s&time_zone=UTC", "/api/v1/schedule"),
        ("every=1s&count=101", "/api/v1/schedule"),
    ] {
        check("GET", path, &server.ask("GET", &format!("{path}?{query}"), &[reader]).await, 400);
    }
    check("GET", "/api/v1/events", &server.ask("GET", "/api/v1/events", &[reader]).await, 503);
    let refusals = [
        (RefusalKind::NotFound, 404),
        (RefusalKind::Conflict, 409),
        (RefusalKind::Unavailable, 503),
        (RefusalKind::Invalid, 422),
    ];
    for (kind, code) in refusals {
        *house.refusal.lock().unwrap() = Some(Refusal::new(kind, "not so").hint("otherwise"));
        for (method, path, asked) in document.routes().into_iter().filter(|(method, ..)| method == "POST") {
            check(&method, &path, &server.send(&method, &asked, &[actor, JSON], &body(&path)).await, code);
        }
    }
    *house.refusal.lock().unwrap() = Some(Refusal::new(RefusalKind::Unavailable, "the store is away"));
    let stored = ["/jobs/{name}", "/jobs/{name}/schedule", "/runs", "/runs/{id}", "/logs", "/actions"];
    for path in stored.into_iter().chain(["/accounts", "/payments", "/payments/{id}"]) {
        let path = format!("/api/v1{path}");
        check("GET", &path, &server.ask("GET", &example(&path), &[reader]).await, 503);
    }
    let documented = document.routes().into_iter().flat_map(|(method, path, _)| {
        let responses = document.0["paths"][&path][method.to_lowercase()]["responses"].as_object().unwrap().clone();
        responses.into_iter().map(move |(code, _)| (method.clone(), path.clone(), code.parse::<u16>().unwrap()))
    });
    // Too many wrong credentials, an action that breaks down and what only some houses refuse are not provoked here.
    let unseen: BTreeSet<_> =
        documented.filter(|key| key.2 >= 400 && ![422, 429, 500].contains(&key.2) && !seen.contains(key)).collect();
    let expected = BTreeSet::from([("GET".to_owned(), "/api/v1/jobs/{name}/schedule".to_owned(), 404)]);
    assert!(unseen.is_subset(&expected), "documented and never seen: {unseen:?}");
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let server = Server::start(&Arc::default()).await;
    let cases = [
        ("GET", "/api", 404),
        ("GET", "/api/v2/jobs", 404),
        ("GET", "/api/v1/jobs/", 404),
        ("PUT", "/api/v1/jobs", 405),
    ];
    for (method, path, code) in cases {
        let answer = server.ask(method, path, &[&server.bearer()]).await;
        assert_eq!((answer.code, answer.header("content-type")), (code, Some("application/problem+json")), "{path}");
        assert_eq!(answer.json()["status"], json!(code));
    }
    let answer = server.ask("PUT", "/api/v1/jobs", &[&server.bearer()]).await;
    assert_eq!(answer.header("allow"), Some("GET,HEAD"));
}

#[tokio::test]
async fn the_document_is_served_as_openapi_3_1() {
    let document = Server::start(&Arc::default()).await.get("/api/v1/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    assert_eq!(document, Document::new().0);
    for (method, path, _) in Document::new().routes() {
        let operation = &document["paths"][&path][method.to_lowercase()];
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{method} {path}");
    }
}
