//! Everything that can be asked and done is answered as the served document says, on runs of every kind.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    PATIENCE,
    document::Document,
    furnished::{Furnished, PERIOD},
};
use crate::support::eventually;

const JOBS: [&str; 8] = ["talks", "fails", "rests", "away", "held", "leaves-out", "asked", "broken"];

#[test]
fn each_documented_get_answers_in_its_shape_for_every_kind_of_job_and_run() {
    let furnished = Furnished::start();
    let watchkeeper = &furnished.watchkeeper;
    let document = Document::of(watchkeeper);
    let runs = furnished.runs();
    let outcomes: BTreeSet<_> = runs.iter().map(|run| run["outcome"].as_str().unwrap_or("going")).collect();
    assert_eq!(outcomes, BTreeSet::from(["failed", "going", "lost", "success", "unavailable"]));
    let retried = runs.iter().find(|run| run["job"] == "away").expect("a run of `away`");
    let retried = watchkeeper.api(&format!("runs/{}", retried["id"].as_str().expect("a name")));
    assert!(retried["run"]["retry_at"].is_string(), "{retried:#}");

    let mut asked = 0;
    for template in document.paths("GET") {
        let paths: Vec<String> = match template {
            // There is no account here, so there is no payment.
            "/api/v1/events" | "/api/v1/payments/{id}" => continue,
            "/api/v1/jobs/{name}" => JOBS.map(|job| template.replace("{name}", job)).into(),
            "/api/v1/jobs/{name}/schedule" => {
                ["talks", "leaves-out", "leaves-out?count=100"].map(|job| with_query(template, "{name}", job)).into()
            }
            "/api/v1/runs/{id}" => runs.iter().map(|run| template.replace("{id}", text(&run["id"]))).collect(),
            "/api/v1/schedule" => {
                queries(template, &["every=90s", "expression=0+0+*+*+MON%232&time_zone=Asia/Tokyo&count=3"])
            }
            "/api/v1/runs" => queries(
                template,
                &[
                    "limit=500",
                    "job=talks&outcome=success&trigger=schedule&limit=2",
                    "job=nobody",
                    "outcome=lost",
                    "trigger=manual",
                    "after=2020-01-01T00:00:00Z&before=2020-01-02T00:00:00Z",
                ],
            ),
            "/api/v1/payments" => {
                queries(template, &["limit=500", "account=funder&job=talks&state=refused&before=7&limit=2"])
            }
            "/api/v1/logs" => queries(template, &["limit=500", "job=talks&level=warn&after=0&limit=2", "level=error"]),
            plain => queries(plain, &[]),
        };
        for path in paths {
            let answer = watchkeeper.get(&path, &[]);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            document.check("GET", &path, &answer);
            asked += 1;
        }
    }
    assert!(asked > 30, "only {asked} were asked");
}

#[test]
fn each_documented_post_answers_in_its_shape_and_does_what_it_says() {
    let furnished = Furnished::start();
    let watchkeeper = &furnished.watchkeeper;
    let document = Document::of(watchkeeper);
    let note = json!({"note": "as planned"});
    let mut done = BTreeSet::new();
    let mut post = |verb: &'static str, path: &str, body: &Value, status: u16| {
        let answer = watchkeeper.post(path, body);
        let path = format!("/api/v1/{path}");
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        document.check("POST", &path, &answer);
        done.insert(verb);
        answer.json()
    };
    let overview = |job: &str| watchkeeper.overview().job(job).expect("it is there").clone();

    let going = furnished.newest("held");
    let cancelled = post("cancel", &format!("runs/{going}/cancel"), &note, 202);
    assert_eq!(cancelled["run"], json!(going));
    eventually("the run to be over", PATIENCE, || (watchkeeper.runs("held", "cancelled") == 1.0).then_some(()));

    eventually("a due time in the pause", PATIENCE, || {
        let detail = watchkeeper.api("jobs/rests");
        let time = |value: &Value| text(value).parse::<jiff::Timestamp>().expect("a time");
        (time(&detail["now"]) > time(&detail["job"]["pause"]["at"]) + PERIOD).then_some(())
    });
    let resumed = post("resume", "jobs/rests/resume", &note, 200);
    assert!(resumed["job"]["pause"].is_null(), "{resumed:#}");
    watchkeeper.after_run("rests", "success");
    let skips = watchkeeper.api("jobs/rests")["recent_skips"].clone();
    let paused = skips.as_array().into_iter().flatten().any(|skip| skip["reason"] == "paused");
    assert!(paused, "its due times of the pause have their disposition: {skips:#}");

    let paused = post("pause", "jobs/rests/pause", &note, 200);
    assert_eq!(paused["job"]["pause"]["note"], "as planned");
    assert_eq!(overview("rests")["state"], "paused");

    let left_out = post("skip-next", "jobs/leaves-out/skip-next", &json!({"count": 3, "note": "holiday"}), 200);
    assert_eq!((&left_out["job"]["skip_next"], &overview("leaves-out")["skip_next"]), (&json!(3), &json!(3)));

    let before = watchkeeper.runs("asked", "success");
    post("run", "jobs/asked/run", &note, 202);
    eventually("the run that was asked for", PATIENCE, || {
        (watchkeeper.runs("asked", "success") == before + 1.0).then_some(())
    });
    let run = watchkeeper.api("runs?job=asked")["runs"][0].clone();
    assert_eq!(run["trigger"], json!({"kind": "manual", "by": "local token"}));

    // Accounts and payments need an account, and are asked where there is one.
    let of_money = |path: &&str| path.contains("/accounts/") || path.contains("/payments/");
    let paths = document.paths("POST").into_iter().filter(|path| !of_money(path));
    let documented: BTreeSet<_> = paths.map(|path| path.rsplit('/').next().expect("a last part")).collect();
    assert_eq!(done, documented);
}

fn with_query(template: &str, place: &str, value: &str) -> String {
    let (value, query) = value.split_once('?').unwrap_or((value, ""));
    let question = if query.is_empty() { "" } else { "?" };
    format!("{}{question}{query}", template.replace(place, value))
}

/// The path alone, unless a query is needed, and with each of the queries.
fn queries(path: &str, queries: &[&str]) -> Vec<String> {
    let alone = (path != "/api/v1/schedule").then(|| path.to_owned());
    alone.into_iter().chain(queries.iter().map(|query| format!("{path}?{query}"))).collect()
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
