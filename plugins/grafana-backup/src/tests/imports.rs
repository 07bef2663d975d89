//! What an import leaves alone, what it replaces, what it refuses, and what it says.

use serde_json::{Value, json};
use watchkeeper_sdk::{Error, artifacts, metrics::Families, prelude::*, testing::Operation};

use super::fake::{Grafana, World, archive};
use crate::{Job, api, config::Config, import};

/// A world with one backup.
fn exported() -> World {
    let world = World::new();
    world.export().outcome.unwrap();
    world
}

/// Requests of a Grafana that change something.
fn changes(grafana: &Grafana) -> Vec<String> {
    let changing = grafana.asked.iter().filter(|(method, ..)| method != "GET");
    changing.map(|(method, path, _)| format!("{method} {path}")).collect()
}

/// A Grafana in which a dashboard, a rule, a folder and a data source are there already.
fn with_some(world: &World) {
    let mut new = world.new.borrow_mut();
    new.folders.insert("top".into(), ("My top".into(), None));
    new.sources.insert("prom".into(), json!({ "uid": "prom", "name": "mine" }));
    new.dashboards.insert("a1".into(), ("".into(), json!({ "id": 5, "uid": "a1", "title": "mine" })));
    new.rules
        .push(json!({ "uid": "r3", "folderUID": "other", "ruleGroup": "fast", "title": "mine", "provenance": "" }));
    new.intervals.insert(("other".into(), "fast".into()), 77);
}

#[test]
fn what_is_there_is_left_as_it_is_and_counted() {
    let world = exported();
    with_some(&world);
    let run = world.import(&json!({}));
    let line = run.outcome.clone().unwrap();
    assert!(line.contains("created 4 folders, 1 data source, 4 dashboards, 2 alert rules; kept 1 folder, 1 data source, 1 dashboard, 1 alert rule"), "{line}");
    let new = world.new.borrow();
    assert_eq!(new.folders["top"].0, "My top");
    assert_eq!(new.sources["prom"]["name"], "mine");
    assert_eq!(new.dashboards["a1"].1["title"], "mine");
    assert_eq!(
        new.intervals[&("other".to_owned(), "fast".to_owned())],
        77,
        "a group of which no rule was brought back"
    );
    assert_eq!(run.samples("grafana_import_objects", &["dashboard", "kept"]), [1.0]);
    assert_eq!(world.store().artifacts()[0].marked("restored"), None, "not all of it was tried");
}

#[test]
fn overwrite_replaces_dashboards_and_rules_and_nothing_else() {
    let world = exported();
    with_some(&world);
    let line = world.import(&json!({ "overwrite": true })).outcome.unwrap();
    assert!(line.contains("replaced 1 dashboard, 1 alert rule; kept 1 folder, 1 data source"), "{line}");
    let new = world.new.borrow();
    assert_eq!(new.dashboards["a1"].1["title"], "Board a1");
    assert_eq!(new.rules.iter().find(|rule| rule["uid"] == "r3").unwrap()["title"], "Rule r3");
    assert_eq!(new.intervals[&("other".to_owned(), "fast".to_owned())], 10);
    assert_eq!((new.folders["top"].0.as_str(), &new.sources["prom"]["name"]), ("My top", &json!("mine")));
}

#[test]
fn a_dry_run_asks_and_changes_nothing() {
    let world = exported();
    with_some(&world);
    let path = world.path();
    let dry = async |config: Config, job: &Job| -> Result<String> {
        let grafana = api::Grafana::at(&config.url);
        let which = crate::config::Which::Newest("test/grafana/".to_owned());
        import::run(&grafana, &which, config.overwrite, true, &job.metrics).await
    };
    let config = json!({ "url": "https://new.example.com", "mode": "import", "artifact": "test/grafana" });
    let line = world.host.run(dry, config).outcome.unwrap();
    let said = format!("{path}: a dry run changes nothing; else created 4 folders, 1 data source");
    assert!(line.starts_with(&said), "{line}");
    assert_eq!(changes(&world.new.borrow()), [""; 0]);
    assert_eq!(world.store().artifacts()[0].marked("restored"), None);
}

#[test]
fn the_newest_backup_is_meant_unless_one_is_named() {
    let world = exported();
    let first = world.path();
    world.host.clock().advance(std::time::Duration::from_secs(60));
    world.old.borrow_mut().dashboards.remove("e5");
    world.export().outcome.unwrap();
    let line = world.import(&json!({})).outcome.unwrap();
    assert!(line.contains("4 dashboards"), "{line}");
    let line = world.import(&json!({ "artifact": first })).outcome.unwrap();
    assert!(line.starts_with(&format!("{first}: created 1 dashboard; kept")), "{line}");
    let error = world.import(&json!({ "artifact": "test/other" })).outcome.unwrap_err();
    assert_eq!(error, Error::Failed("there is no backup below test/other/".into()));
}

