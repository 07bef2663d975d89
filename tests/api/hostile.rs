//! What plugins, files and people say is text and nothing else, wherever it is shown: no markup on a page, no escape in a
//! terminal, no line of its own in a table or an exposition.

use std::fs;

use serde_json::{Value, json};

use super::document::Document;
use crate::support::{
    Deployment, Exposition, Response, Watchkeeper, promtool_check_metrics, teller_deployment, teller_job,
};

/// The one script that pages have.
const OWN_SCRIPT: &str = "<script type=\"module\" src=\"/script.js\"></script>";

/// Markup of every context, terminal escapes of 7 and 8 bits, marks that turn the direction of writing, a line that
/// passes for a sample, and a long word.
fn hostile() -> String {
    let markup = "</td></title></textarea><script>alert('x')</script><img src=x onerror=\"y\">' onfocus='z' `&lt;";
    let terminal = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{8}\r\u{0}";
    let direction = "\u{202e}\u{2066}\u{200f}\u{061c}";
    let lines = "\"} 1\nteller_injected{a=\"b\"} 1\n# HELP x y\nevent: reloaded\ndata: {}\n\n";
    format!("begin {markup}{terminal}{direction}{lines}$(id) {{{{7*7}}}} {} end", "w".repeat(10_000))
}

#[test]
fn hostile_texts_are_harmless_wherever_they_are_shown() {
    let deployment = deployment();
    let watchkeeper = Watchkeeper::start_with(&deployment, &["--log", "debug"]);
    watchkeeper.after_run("bad", "failed");
    watchkeeper.after_run("good", "success");
    let note: String = hostile().chars().take(300).collect();
    let paused = watchkeeper.post("jobs/bad/pause", &json!({"note": note}));
    assert_eq!(paused.status, 200, "{}", paused.text());
    let problems = watchkeeper.act("/-/reload", &[]);
    assert_eq!(problems.status, 500);
    assert_harmless("the answer to a reload", problems.text());

    in_the_api(&watchkeeper);
    on_pages(&watchkeeper);
    in_metrics(&watchkeeper);
    in_probes(&watchkeeper);
    in_terminals(&watchkeeper);
    for line in watchkeeper.log().lines() {
        assert_harmless("the log", line);
        assert!(serde_json::from_str::<Value>(line).is_ok(), "each line of the log is whole: {line}");
    }
}

/// Two jobs that say such texts, and files whose names, keys and values are such.
fn deployment() -> Deployment {
    let deployment = teller_deployment();
    let quoted = json!(hostile()).to_string().replace("\\u001b", "\\u001B");
    let short: String = hostile().chars().take(400).collect();
    let short = json!(short);
    let config = format!("message = {quoted}\nlines = [{quoted}, \"plain\"]\nlabel = {short}\n");
    deployment.job("good", &teller_job("every = \"1s\"", &config, ""));
    deployment.job("bad", &teller_job("every = \"1s\"", &format!("{config}fails = \"failed\""), ""));
    let target: String = hostile().chars().filter(|c| !c.is_control()).take(200).collect();
    deployment.job("probed", &teller_job("", &config, &format!("probe = [{}]", json!(target))));
    let key: String = hostile().chars().take(300).collect();
    let key = json!(key);
    deployment.job("wrong-key", &teller_job(&format!("every = \"1h\"\n{key} = 1"), "message = \"\"", ""));
    deployment.job("wrong-value", &teller_job(&format!("schedule = {quoted}"), "message = \"\"", ""));
    let name = "<script>alert('x')<\u{202e}img src=x>\u{1b}[2J.toml";
    fs::write(deployment.path("jobs.d").join(name.replace('/', "")), "plugin = 1\n").expect("Linux takes such names");
    deployment
}

fn in_the_api(watchkeeper: &Watchkeeper) {
    let document = Document::of(watchkeeper);
    let mut said = String::new();
    let mut ask = |path: &str| {
        let answer = watchkeeper.get(path, &[]);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        document.check("GET", path, &answer);
        assert_harmless(path, answer.text());
        assert_guarded(path, &answer);
        said += answer.text();
    };
    for path in ["jobs", "jobs/good", "jobs/bad", "jobs/probed", "runs", "plugins", "logs", "actions"] {
        ask(&format!("/api/v1/{path}"));
    }
    for run in watchkeeper.ended_runs().into_iter().take(4) {
        ask(&format!("/api/v1/runs/{}", run["id"].as_str().expect("a name")));
    }
    assert!(said.contains("<script>alert('x')</script>"), "data keeps what is printable");
    let foreign = watchkeeper.get("/api/v1/runs?job=%3Cscript%3Ealert(%27x%27)%1b%5B2J", &[]);
    assert_eq!(foreign.status, 400);
    document.check("GET", "/api/v1/runs", &foreign);
    assert_harmless("what is wrong with a query", foreign.text());
}

