//! Whatever somebody does is in the ledger: who, what, to which job and run, when and why; also after a restart.

use serde_json::{Value, json};

use super::furnished::Furnished;
use crate::support::{Fault, Watchkeeper, eventually};

#[test]
fn each_action_is_in_the_ledger_with_who_and_when_and_why() {
    let mut furnished = Furnished::start();
    let watchkeeper = &furnished.watchkeeper;
    let from = watchkeeper.api("jobs")["now"].as_str().expect("a time").to_owned();
    let earlier = actions(watchkeeper).len();
    let going = furnished.newest("held");
    let cancel = format!("runs/{going}/cancel");
    for (path, body, status) in [
        ("jobs/rests/resume", json!({"note": "over"}), 200),
        ("jobs/rests/pause", json!({"note": "again"}), 200),
        ("jobs/talks/skip-next", json!({"count": 2}), 200),
        ("jobs/asked/run", json!({"note": "to see"}), 202),
        (&cancel, json!({"note": "stuck"}), 202),
        ("jobs/rests/pause", json!({"note": "refused"}), 409),
        ("jobs/nobody/pause", json!({"note": "refused"}), 404),
    ] {
        let answer = watchkeeper.post(path, &body);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    // The broken file makes it an error; that somebody asked counts all the same.
    assert_eq!(watchkeeper.act("/-/reload", &[]).status, 500);
    let to = watchkeeper.api("jobs")["now"].as_str().expect("a time").to_owned();

    let done = actions(watchkeeper);
    let mut new: Vec<_> = done.iter().take(done.len() - earlier).collect();
    new.reverse();
    let told: Vec<_> = new.iter().map(|action| (&action["verb"], &action["job"], &action["note"])).collect();
    let text = |text: &str| json!(text);
    assert_eq!(
        told,
        [
            (&text("resume"), &text("rests"), &text("over")),
            (&text("pause"), &text("rests"), &text("again")),
            (&text("skip-next"), &text("talks"), &Value::Null),
            (&text("run"), &text("asked"), &text("to see")),
            (&text("cancel"), &text("held"), &text("stuck")),
            (&text("reload"), &Value::Null, &Value::Null),
        ]
    );
    for action in &new {
        assert_eq!(action["by"], "local token");
        let at = action["at"].as_str().expect("a time");
        assert!(moment(&from) <= moment(at) && moment(at) <= moment(&to), "{from} {at} {to}");
    }
    assert_eq!(new[4]["run"], json!(going));
    let asked = eventually("the run that was asked for", super::PATIENCE, || {
        let runs = watchkeeper.api("runs?job=asked&trigger=manual");
        runs["runs"][0]["id"].as_str().map(str::to_owned)
    });
    assert_eq!(new[3]["run"], json!(asked), "the action names the run that came of it");

    furnished.chain.set(Fault::Answer(500, String::new()));
    assert_eq!(furnished.watchkeeper.end(), Some(0));
    let restarted = Watchkeeper::start(&furnished.deployment);
    assert_eq!(actions(&restarted), done, "they are kept");
}

fn actions(watchkeeper: &Watchkeeper) -> Vec<Value> {
    watchkeeper.api("actions?limit=500")["actions"].as_array().expect("a list of actions").clone()
}

fn moment(text: &str) -> jiff::Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}