#[test]
fn an_object_that_is_refused_is_said_and_the_others_are_brought_back() {
    let world = exported();
    world.new.borrow_mut().instead.insert(
        "POST /api/datasources".into(),
        (409, json!({ "message": "data source with the same name already exists" })),
    );
    let error = world.import(&json!({})).outcome.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Failed(_)), "{text}");
    assert!(
        text.contains("data source `prom`: grafana says to /api/datasources: data source with the same name"),
        "{text}"
    );
    assert!(text.contains("created 5 folders, 5 dashboards, 3 alert rules"), "{text}");
    assert_eq!(world.new.borrow().dashboards.len(), 5);
    assert_eq!(world.store().artifacts()[0].marked("restored"), None);
}

#[test]
fn an_import_that_nothing_comes_of_gives_up() {
    let world = World::new();
    for number in 0..40 {
        let uid = format!("x{number}");
        let model = json!({ "id": number, "uid": uid, "title": uid });
        world.old.borrow_mut().dashboards.insert(uid, ("".into(), model));
    }
    world.export().outcome.unwrap();
    world.new.borrow_mut().instead.insert("POST /api/dashboards/db".into(), (403, json!({ "message": "no" })));
    let error = world.import(&json!({})).outcome.unwrap_err();
    assert!(error.to_string().contains("the 20th problem, and the rest wasn't tried"), "{error}");
    let tried = changes(&world.new.borrow()).iter().filter(|change| change.ends_with("/db")).count();
    assert_eq!(tried, 20);
}

#[test]
fn a_backup_that_is_not_whole_touches_nothing() {
    let world = exported();
    world.store().corrupts(&world.path(), "bytes 4194304 to 8388607 aren't what was stored");
    let error = world.import(&json!({})).outcome.unwrap_err();
    assert_eq!(error, Error::Failed("corrupt: bytes 4194304 to 8388607 aren't what was stored".into()));
    assert_eq!(world.new.borrow().asked, []);
    world.store().fails(Operation::Get, artifacts::Error::Unavailable("no bucket".into()));
    assert_eq!(world.import(&json!({})).outcome, Err(Error::Unavailable("no bucket".into())));
}

#[test]
fn what_is_no_backup_of_this_plugins_touches_nothing() {
    let folder = ("folders/a.json", json!({ "uid": "a", "title": "A" }));
    let manifest = |counts: Value| {
        (
            "MANIFEST.json",
            json!({ "format": "watchkeeper-grafana-backup", "version": 1, "grafana": null, "counts": counts, "not_exported": [] }),
        )
    };
    let with = |key: &str, value: Value| {
        let (name, mut content) = manifest(json!({ "folder": 1 }));
        content[key] = value;
        (name, content)
    };
    for (files, words) in [
        (vec![folder.clone()], "it has no manifest"),
        (vec![folder.clone(), manifest(json!({ "folder": 2 }))], "it doesn't hold what its manifest says"),
        (vec![folder.clone(), folder.clone(), manifest(json!({ "folder": 2 }))], "folders/a.json comes twice"),
        (vec![manifest(json!({ "folder": 1 })), folder.clone()], "behind the manifest"),
        (vec![folder.clone(), with("version", json!(2))], "version 2 of its format"),
        (vec![folder.clone(), with("format", json!("other"))], "it is no backup of this plugin's"),
        (vec![("folders/../a.json", json!({})), manifest(json!({}))], "is no file of a backup"),
        (
            vec![("folders/a.json", json!({ "uid": "b" })), manifest(json!({ "folder": 1 }))],
            "folders/a.json holds another object",
        ),
    ] {
        let world = World::new();
        world.store().holds("test/grafana/1", archive(&files), world.host.clock().now());
        let error = world.import(&json!({})).outcome.unwrap_err();
        assert!(error.to_string().starts_with("test/grafana/1: ") && error.to_string().contains(words), "{error}");
        assert_eq!(world.new.borrow().asked, []);
    }
}

#[test]
fn families_are_the_same_either_way() {
    let families = |config: Value| {
        let config: Config = serde_json::from_value(config).unwrap();
        Families::of::<Job, _>(&config).unwrap().names()
    };
    let import = json!({ "url": "https://new.example.com", "mode": "import", "artifact": "a/b" });
    assert_eq!(families(json!({ "url": "https://new.example.com" })), families(import));
}
