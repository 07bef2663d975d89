//! What a plugin's requests over HTTP meet in its unit tests.

use serde_json::json;
use watchkeeper_sdk::{http::Response, prelude::*, testing::Host};

#[config]
struct Config {
    /// Where to ask.
    url: String,
}

#[derive(Metrics)]
struct Metrics {
    /// Height of the service.
    height: Gauge,
}

async fn calls(config: Config, metrics: &Metrics) -> Result<String> {
    let height: u64 = http::json_rpc(&config.url, "node.Height", ("main",)).await?;
    metrics.height.set([], height);
    Ok(format!("height {height}"))
}

async fn gets(config: Config, metrics: &Metrics) -> Result<String> {
    let response = http::get(&config.url).header("accept", "application/json").send().await?;
    metrics.height.set([], response.json::<u64>()?);
    Ok(response.header("X-Node").unwrap_or_default().to_owned())
}

fn host() -> Host {
    Host::new(|_, _, _| Err(chain::Error::Unavailable("no chain".into())))
}

fn config() -> serde_json::Value {
    json!({ "url": "https://node.example.com" })
}

#[test]
fn a_service_of_calls_is_one_function() {
    let host = host().json_rpc(|url, method, params| match method {
        "node.Height" => {
            assert_eq!((url, params), ("https://node.example.com", &json!(["main"])));
            Ok(json!(7))
        }
        other => Err(http::Error::Rpc { code: -32601, message: other.into() }),
    });
    let run = host.run(calls, config());
    assert_eq!(run.outcome, Ok("height 7".into()));
    assert_eq!(run.samples("height", &[]), [7.0]);
}

#[test]
fn its_errors_keep_their_kind() {
    for (error, outcome) in [
        (http::Error::Denied("no".into()), Error::Denied("no".into())),
        (http::Error::Unavailable("late".into()), Error::Unavailable("late".into())),
        (
            http::Error::Rpc { code: -1, message: "gone".into() },
            Error::Failed("the service answered error -1: gone".into()),
        ),
    ] {
        let host = host().json_rpc(move |_, _, _| Err(error.clone()));
        assert_eq!(host.run(calls, config()).outcome, Err(outcome));
    }
}

#[test]
fn a_server_sees_the_request_as_it_was_made() {
    let host = host().http(|request| {
        assert_eq!(request.method, "GET");
        assert_eq!(request.headers, [("accept".to_owned(), "application/json".to_owned())]);
        Ok(Response { status: 200, headers: vec![("x-node".into(), b"one".to_vec())], body: b"9".to_vec() })
    });
    let run = host.run(gets, config());
    assert_eq!(run.outcome, Ok("one".into()));
    assert_eq!(run.samples("height", &[]), [9.0]);
}

#[test]
fn without_a_server_a_request_is_denied_and_a_url_is_checked_first() {
    assert!(matches!(host().run(gets, config()).outcome, Err(Error::Denied(_))));
    let run = host().run(gets, json!({ "url": "node.example.com" }));
    assert!(matches!(run.outcome, Err(Error::Failed(text)) if text.contains("http://")));
}
