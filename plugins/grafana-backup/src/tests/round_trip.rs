//! What is exported and imported into an empty Grafana is the same there.

use serde_json::{Value, json};

use super::fake::{Grafana, World};

/// All that an import brings back, without what is an instance's own.
fn brought_back(grafana: &Grafana) -> Value {
    let without = |value: &Value, keys: &[&str]| {
        let mut value = value.clone();
        value.as_object_mut().unwrap().retain(|key, _| !keys.contains(&key.as_str()));
        value
    };
    let dashboards =
        grafana.dashboards.iter().map(|(uid, (folder, model))| json!([uid, folder, without(model, &["id"])]));
    let sources = grafana.sources.values().map(|source| {
        without(
            source,
            &["id", "orgId", "typeLogoUrl", "version", "readOnly", "secureJsonFields", "password", "basicAuthPassword"],
        )
    });
    let mut rules: Vec<Value> = grafana
        .rules
        .iter()
        .filter(|rule| rule["provenance"] != "file")
        .map(|rule| without(rule, &["id", "orgID", "updated"]))
        .collect();
    rules.sort_by_key(|rule| (rule["folderUID"].to_string(), rule["ruleGroup"].to_string()));
    let intervals = grafana.intervals.iter().filter(|((_, name), _)| name != "from file");
    json!({
        "folders": grafana.folders,
        "sources": sources.collect::<Vec<_>>(),
        "dashboards": dashboards.collect::<Vec<_>>(),
        "rules": rules,
        "intervals": intervals.map(|(group, interval)| json!([group, interval])).collect::<Vec<_>>(),
    })
}

#[test]
fn an_empty_grafana_becomes_the_one_that_was_exported() {
    let world = World::new();
    world.export().outcome.unwrap();
    let run = world.import(&json!({}));
    let path = world.path();
    assert_eq!(
        run.outcome,
        Ok(format!(
            "{path}: created 5 folders, 2 data sources, 5 dashboards, 3 alert rules; \
             1 secrets of data sources are to be entered by hand; \
             contact points and notification policies are in the backup and are not imported"
        ))
    );
    assert_eq!(brought_back(&world.new.borrow()), brought_back(&world.old.borrow()));
    assert!(
        run.logs
            .iter()
            .any(|(_, line)| line.contains("`loki` comes without its secrets") && line.contains("httpHeaderValue1"))
    );
    assert_eq!(run.samples("grafana_import_objects", &["dashboard", "created"]), [5.0]);
    assert!(
        world.store().artifacts()[0].marked("restored").is_some(),
        "a backup that was brought back whole is proved"
    );
}

#[test]
fn a_backup_of_the_copy_is_the_backup_itself() {
    let world = World::new();
    // What an import never brings back would be a difference.
    world.old.borrow_mut().rules.retain(|rule| rule["provenance"] != "file");
    world.old.borrow_mut().sources.remove("loki");
    (world.old.borrow_mut().points, world.old.borrow_mut().policies) = (None, None);
    world.export().outcome.unwrap();
    world.import(&json!({})).outcome.unwrap();
    let copy = world.host.run(crate::run, json!({ "url": "https://new.example.com" }));
    copy.outcome.unwrap();
    let [one, other] = world.store().artifacts().try_into().unwrap();
    let read = |path: &str| super::fake::files(&world.store().content(path).unwrap());
    // Of data sources Grafana gives more than it takes back.
    let rest = |path: &str| {
        let mut files = read(path);
        files.retain(|(name, _)| !name.starts_with("data-sources/"));
        files
    };
    assert_eq!(rest(&one.path), rest(&other.path));
}
