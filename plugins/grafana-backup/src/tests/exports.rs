//! What a backup holds, and what is said of what it doesn't.

use serde_json::{Value, json};
use watchkeeper_sdk::Error;

use super::fake::World;

#[test]
fn a_backup_has_a_file_for_each_object_and_its_manifest_last() {
    let world = World::new();
    let run = world.export();
    let line = run.outcome.clone().unwrap();
    for part in [
        "read back, 1 kept",
        "5 folders, 2 data sources, 5 dashboards, 3 alert rules, 2 alert rule groups, 1 contact point, 1 tree of notification policies",
        "5 not exported, see its MANIFEST.json",
    ] {
        assert!(line.contains(part), "{line}");
    }
    let names: Vec<String> = world.files().into_iter().map(|(name, _)| name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(names.last(), Some(&"MANIFEST.json"));
    let place =
        |name: &str| names.iter().position(|other| *other == name).unwrap_or_else(|| panic!("no {name} in {names:?}"));
    assert!(
        place("folders/top.json") < place("folders/mid.json") && place("folders/mid.json") < place("folders/leaf.json")
    );
    for uid in ["a1", "b2", "c3", "d4", "e5"] {
        place(&format!("dashboards/{uid}.json"));
    }
    assert!(place("alert-rules/r2.json") < place("alert-rules/r1.json"), "rules keep their order");
    assert_eq!(run.samples("grafana_backup_objects", &["dashboard"]), [5.0]);
    assert_eq!(run.samples("grafana_backup_not_exported", &[]), [5.0]);
    assert_eq!(
        world.store().asked().first().map(String::as_str),
        Some("put grafana tar"),
        "the host checks the format"
    );
    assert_eq!(world.store().artifacts()[0].metadata, [("grafana".to_owned(), "11.6.1".to_owned())]);
}

#[test]
fn each_file_is_what_the_api_takes_back() {
    let world = World::new();
    world.export().outcome.unwrap();
    assert_eq!(world.file("folders/mid.json"), json!({ "uid": "mid", "title": "Mid", "parentUid": "top" }));
    let dashboard = world.file("dashboards/b2.json");
    assert_eq!((&dashboard["folderUid"], &dashboard["dashboard"]["id"]), (&json!("leaf"), &Value::Null));
    let numbers = json!([0.1, 0.30000000000000004, 12345678901234567_u64]);
    assert_eq!(dashboard["dashboard"]["panels"][0]["thresholds"], numbers, "to the last digit");
    let source = world.file("data-sources/loki.json");
    assert_eq!(source["secureJsonFields"], json!({ "httpHeaderValue1": true, "tlsCACert": false }));
    for own in ["id", "orgId", "version", "readOnly", "password", "basicAuthPassword"] {
        assert_eq!(source.get(own), None, "{own}");
    }
    assert_eq!(world.file("alert-rules/r1.json")["title"], "Rule r1");
    assert_eq!(
        world.file("alert-rule-groups.json"),
        json!([
            { "folderUid": "other", "title": "fast", "interval": 10, "provenance": "api" },
            { "folderUid": "top", "title": "5 min", "interval": 300, "provenance": "" },
        ])
    );
}

#[test]
fn what_cannot_be_exported_is_said_by_name_and_no_secret_is_in_the_backup() {
    let world = World::new();
    let run = world.export();
    let manifest = world.file("MANIFEST.json");
    assert_eq!(manifest["grafana"], "11.6.1");
    let lacks: Vec<&str> =
        manifest["not_exported"].as_array().unwrap().iter().map(|lack| lack["what"].as_str().unwrap()).collect();
    let named = [
        "secret `basicAuthPassword` of data source `loki`",
        "secret `httpHeaderValue1` of data source `loki`",
        "alert rule group `from file` in folder `other`",
        "secret `token` of contact point `chat`",
        "secret `url` of contact point `chat`",
    ];
    assert_eq!(lacks[3..], named);
    assert!(lacks[0].contains("passwords of users, API keys") && lacks[1].contains("permissions"), "{lacks:?}");
    for what in named {
        assert!(run.logs.iter().any(|(_, line)| line.contains(what)), "{:?}", run.logs);
    }
    let content = world.store().content(&world.path()).unwrap();
    assert!(!content.windows(5).any(|bytes| bytes == b"\"old\""), "the password that old versions show");
}

#[test]
fn the_same_grafana_gives_the_same_bytes() {
    let world = World::new();
    world.export().outcome.unwrap();
    world.export().outcome.unwrap();
    let [one, other] = world.store().artifacts().try_into().unwrap();
    assert_eq!(one.sha256, other.sha256);
}

#[test]
fn lists_are_read_to_their_end_whatever_a_page_holds() {
    for page in [1, 3, 1_000] {
        let world = World::new();
        world.old.borrow_mut().page = page;
        world.export().outcome.unwrap();
        assert_eq!(world.file("MANIFEST.json")["counts"]["dashboard"], 5);
        assert_eq!(world.file("MANIFEST.json")["counts"]["folder"], 5);
    }
}

#[test]
fn an_old_grafana_without_nested_folders_gives_each_once() {
    let world = World::new();
    world.old.borrow_mut().nested = false;
    world.export().outcome.unwrap();
    assert_eq!(world.file("MANIFEST.json")["counts"]["folder"], 5);
    assert_eq!(world.file("folders/mid.json").get("parentUid"), None);
}

#[test]
fn a_uid_that_cannot_be_a_files_name_is_left_out_and_said() {
    let world = World::new();
    let model = json!({ "id": 9, "uid": "../../etc/x", "title": "t" });
    world.old.borrow_mut().dashboards.insert("../../etc/x".into(), ("".into(), model));
    world.export().outcome.unwrap();
    let manifest = world.file("MANIFEST.json");
    assert_eq!(manifest["counts"]["dashboard"], 5);
    assert!(manifest["not_exported"].to_string().contains("dashboard `../../etc/x`"));
    assert!(world.old.borrow().asked.iter().all(|(_, path, _)| !path.contains("etc")), "nor asked for");
}

#[test]
fn what_changes_meanwhile_or_cannot_be_given_does_not_stop_a_backup() {
    let world = World::new();
    {
        let mut old = world.old.borrow_mut();
        old.instead.insert("GET /api/dashboards/uid/a1".into(), (404, json!({ "message": "Dashboard not found" })));
        old.instead.insert("GET /api/dashboards/uid/b2".into(), (406, json!({ "message": "use /apis instead" })));
        old.instead.insert("GET /api/v1/provisioning/folder/top/rule-groups/5%20min".into(), (404, json!({})));
        (old.points, old.policies) = (None, None);
    }
    world.export().outcome.unwrap();
    let manifest = world.file("MANIFEST.json");
    assert_eq!(manifest["counts"]["dashboard"], 3);
    let lacks = manifest["not_exported"].to_string();
    for what in
        ["dashboard `b2`", "alert rule group `5 min` in folder `top`", "contact points", "notification policies"]
    {
        assert!(lacks.contains(what), "{lacks}");
    }
}

#[test]
fn a_grafana_without_alerting_is_backed_up() {
    let world = World::new();
    for path in ["alert-rules", "contact-points", "policies"] {
        let path = format!("GET /api/v1/provisioning/{path}");
        world.old.borrow_mut().instead.insert(path, (404, json!({ "message": "Not found" })));
    }
    world.export().outcome.unwrap();
    assert!(world.file("MANIFEST.json")["not_exported"].to_string().contains("alert rules"));
}

#[test]
fn a_backup_of_nothing_is_a_failure() {
    let world = World::new();
    {
        let mut old = world.old.borrow_mut();
        old.folders.clear();
        old.sources.clear();
        old.dashboards.clear();
        old.rules.clear();
    }
    let error = world.export().outcome.unwrap_err();
    assert!(
        matches!(&error, Error::Failed(text) if text.contains("shows no folder, data source or dashboard") && text.contains("hint: "))
    );
    assert_eq!(world.store().artifacts(), []);
}

#[test]
fn anything_else_that_grafana_says_stores_nothing() {
    type Kind = fn(String) -> Error;
    let cases: [(&str, u16, Value, Kind, &str); 7] = [
        ("/api/health", 200, json!({ "database": "failing" }), Error::Unavailable, "its database doesn't work"),
        ("/api/health", 302, json!({}), Error::Failed, "hint: write as `url`"),
        (
            "/api/folders",
            401,
            json!({ "message": "Invalid API key" }),
            Error::Denied,
            "Invalid API key (HTTP status 401)",
        ),
        (
            "/api/datasources",
            403,
            json!({ "message": "no permission" }),
            Error::Denied,
            "hint: give the service account",
        ),
        ("/api/dashboards/uid/c3", 500, json!({ "message": "oops" }), Error::Unavailable, "oops (HTTP status 500)"),
        (
            "/api/dashboards/uid/c3",
            200,
            json!({ "dashboard": { "uid": "d4" }, "meta": {} }),
            Error::Failed,
            "is another dashboard",
        ),
        ("/api/v1/provisioning/alert-rules", 200, json!({ "a": 1 }), Error::Failed, "malformed"),
    ];
    for (path, status, body, kind, words) in cases {
        let world = World::new();
        world.old.borrow_mut().instead.insert(format!("GET {path}"), (status, body));
        let error = world.export().outcome.unwrap_err();
        assert_eq!(error, kind(error.to_string()), "{path} {status}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(world.store().artifacts(), []);
    }
}
