//! What people see and what programs get where all goes well.

use serde_json::Value;

use super::{started, transcript::transcript};
use crate::support::Watchkeeper;

#[test]
fn tables_are_for_people() {
    let (deployment, watchkeeper) = started();
    let run = |job: &str| {
        let page = watchkeeper.api(&format!("runs?job={job}"));
        page["runs"][0]["id"].as_str().expect("a run").to_owned()
    };
    let mut transcript = transcript(&deployment, &watchkeeper);
    for command in [
        &["jobs"][..],
        &["job", "show", "good"],
        &["job", "show", "bad"],
        &["runs"],
        &["runs", "--job", "good", "--outcome", "success", "--since", "1h", "--limit", "5"],
        &["runs", "--outcome", "lost"],
        &["run", "show", &run("good")],
        &["run", "show", &run("bad")],
        &["logs"],
        &["logs", "--job", "bad", "--level", "error"],
    ] {
        let ended = transcript.ask(&watchkeeper, command);
        assert_eq!(ended.code, Some(0), "{command:?}: {}", ended.stderr);
        assert!(!ended.stdout.contains('\u{1b}'), "no colour where nobody watches");
    }
    transcript.check("tables");
}

#[test]
fn what_is_asked_for_is_done_and_said() {
    let (deployment, watchkeeper) = started();
    let mut transcript = transcript(&deployment, &watchkeeper);
    for (command, code) in [
        (&["job", "pause", "good", "--note", "maintenance"][..], 0),
        (&["jobs"], 0),
        (&["job", "resume", "good"], 0),
        (&["job", "skip-next", "good", "--count", "2"], 0),
        (&["job", "skip-next", "good", "--count", "0"], 0),
        (&["job", "run", "good"], 0),
        (&["job", "run", "bad"], 1),
        (&["job", "run", "good", "--no-wait"], 0),
    ] {
        let ended = transcript.ask(&watchkeeper, command);
        assert_eq!(ended.code, Some(code), "{command:?}: {}", ended.stderr);
    }
    transcript.check("acting");
}

#[test]
fn json_is_what_the_api_says() {
    let (_deployment, watchkeeper) = started();
    let run = watchkeeper.api("runs?job=bad")["runs"][0]["id"].as_str().expect("a run").to_owned();
    let of_run = format!("runs/{run}");
    for (command, path) in [
        (&["jobs"][..], "jobs"),
        (&["job", "show", "good"], "jobs/good"),
        (&["runs"], "runs"),
        (&["run", "show", &run], &of_run),
    ] {
        let ended = watchkeeper.ask(&[command, &["--format", "json"]].concat());
        assert_eq!(ended.code, Some(0), "{command:?}: {}", ended.stderr);
        assert_eq!(ended.stdout.lines().count(), 1, "one document on one line");
        let said: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        assert_eq!(without_now(said), without_now(watchkeeper.api(path)), "{command:?}");
    }
    let lines = watchkeeper.ask(&["logs", "--format", "json"]).stdout;
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("a line is a document")).collect();
    assert_eq!(Value::Array(lines), watchkeeper.api("logs")["lines"], "logs have no end: a document for each line");
    let paused = watchkeeper.ask(&["job", "pause", "good", "--format", "json"]);
    let paused: Value = serde_json::from_str(&paused.stdout).expect("JSON");
    assert_eq!(paused["job"]["state"], "paused");
}

#[test]
fn a_new_token_is_shown_once_with_the_lines_that_make_it_known() {
    let made = Watchkeeper::call(&["token", "new", "deploy"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let (token, rest) = made.stdout.split_once('\n').expect("a line with the token");
    assert!(token.starts_with("wk_") && token.len() == 67, "{token}");
    assert!(rest.contains("[server.tokens.deploy]\nhash = \"sha256:") && !rest.contains(token), "{rest}");
    let other = Watchkeeper::call(&["token", "new", "deploy"]);
    assert_ne!(other.stdout.lines().next(), Some(token), "each is another");
}

/// Without what differs between two answers in a row: when they were put together, and the process's own figures.
fn without_now(mut document: Value) -> Value {
    if let Value::Object(fields) = &mut document {
        fields.retain(|name, _| !["now", "store", "watch"].contains(&name.as_str()));
    }
    document
}