fn on_pages(watchkeeper: &Watchkeeper) {
    let run_of = |job: &str| {
        let page = watchkeeper.api(&format!("runs?job={job}&limit=1"));
        format!("/runs/{}", page["runs"][0]["id"].as_str().expect("a name"))
    };
    let (good, bad) = (run_of("good"), run_of("bad"));
    let shown = ["/", "/jobs/good", "/jobs/bad", "/runs", &good, &bad, "/actions"];
    let besides = [
        "/jobs/probed",
        "/plugins",
        "/chains",
        "/accounts",
        "/payments",
        "/login?next=/%22%3E%3Cscript%3Ealert(%27x%27)",
    ];
    for path in shown.iter().chain(&besides) {
        let page = watchkeeper.get(path, &[("accept", "text/html")]);
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        assert_plain(path, &page);
    }
    for path in shown {
        let page = watchkeeper.get(path, &[]);
        assert!(page.text().contains("&#60;script&#62;alert"), "{path} shows it as text: {}", page.text());
    }
    for path in ["/%3Cscript%3Ealert(%27x%27)", "/jobs/%3Cimg%20src=x%3E", "/runs?job=%3Cscript%3Ealert(%27x%27)%3E"] {
        let page = watchkeeper.get(path, &[("accept", "text/html")]);
        assert!([400, 404].contains(&page.status), "{path}: {}", page.status);
        assert_plain(path, &page);
    }
}

/// A page that holds no markup but its own.
#[track_caller]
fn assert_plain(path: &str, page: &Response) {
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
    assert_guarded(path, page);
    assert_harmless(path, page.text());
    let foreign = page.text().replace(OWN_SCRIPT, "");
    for markup in ["<script", "<img", "</textarea", "onerror=", "onfocus=", "alert('", "javascript:"] {
        assert!(!foreign.contains(markup), "{path} holds {markup}: {foreign}");
    }
}

#[track_caller]
fn assert_guarded(path: &str, answer: &Response) {
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{path}: {policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
}

fn in_metrics(watchkeeper: &Watchkeeper) {
    let text = watchkeeper.metrics_text();
    promtool_check_metrics(&text);
    let metrics = Exposition::parse(&text);
    assert_eq!(metrics.all("teller_injected", &[]).len(), 0, "no label makes a line");
    let told = metrics.all("teller_told", &[("job_name", "good")]);
    assert_eq!(told.len(), 1, "{told:?}");
    let injected = text.lines().find(|line| line.starts_with("teller_injected") || line.starts_with("# HELP x"));
    assert_eq!(injected, None);
}

fn in_probes(watchkeeper: &Watchkeeper) {
    let target = watchkeeper.api("jobs/probed")["probe_targets"][0].as_str().expect("a target").to_owned();
    let encoded: String = target.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answer = watchkeeper.get(&format!("/probe?job=probed&target={encoded}"), &[]);
    assert!([200, 422].contains(&answer.status), "{}", answer.text());
    if answer.status == 200 {
        promtool_check_metrics(answer.text());
    }
    let refused = watchkeeper.get("/probe?job=probed&target=%3Cscript%3E%1b%5B2J%0aevil", &[]);
    assert_eq!(refused.status, 422);
    assert_harmless("a refused target", refused.text());
}

fn in_terminals(watchkeeper: &Watchkeeper) {
    let run = watchkeeper.api("runs?job=bad&limit=1")["runs"][0]["id"].as_str().expect("a name").to_owned();
    for command in
        [&["jobs"][..], &["job", "show", "bad"], &["job", "show", "good"], &["runs"], &["run", "show", &run], &["logs"]]
    {
        let ended = watchkeeper.ask(command);
        assert_eq!(ended.code, Some(0), "{command:?}: {}", ended.stderr);
        assert_harmless("standard output", &ended.stdout);
        assert_harmless("standard error", &ended.stderr);
        let forged =
            ended.stdout.lines().find(|line| line.starts_with("teller_injected") || line.starts_with("event:"));
        assert_eq!(forged, None, "{command:?}: no text makes a line of its own");
        let json = watchkeeper.ask(&[command, &["--format", "json"]].concat());
        assert_harmless("JSON", &json.stdout);
    }
    let lines = watchkeeper.ask(&["runs", "--limit", "5"]).stdout;
    assert_eq!(lines.lines().count(), 6, "a head and five runs: {lines}");
    let failed = watchkeeper.ask(&["job", "run", "nobody", "--note", "\u{1b}[2J<script>"]);
    assert_eq!(failed.code, Some(1));
    assert_harmless("an error", &failed.stderr);
}

/// Nothing that a terminal obeys or that turns the direction of writing: neither in the text itself, nor in the strings
/// of the document that it is.
#[track_caller]
fn assert_harmless(place: &str, text: &str) {
    let found = text.char_indices().find(|(_, c)| is_obeyed(*c));
    let around = found.map(|(at, c)| (c, text[..at].chars().rev().take(60).collect::<String>()));
    assert!(found.is_none(), "{place} holds (and before it, backwards): {around:?}");
    if let Ok(document) = serde_json::from_str::<Value>(text) {
        assert!(!holds_obeyed(&document), "{place} spells one: {text}");
    }
}

fn is_obeyed(c: char) -> bool {
    let directional =
        matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    directional || (c.is_control() && c != '\n')
}

fn holds_obeyed(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(is_obeyed),
        Value::Array(parts) => parts.iter().any(holds_obeyed),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains(is_obeyed) || holds_obeyed(value)),
        _ => false,
    }
}
